"""The counters by name. A new one: a file of its own, and a line here, or among the peers."""

from __future__ import annotations

from collections.abc import Mapping

from convcost import __version__
from convcost.core.errors import UsageError, did_you_mean
from convcost.counters.flop_counter_mode import FlopCounter
from convcost.counters.fvcore import Fvcore
from convcost.counters.interface import Counter
from convcost.counters.peers import PEERS
from convcost.counters.torch_profiler import TorchProfiler

COUNTERS: Mapping[str, Counter] = {
    counter.name: counter for counter in (Fvcore(), FlopCounter(), TorchProfiler())
}
"""Those that come with convcost, and that a design written as text is checked against."""

ALL_COUNTERS: Mapping[str, Counter] = {**COUNTERS, **{counter.name: counter for counter in PEERS}}
"""Those and the peers, which are installed on request: a model is checked against them too."""


def select_counters(names: str) -> tuple[Counter, ...]:
    """The counters of a comma-separated list of names, each once; or `all`, or `none`."""
    return tuple(COUNTERS.values()) if names == "all" else _select(names, COUNTERS)


def select_model_counters(names: str) -> tuple[Counter, ...]:
    """As `select_counters`, the peers among them; `all` are those that are installed."""
    if names == "all":
        return tuple(filter(is_installed, ALL_COUNTERS.values()))
    return _select(names, ALL_COUNTERS)


def is_installed(counter: Counter) -> bool:
    """Whether the package that `counter` is part of is there."""
    return installed_version(counter.package) is not None


def installed_version(package: str) -> str | None:
    """The package's version, without importing it; None where it is not installed."""
    if package == "convcost":
        return __version__
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _select(names: str, known: Mapping[str, Counter]) -> tuple[Counter, ...]:
    if names == "none":
        return ()
    return tuple(dict.fromkeys(_find(name.strip(), known) for name in names.split(",")))


def _find(name: str, known: Mapping[str, Counter]) -> Counter:
    if name in ("all", "none"):
        raise UsageError(f"{name} can't be combined with other counters")
    if name in ALL_COUNTERS and name not in known:
        hint = "convcost model asks it, once it is there: pip install 'convcost[peers]'"
        raise UsageError(f"{name} counts torch modules, not designs", hint=hint)
    if name not in known:
        words = (*known, "all", "none")
        message = f"no counter is called {name[:40] or '(nothing)'}{did_you_mean(name, words)}"
        raise UsageError(message, hint=f"Choose from {', '.join(words)}.")
    return known[name]
