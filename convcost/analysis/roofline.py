"""The least time that each part of a design takes on a device, by its peak and by its bandwidth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, NamedTuple, get_args

from convcost.analysis.workloads import Workload, workloads
from convcost.api import design_report
from convcost.core import arithmetic
from convcost.core.arithmetic import ceil_div
from convcost.core.cost import Size, quotient
from convcost.core.dtypes import dtype_named
from convcost.core.report import Assumption, Report
from convcost.core.type_checks import check_text, check_type, merge_sizes, wrong_type_error
from convcost.design import GivenDesign, as_design
from convcost.devices.catalogue import device_named
from convcost.devices.device import Device

Resource = Literal["compute", "memory"]

RESOURCES: tuple[Resource, ...] = get_args(Resource)


class BoundRange(NamedTuple):
    """From `start` on, a part is bound by `by`."""

    start: int
    by: Resource


class BoundChanges(NamedTuple):
    """What binds a part as `size` grows; with no size always, with no range it depends on several sizes."""

    ranges: tuple[BoundRange, ...] = ()
    size: str = ""


class RooflineBound(NamedTuple):
    """A workload, and a device's bounds on it: seconds at its peak, seconds at its bandwidth, both exact.

    With sizes left open they are formulas, and `changes` is which is the longer where.
    """

    workload: Workload
    compute: Fraction
    memory: Fraction
    changes: BoundChanges | None = None

    @property
    def seconds(self) -> Fraction:
        """The least time: the longer of the two."""
        return max(self.compute, self.memory)

    @property
    def by(self) -> Resource:
        """What limits it; at the ridge the peak."""
        return "memory" if self.compute < self.memory else "compute"

    @property
    def intensity(self) -> Fraction:
        """FLOPs per byte moved; 0 where nothing is."""
        return quotient(self.workload.flops, self.workload.bytes) if self.workload.bytes else Fraction(0)


@dataclass(frozen=True)
class Roofline:
    """The bounds on a design's parts, which run one after the other, nothing fused.

    `peak` is in FLOP/s at `dtype`, of which an element takes `itemsize` bytes.
    """

    device: Device
    dtype: str
    bounds: tuple[RooflineBound, ...]

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
        return arithmetic.total([bound.workload.flops for bound in self.bounds], 0)

    @cached_property
    def bytes(self) -> Size:
        """What all parts move: what lies between two of them is written and read again."""
        return arithmetic.total([bound.workload.bytes for bound in self.bounds], 0)

    @property
    def intensity(self) -> Fraction:
        """FLOPs per byte moved; 0 where nothing is."""
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
        calling = (bound.workload for bound in self.bounds if bound.workload.bytes != 0)
        each = (workload.calls * self.device.overheads[workload.call] for workload in calling)
        return sum(each, Fraction(0))

    def seconds_by(self, by: Resource) -> Fraction:
        """Of the least time, what goes to the parts that `by` limits."""
        return sum((bound.seconds for bound in self.bounds if bound.by == by), Fraction(0))

    def share(self, by: Resource) -> Fraction:
        """The same as a part of all; 0 where nothing takes time."""
        return self.seconds_by(by) / self.seconds if self.seconds else Fraction(0)

    @property
    def by(self) -> Resource:
        """What limits most of the time."""
        return "compute" if self.share("compute") >= Fraction(1, 2) else "memory"

    def split(self) -> Iterator[tuple[RooflineBound, Roofline]]:
        """Each bound, and the roofline of its part alone."""
        return ((bound, Roofline(self.device, self.dtype, (bound,))) for bound in self.bounds)

    @property
    def forward(self) -> Roofline:
        """That of the forward alone, without gradients."""
        return self.select(lambda part: part.phase == "forward")

    def select(self, is_wanted: Callable[[Workload], bool]) -> Roofline:
        """The roofline of some of the parts."""
        return Roofline(
            self.device, self.dtype, tuple(bound for bound in self.bounds if is_wanted(bound.workload))
        )


def open_bound_changes(
    workload: Workload, peak: int, device: Device, assumed: tuple[Assumption, ...]
) -> BoundChanges:
    """Over all the open sizes that the assumptions allow."""
    from convcost.symbolic.breakeven import break_even

    found = break_even(workload.bytes * peak, workload.flops * device.bandwidth, assumed)
    if found.difference is not None and not found.signs:
        return BoundChanges()
    ends = zip(found.crossings, found.signs[1:], strict=True)
    starts = (1, *(_first_size(crossing, sign, found.exact) for crossing, sign in ends))
    return _bound_changes(found.size, map(BoundRange, starts, map(_resource, found.signs)))


def batch_bound_changes(
    once: Workload, twice: Workload, name: str, peak: int, device: Device
) -> BoundChanges:
    """Over a batch called `name`, by what a part costs on one sample and on two: each further one adds that.

    Compute binds where (flops + more_flops · (n − 1)) · bandwidth ≥ (bytes + more_bytes · (n − 1)) · peak.
    """
    more = (twice.flops - once.flops) * device.bandwidth - (twice.bytes - once.bytes) * peak
    surplus = once.flops * device.bandwidth - once.bytes * peak
    first = BoundRange(1, _resource(surplus))
    if not more or (more > 0) == (surplus >= 0):
        return _bound_changes(name, [first])
    last = -surplus // more if more < 0 else ceil_div(-surplus, more) - 1
    return _bound_changes(name, [first, BoundRange(last + 2, _resource(more))])


def _bound_changes(size: str, ranges: Iterable[BoundRange]) -> BoundChanges:
    merged = tuple(next(alike) for _, alike in groupby(ranges, key=attrgetter("by")))
    return BoundChanges(merged, size if len(merged) > 1 else "")


def _resource(sign: int) -> Resource:
    """At the ridge the peak binds."""
    return "memory" if sign < 0 else "compute"


def _first_size(crossing: Any, sign: int, exact: bool) -> int:
    """The first whole size behind a crossing; one at the ridge itself belongs to the peak."""
    whole = int(crossing)
    is_there = whole == crossing and (sign >= 0 or not exact)
    return whole if is_there else whole + 1


def roofline(
    design: GivenDesign,
    /,
    device: str | Device,
    dtype: str = "",
    twice: Sequence[tuple[str, Report]] = (),
    **sizes: Size,
) -> Roofline:
    """The least time that each part of a design takes on `device`, computed in `dtype`, its own if empty.

    A torch module stands with its inputs, (module, "f32[8,16]"). It has the dtypes of its tensors;
    in a `dtype` that is given, its floats are of that one. FLOPs are as the report's convention has them.
    Bytes are moved between the chip and its memory, each tensor once; what stays in a cache can be quicker.
    `twice` are reports with one of the batch-like sizes that were taken as 1 at 2, by its name: they say at
    which batch compute binds. Raises UsageError where there is no such device, or where it has no peak in
    that dtype.

    >>> roofline("[B, 4096] -> Linear(4096, 4096)", "h100", "bf16", B=64).by
    'memory'
    """
    check_text("dtype", dtype, "bfloat16")
    for pair in check_type("twice", twice, (list, tuple), "a list of names and reports"):
        is_pair = isinstance(pair, tuple) and [*map(type, pair)] == [str, Report]
        if not is_pair:
            raise wrong_type_error("what is in twice", pair, "a name and a report")
    device = device_named(device) if isinstance(device, str) else device
    check_type("the device", device, Device, "its name", 'For example, "h100"; convcost devices lists them.')
    report = design_report(as_design(design), merge_sizes(sizes))
    asked = dtype_named(dtype) if dtype else ""
    dtype = asked or report.dtype
    peak = device.peak(dtype)
    doubled = {name: tuple(workloads(other, asked)) for name, other in twice}

    def bound(place: int, workload: Workload) -> RooflineBound:
        compute, memory = quotient(workload.flops, peak), quotient(workload.bytes, device.bandwidth)
        return RooflineBound(workload, compute, memory, changes(place, workload))

    def changes(place: int, workload: Workload) -> BoundChanges | None:
        if report.open_names:
            return open_bound_changes(workload, peak, device, report.assumptions)
        if not doubled:
            return None
        first = next(iter(doubled.values()))
        alike = [name for name, others in doubled.items() if others == first]
        return batch_bound_changes(workload, first[place], "·".join(alike), peak, device)

    bounds = tuple(bound(place, workload) for place, workload in enumerate(workloads(report, asked)))
    return Roofline(device, dtype, bounds)
