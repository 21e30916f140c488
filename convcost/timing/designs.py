"""Timing designs from Python."""

from __future__ import annotations

from convcost.api import compare, parsed
from convcost.quantities import Size
from convcost.report import Comparison
from convcost.spec import Spec
from convcost.timing.times import Stopwatch


def timed(*designs: str | Spec, stopwatch: Stopwatch = Stopwatch(), **sizes: Size) -> Comparison:  # noqa: B008
    """Two designs or more side by side, with the time that each takes on this machine.

    Every size needs a number. Raises as `compare` does, and UsageError for what does not fit in memory.
    """
    specs = tuple(map(parsed, designs))
    found = compare(*specs, **sizes)
    reports = stopwatch.timed(found.candidates, lambda: [spec.network(sizes) for spec in specs])
    return Comparison(reports)
