"""The counters by name. A new one: a file of its own, and a line here, or among the peers."""

from __future__ import annotations

from collections.abc import Mapping

from convcost.core.errors import UsageError, did_you_mean
from convcost.counters.flop_counter_mode import FlopCounter
from convcost.counters.fvcore import Fvcore
from convcost.counters.interface import Counter
from convcost.counters.peers import PEERS
from convcost.counters.torch_profiler import TorchProfiler

ALL: tuple[Counter, ...] = (Fvcore(), FlopCounter(), TorchProfiler())

COUNTERS = {counter.name: counter for counter in ALL}
"""Those that come with convcost, and that a design written as text is checked against."""

EVERY = COUNTERS | {counter.name: counter for counter in PEERS}
"""Those and the ones that are installed on request, which a model is checked against."""


def chosen(names: str) -> tuple[Counter, ...]:
    """The counters of a comma-separated list of names, each once; or `all`, or `none`."""
    return ALL if names == "all" else _listed(names, COUNTERS)


def chosen_for_model(names: str) -> tuple[Counter, ...]:
    """As `chosen`, the peers among them; `all` are those that are installed."""
    if names == "all":
        return tuple(filter(is_installed, EVERY.values()))
    return _listed(names, EVERY)


def is_installed(counter: Counter) -> bool:
    """Whether the package that `counter` is part of is there, without importing it."""
    from importlib import metadata

    try:
        return bool(metadata.version(counter.package))
    except metadata.PackageNotFoundError:
        return False


def _listed(names: str, known: Mapping[str, Counter]) -> tuple[Counter, ...]:
    if names == "none":
        return ()
    return tuple(dict.fromkeys(_named(name.strip(), known) for name in names.split(",")))


def _named(name: str, known: Mapping[str, Counter]) -> Counter:
    if name in ("all", "none"):
        raise UsageError(f"{name} stands alone, not in a list of counters")
    if name in EVERY and name not in known:
        hint = "convcost model asks it, once it is there: pip install 'convcost[peers]'"
        raise UsageError(f"{name} counts torch modules, and no designs", hint=hint)
    if name not in known:
        words = (*known, "all", "none")
        message = f"no counter is called {name[:40] or '(nothing)'}{did_you_mean(name, words)}"
        raise UsageError(message, hint=f"There are {', '.join(words)}.")
    return known[name]
