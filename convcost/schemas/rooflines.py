"""The JSON of least times on a device."""

from __future__ import annotations

from typing import TypedDict

from convcost.analysis.roofline import Resource
from convcost.core.trace import Phase
from convcost.schemas.common import Formula, Quotient


class Stretch(TypedDict):
    """From which size on a part is bound by what."""

    start: int
    by: Resource


class Flip(TypedDict):
    """What binds a part as a size grows."""

    size: str
    """Empty where it is the same for all sizes, or where several sizes decide."""
    stretches: list[Stretch]
    """None where several sizes decide."""


class Part(TypedDict):
    """A layer, or an operator that a module runs, with all its calls."""

    path: str
    label: str
    phase: Phase
    calls: int
    flops: Formula
    bytes_moved: Formula
    intensity: Quotient
    """FLOPs for each byte moved."""
    seconds_at_peak: Quotient
    seconds_at_bandwidth: Quotient
    bound_by: Resource | None
    """Null where sizes are open."""
    flip: Flip | None
    """Null where no size is open or was taken as 1."""


class Roofline(TypedDict):
    """The least time on a device, part by part; times are null where sizes are open."""

    device: str
    dtype: str
    peak: int
    """In FLOP/s."""
    bandwidth: int
    """In bytes per second."""
    ridge: float | int
    """FLOPs per byte from which on the peak is the limit."""
    flops: Formula
    bytes_moved: Formula
    intensity: Quotient
    seconds: float | int | None
    compute_bound_seconds: float | int | None
    """Of it, in parts that the peak limits."""
    memory_bound_seconds: float | int | None
    bound_by: Resource | None
    """What limits most of the time."""
    overhead_seconds: float | int | None
    """What calls take beside that, where it was measured: of this machine."""
    parts: list[Part]
