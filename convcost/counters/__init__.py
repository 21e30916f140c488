"""Counters by name. To add one, write a file for it, and add a line here or in `peers`."""

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
"""Counters included in convcost, which also check designs written as text."""

ALL_COUNTERS: Mapping[str, Counter] = {**COUNTERS, **{counter.name: counter for counter in PEERS}}
"""All counters, including optional peers, which only check models."""


def select_counters(names: str) -> tuple[Counter, ...]:
    """The counters in a comma-separated list of names, without duplicates; or `all`, or `none`."""
    return tuple(COUNTERS.values()) if names == "all" else _select(names, COUNTERS)


def select_model_counters(names: str) -> tuple[Counter, ...]:
    """Like `select_counters`, but including peers; `all` selects those that are installed."""
    if names == "all":
        return tuple(filter(is_installed, ALL_COUNTERS.values()))
    return _select(names, ALL_COUNTERS)


def is_installed(counter: Counter) -> bool:
    """Whether the package of `counter` is installed."""
    return installed_version(counter.package) is not None


def installed_version(package: str) -> str | None:
    """The version of a package, without importing it; None if it is not installed."""
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
        hint = "Use it with convcost model, after pip install 'convcost[peers]'."
        raise UsageError(f"{name} counts torch modules, not designs", hint=hint)
    if name not in known:
        words = (*known, "all", "none")
        message = f"no counter is called {name[:40] or '(nothing)'}{did_you_mean(name, words)}"
        raise UsageError(message, hint=f"Choose from {', '.join(words)}.")
    return known[name]
