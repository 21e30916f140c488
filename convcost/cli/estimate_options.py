"""What the options ask for beside the costs: least times, memory, measured times."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from convcost.cli.estimates import Again, estimating
from convcost.cli.footprints import remembering
from convcost.cli.timing import Times
from convcost.core.report import Report

if TYPE_CHECKING:
    from convcost.benchmark.stopwatch import Designs


class EstimateOptions(NamedTuple):
    """Each as a step from reports to reports; `footprint` is the dtype to measure modules' memory in."""

    estimated: Callable[[Report, Again | None], Report]
    remembered: Callable[[Report], Report]
    times: Times
    dtype: str
    footprint: str | None

    def added(
        self, reports: tuple[Report, ...], again: Iterable[Again | None], designs: Designs
    ) -> tuple[Report, ...]:
        """The reports with all that is asked for; `again` is what reports each with more sizes."""
        found = map(self.remembered, map(self.estimated, reports, again))
        return self.times.timed(tuple(found), designs, self.dtype)


def estimate_options(
    times: Times, device: str, dtype: str, footprint: bool, optimizer: str
) -> EstimateOptions:
    """Raises UsageError for what is not there, before anything is run."""
    return EstimateOptions(
        estimating(device, dtype, times.number, times.place),
        remembering(footprint, optimizer, dtype),
        times,
        dtype,
        dtype if footprint else None,
    )
