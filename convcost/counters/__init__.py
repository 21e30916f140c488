"""The counters by name. A new one: a file of its own, and a line here."""

from __future__ import annotations

from convcost.counters.flop_counter_mode import FlopCounter
from convcost.counters.fvcore import Fvcore
from convcost.counters.interface import Counter
from convcost.counters.torch_profiler import TorchProfiler
from convcost.errors import UsageError, did_you_mean

ALL: tuple[Counter, ...] = (Fvcore(), FlopCounter(), TorchProfiler())

COUNTERS = {counter.name: counter for counter in ALL}


def chosen(names: str) -> tuple[Counter, ...]:
    """The counters of a comma-separated list of names, each once; or `all`, or `none`."""
    if names in ("all", "none"):
        return ALL if names == "all" else ()
    return tuple(dict.fromkeys(_named(name.strip()) for name in names.split(",")))


def _named(name: str) -> Counter:
    if name in ("all", "none"):
        raise UsageError(f"{name} stands alone, not in a list of counters")
    if name not in COUNTERS:
        known = (*COUNTERS, "all", "none")
        message = f"no counter is called {name[:40] or '(nothing)'}{did_you_mean(name, known)}"
        raise UsageError(message, hint=f"There are {', '.join(known)}.")
    return COUNTERS[name]
