"""Measured times of a design or module. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from convcost.analysis.roofline import Roofline
from convcost.benchmark.samples import Samples
from convcost.core.cost import Size
from convcost.devices.device import Device
from convcost.devices.device_table import normalized_name
from convcost.devices.names import THIS

RunKind = Literal["forward", "step"]
"""A forward pass without gradients, or a training step: forward and backward."""


class TimedRun(NamedTuple):
    """A timed run and its FLOPs; `failure` is the reason if it could not be timed.

    `peak` is the memory peak of its first run on a GPU in bytes, without an optimizer.
    """

    what: RunKind
    compiled: bool = False
    samples: Samples | None = None
    flops: Size | None = None
    failure: str = ""
    peak: int | None = None

    @property
    def flops_per_second(self) -> Fraction | None:
        """Achieved FLOP/s, by the median time."""
        if self.samples is None or self.flops is None or not self.samples.median:
            return None
        return self.flops / self.samples.median

    def is_same_kind(self, other: TimedRun) -> bool:
        """Whether both runs are of the same kind."""
        return (self.what, self.compiled) == (other.what, other.compiled)

    def lower_bound(self, roofline: Roofline) -> Fraction | None:
        """The roofline lower bound; None if gradients were timed that the roofline does not have."""
        if self.what == "forward":
            return roofline.forward.seconds
        has_gradients = any(bound.workload.phase != "forward" for bound in roofline.bounds)
        return roofline.seconds if has_gradients else None


@dataclass(frozen=True)
class Timing:
    """The timed runs of a candidate, the plain forward pass first.

    `device` is "cpu" or the name of a GPU; `processor` is the system's name of the CPU or GPU.
    """

    runs: tuple[TimedRun, ...]
    threads: int
    dtype: str
    device: str
    processor: str = ""

    @property
    def forward(self) -> TimedRun:
        """The plain forward pass."""
        return self.runs[0]

    def was_measured_on(self, device: Device) -> bool:
        """Whether the times were measured on `device`."""
        if device.name.startswith(THIS):
            return (device.kind == "cpu") == (self.device == "cpu")
        return bool(self.processor) and normalized_name(device.title) == normalized_name(self.processor)

    def comparable(self, roofline: Roofline | None) -> Roofline | None:
        """`roofline` if it is for the measured device, otherwise None."""
        return roofline if roofline and self.was_measured_on(roofline.device) else None

    def roofline_share(self, run: TimedRun, roofline: Roofline | None) -> Fraction | None:
        """The lower bound divided by the measured time; None for a roofline of another device."""
        roofline = self.comparable(roofline)
        bound = run.lower_bound(roofline) if roofline else None
        return bound / run.samples.median if bound and run.samples and run.samples.median else None

    def same_kind_run(self, run: TimedRun) -> TimedRun | None:
        """The run of the same kind, if any."""
        return next(filter(run.is_same_kind, self.runs), None)


def times_ratio(first: TimedRun | None, other: TimedRun | None) -> Fraction | None:
    """The other's median time divided by the first one's; None if one is missing."""
    if not (first and other and first.samples and other.samples and first.samples.median):
        return None
    return other.samples.median / first.samples.median


def can_tell_apart(first: TimedRun | None, other: TimedRun | None) -> bool:
    """Whether the spreads of both are small enough for a meaningful ratio."""
    return bool(
        first and other and first.samples and other.samples and first.samples.is_apart_from(other.samples)
    )
