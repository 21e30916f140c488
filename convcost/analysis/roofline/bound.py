"""What a part of a design computes and moves, and the least time that a device takes for it. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from convcost.core import arithmetic
from convcost.core.cost import Size, quotient
from convcost.core.trace import Phase
from convcost.devices import Device
from convcost.devices.device import Call

By = Literal["compute", "memory"]

BOUNDS: tuple[By, ...] = get_args(By)


class Part(NamedTuple):
    """A layer, or an operator that a module runs: what all its calls compute, and the bytes they move."""

    path: str
    label: str
    flops: Size
    bytes: Size
    calls: int = 1
    phase: Phase = "forward"
    call: Call = "layer"


class Stretch(NamedTuple):
    """From `start` on, a part is bound by `by`."""

    start: int
    by: By


class Flip(NamedTuple):
    """What binds a part as `size` grows; with no size always, with no stretch it depends on several sizes."""

    stretches: tuple[Stretch, ...] = ()
    size: str = ""


class Bound(NamedTuple):
    """A part, and a device's bounds on it: seconds at its peak, seconds at its bandwidth, both exact.

    With sizes left open they are formulas, and `flip` is which is the longer where.
    """

    part: Part
    compute: Fraction
    memory: Fraction
    flip: Flip | None = None

    @property
    def seconds(self) -> Fraction:
        """The least time: the longer of the two."""
        return max(self.compute, self.memory)

    @property
    def by(self) -> By:
        """What limits it; at the ridge the peak."""
        return "memory" if self.compute < self.memory else "compute"

    @property
    def intensity(self) -> Fraction:
        """FLOPs for each byte moved; 0 where nothing is."""
        return quotient(self.part.flops, self.part.bytes) if self.part.bytes else Fraction(0)


@dataclass(frozen=True)
class Roofline:
    """The bounds on a design's parts, which run one after the other, nothing fused.

    `peak` is in FLOP/s at `dtype`, of which an element takes `itemsize` bytes.
    """

    device: Device
    dtype: str
    bounds: tuple[Bound, ...]

    @property
    def peak(self) -> int:
        """FLOP/s."""
        return self.device.peak(self.dtype)

    @property
    def ridge(self) -> Fraction:
        """FLOPs per byte from which on the peak is the limit."""
        return self.device.ridge(self.dtype)

    @cached_property
    def is_open(self) -> bool:
        """Whether a size is open, so that the bounds are formulas and nobody knows which is the longer."""
        numbers = (int, Fraction)
        return not all(isinstance(b.compute, numbers) and isinstance(b.memory, numbers) for b in self.bounds)

    @cached_property
    def flops(self) -> Size:
        """What all parts compute."""
        return arithmetic.total([bound.part.flops for bound in self.bounds], 0)

    @cached_property
    def bytes(self) -> Size:
        """What all parts move: what lies between two of them is written and read again."""
        return arithmetic.total([bound.part.bytes for bound in self.bounds], 0)

    @property
    def intensity(self) -> Fraction:
        """FLOPs for each byte moved; 0 where nothing is."""
        return quotient(self.flops, self.bytes) if self.bytes else Fraction(0)

    @cached_property
    def seconds(self) -> Fraction:
        """The least time for all parts."""
        return sum((bound.seconds for bound in self.bounds), Fraction(0))

    @property
    def overhead(self) -> Fraction | None:
        """What all calls take beside that, one after the other; None where no call was measured."""
        if not self.device.overheads:
            return None
        calling = (bound.part for bound in self.bounds if bound.part.bytes != 0)
        each = (part.calls * self.device.overheads[part.call] for part in calling)
        return sum(each, Fraction(0))

    def seconds_by(self, by: By) -> Fraction:
        """Of the least time, what goes to the parts that `by` limits."""
        return sum((bound.seconds for bound in self.bounds if bound.by == by), Fraction(0))

    def share(self, by: By) -> Fraction:
        """The same as a part of all; 0 where nothing takes time."""
        return self.seconds_by(by) / self.seconds if self.seconds else Fraction(0)

    @property
    def by(self) -> By:
        """What limits most of the time."""
        return "compute" if self.share("compute") >= Fraction(1, 2) else "memory"

    def apart(self) -> Iterator[tuple[Bound, Roofline]]:
        """Each bound, and the roofline of its part alone."""
        return ((bound, Roofline(self.device, self.dtype, (bound,))) for bound in self.bounds)

    def only(self, is_wanted: Callable[[Part], bool]) -> Roofline:
        """That of some of the parts."""
        return Roofline(
            self.device, self.dtype, tuple(bound for bound in self.bounds if is_wanted(bound.part))
        )
