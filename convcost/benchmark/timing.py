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
"""A forward without gradients, or a training step: a forward and its backward."""


class TimedRun(NamedTuple):
    """One thing that was timed, and the FLOPs that it computes; if it could not be, `failure` says why.

    `peak` are the bytes that its first run on a GPU took at most, without an optimizer.
    """

    what: RunKind
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

    def is_same_kind(self, other: TimedRun) -> bool:
        """Whether the two did the same of their designs."""
        return (self.what, self.compiled) == (other.what, other.compiled)

    def lower_bound(self, roofline: Roofline) -> Fraction | None:
        """The roofline's time; None where gradients are timed that the roofline does not have."""
        if self.what == "forward":
            return roofline.forward.seconds
        has_gradients = any(bound.workload.phase != "forward" for bound in roofline.bounds)
        return roofline.seconds if has_gradients else None


@dataclass(frozen=True)
class Timing:
    """What was timed of a candidate, the plain forward first; each round timed it beside the others.

    `device` is cpu, or the name of a GPU; `processor` is what the system calls the one or the other.
    """

    runs: tuple[TimedRun, ...]
    threads: int
    dtype: str
    device: str
    processor: str = ""

    @property
    def forward(self) -> TimedRun:
        """The forward as it is."""
        return self.runs[0]

    def was_measured_on(self, device: Device) -> bool:
        """Whether that is the device that the times were measured on."""
        if device.name.startswith(THIS):
            return (device.kind == "cpu") == (self.device == "cpu")
        return bool(self.processor) and normalized_name(device.title) == normalized_name(self.processor)

    def comparable(self, roofline: Roofline | None) -> Roofline | None:
        """`roofline` if it is of the device measured on: another's says nothing of these times."""
        return roofline if roofline and self.was_measured_on(roofline.device) else None

    def roofline_share(self, run: TimedRun, roofline: Roofline | None) -> Fraction | None:
        """The roofline's time as a part of the measured one; None where it is another device's."""
        roofline = self.comparable(roofline)
        bound = run.lower_bound(roofline) if roofline else None
        return bound / run.samples.median if bound and run.samples and run.samples.median else None

    def same_kind_run(self, run: TimedRun) -> TimedRun | None:
        """The run that did the same."""
        return next(filter(run.is_same_kind, self.runs), None)


def times_ratio(first: TimedRun | None, other: TimedRun | None) -> Fraction | None:
    """The other's time over the first one's, by medians; None where one of them has none."""
    if not (first and other and first.samples and other.samples and first.samples.median):
        return None
    return other.samples.median / first.samples.median


def can_tell_apart(first: TimedRun | None, other: TimedRun | None) -> bool:
    """Whether the spreads of the two are small enough for a ratio to mean something."""
    return bool(
        first and other and first.samples and other.samples and first.samples.is_apart_from(other.samples)
    )
