"""How long a design or module was measured to take. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from convcost.analysis.roofline import Roofline
from convcost.benchmark.samples import Samples
from convcost.core.cost import Size
from convcost.devices import Device
from convcost.devices.device import THIS
from convcost.devices.reading import plain

What = Literal["forward", "step"]
"""A forward without gradients, or a forward and the backward behind it."""


class Run(NamedTuple):
    """One thing that was timed, and the FLOPs that it computes; if it could not be, `failure` says why.

    `peak` are the bytes that it took at most, its first run on a GPU, without an optimizer.
    """

    what: What
    compiled: bool = False
    samples: Samples | None = None
    flops: Size | None = None
    failure: str = ""
    peak: int | None = None

    @property
    def flops_per_second(self) -> Fraction | None:
        """What it achieved, by the median."""
        if self.samples is None or self.flops is None or not self.samples.median:
            return None
        return self.flops / self.samples.median

    def is_like(self, other: Run) -> bool:
        """Whether the two did the same of their designs."""
        return (self.what, self.compiled) == (other.what, other.compiled)

    def least(self, roofline: Roofline | None) -> Fraction | None:
        """The least time on that device; None where gradients are timed that the roofline does not have."""
        if roofline is None:
            return None
        if self.what == "forward":
            return roofline.select(lambda part: part.phase == "forward").seconds
        has_gradients = any(bound.workload.phase != "forward" for bound in roofline.bounds)
        return roofline.seconds if has_gradients else None


@dataclass(frozen=True)
class Timing:
    """What was timed of a candidate, the plain forward first; each round timed it beside the others.

    `device` is cpu, or the name of a GPU; `processor` is what the system calls the one or the other.
    """

    runs: tuple[Run, ...]
    threads: int
    dtype: str
    device: str
    processor: str = ""

    @property
    def forward(self) -> Run:
        """The forward as it is."""
        return self.runs[0]

    def is_of(self, device: Device) -> bool:
        """Whether that is the device that the times were measured on."""
        if device.name.startswith(THIS):
            return (device.kind == "cpu") == (self.device == "cpu")
        return bool(self.processor) and plain(device.title) == plain(self.processor)

    def own(self, roofline: Roofline | None) -> Roofline | None:
        """`roofline` if it is of the device measured on: another's says nothing of these times."""
        return roofline if roofline and self.is_of(roofline.device) else None

    def of_least(self, run: Run, roofline: Roofline | None) -> Fraction | None:
        """The least time as a part of the measured one; None where it is another device's."""
        least = run.least(self.own(roofline))
        return least / run.samples.median if least and run.samples and run.samples.median else None

    def like(self, run: Run) -> Run | None:
        """The run that did the same."""
        return next(filter(run.is_like, self.runs), None)


def times_ratio(first: Run | None, other: Run | None) -> Fraction | None:
    """The other's time over the first one's, by medians; None where one of them has none."""
    if not (first and other and first.samples and other.samples and first.samples.median):
        return None
    return other.samples.median / first.samples.median


def can_tell_apart(first: Run | None, other: Run | None) -> bool:
    """Whether the spreads of the two leave a ratio with a meaning."""
    return bool(
        first and other and first.samples and other.samples and first.samples.is_apart_from(other.samples)
    )
