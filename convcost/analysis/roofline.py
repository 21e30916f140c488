"""Roofline lower bounds: the minimum time of each part of a design on a device."""

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
from convcost.devices.catalogue import DEVICES_HINT, device_named
from convcost.devices.device import Device

Resource = Literal["compute", "memory"]

RESOURCES: tuple[Resource, ...] = get_args(Resource)


class BoundRange(NamedTuple):
    """A part is bound by `by` from `start` on."""

    start: int
    by: Resource


class BoundChanges(NamedTuple):
    """What binds a part as `size` grows. Without a size it is constant; without ranges it is not known."""

    ranges: tuple[BoundRange, ...] = ()
    size: str = ""


class RooflineBound(NamedTuple):
    """A workload, and its bounds on a device: seconds at the peak and at the bandwidth, both exact.

    With open sizes they are formulas, and `changes` tells which is longer where.
    """

    workload: Workload
    compute: Fraction
    memory: Fraction
    changes: BoundChanges | None = None

    @property
    def seconds(self) -> Fraction:
        """The lower bound: the longer of the two."""
        return max(self.compute, self.memory)

    @property
    def by(self) -> Resource:
        """The limiting resource; at the ridge point, compute."""
        return "memory" if self.compute < self.memory else "compute"

    @property
    def intensity(self) -> Fraction:
        """FLOPs per byte moved; 0 if no bytes are moved."""
        return quotient(self.workload.flops, self.workload.bytes) if self.workload.bytes else Fraction(0)


@dataclass(frozen=True)
class Roofline:
    """The bounds of a design's parts, which run one after the other without fusion.

    `peak` is in FLOP/s for `dtype`.
    """

    device: Device
    dtype: str
    bounds: tuple[RooflineBound, ...]

    @property
    def peak(self) -> int:
        """Peak FLOP/s in `dtype`."""
        return self.device.peak(self.dtype)

    @property
    def ridge(self) -> Fraction:
        """The ridge point, in FLOPs per byte."""
        return self.device.ridge(self.dtype)

    @cached_property
    def is_open(self) -> bool:
        """Whether sizes are open, so that the bounds are formulas."""
        numbers = (int, Fraction)
        return not all(isinstance(b.compute, numbers) and isinstance(b.memory, numbers) for b in self.bounds)

    @cached_property
    def is_training_step(self) -> bool:
        """Whether it includes a backward."""
        return any(bound.workload.phase != "forward" for bound in self.bounds)

    @cached_property
    def flops(self) -> Size:
        """FLOPs of all parts."""
        return arithmetic.total([bound.workload.flops for bound in self.bounds], 0)

    @cached_property
    def bytes(self) -> Size:
        """Bytes that all parts move. A tensor between two parts is written and read."""
        return arithmetic.total([bound.workload.bytes for bound in self.bounds], 0)

    @property
    def intensity(self) -> Fraction:
        """FLOPs per byte moved; 0 if no bytes are moved."""
        return quotient(self.flops, self.bytes) if self.bytes else Fraction(0)

    @cached_property
    def seconds(self) -> Fraction:
        """The lower bound for all parts."""
        return sum((bound.seconds for bound in self.bounds), Fraction(0))

    @property
    def overhead(self) -> Fraction | None:
        """The total overhead of all calls, in seconds; None if it was not measured."""
        if not self.device.overheads:
            return None
        calling = (bound.workload for bound in self.bounds if bound.workload.bytes != 0)
        overheads = (workload.calls * self.device.overheads[workload.call] for workload in calling)
        return sum(overheads, Fraction(0))

    def seconds_by(self, by: Resource) -> Fraction:
        """The time of the parts that `by` limits."""
        return sum((bound.seconds for bound in self.bounds if bound.by == by), Fraction(0))

    def share(self, by: Resource) -> Fraction:
        """The share of the time of the parts that `by` limits; 0 if nothing takes time."""
        return self.seconds_by(by) / self.seconds if self.seconds else Fraction(0)

    @property
    def by(self) -> Resource:
        """The resource that limits most of the time."""
        return "compute" if self.share("compute") >= Fraction(1, 2) else "memory"

    def split(self) -> Iterator[tuple[RooflineBound, Roofline]]:
        """Each bound with a roofline of only that part."""
        return ((bound, Roofline(self.device, self.dtype, (bound,))) for bound in self.bounds)

    @property
    def forward(self) -> Roofline:
        """The roofline of the forward pass only."""
        return self.select(lambda part: part.phase == "forward")

    def select(self, is_wanted: Callable[[Workload], bool]) -> Roofline:
        """The roofline of some of the parts."""
        return Roofline(
            self.device, self.dtype, tuple(bound for bound in self.bounds if is_wanted(bound.workload))
        )


def open_bound_changes(
    workload: Workload, peak: int, device: Device, assumed: tuple[Assumption, ...]
) -> BoundChanges:
    """What binds a part over all open sizes that the assumptions allow."""
    from convcost.symbolic.breakeven import break_even

    result = break_even(workload.bytes * peak, workload.flops * device.bandwidth, assumed)
    if result.difference is not None and not result.signs:
        return BoundChanges()
    ends = zip(result.crossings, result.signs[1:], strict=True)
    starts = (1, *(_first_size(crossing, sign, result.exact) for crossing, sign in ends))
    return _bound_changes(result.size, map(BoundRange, starts, map(_resource, result.signs)))


def batch_bound_changes(
    once: Workload, twice: Workload, name: str, peak: int, device: Device
) -> BoundChanges:
    """What binds a part over a batch size `name`, from its costs for batches of one and two.

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
    merged = tuple(next(group) for _, group in groupby(ranges, key=attrgetter("by")))
    return BoundChanges(merged, size if len(merged) > 1 else "")


def _resource(sign: int) -> Resource:
    """The resource for a sign; at the ridge point (0), compute."""
    return "memory" if sign < 0 else "compute"


def _first_size(crossing: Any, sign: int, exact: bool) -> int:
    """The first integer size after a crossing; a size at the ridge point counts as compute bound."""
    whole = int(crossing)
    is_included = whole == crossing and (sign >= 0 or not exact)
    return whole if is_included else whole + 1


def roofline(
    design: GivenDesign,
    /,
    device: str | Device,
    dtype: str = "",
    twice: Sequence[tuple[str, Report]] = (),
    **sizes: Size,
) -> Roofline:
    """The roofline lower bound of each part of a design on a device.

    FLOPs follow the report's convention. Bytes are moved between the chip and its memory, each tensor once;
    tensors that stay in a cache can be faster.

    Args:
        design: A spec, a report, or a torch module with its inputs, (module, "f32[8,16]").
        device: A device, or its name.
        dtype: The dtype of all floats; by default those of the design.
        twice: Pairs of a batch-like size that defaults to 1, and a report with 2 for it, to find the batch
            size at which compute binds.
        sizes: Values of sizes, by name.

    Raises:
        UsageError: If there is no such device, or it has no peak in the dtype.

    >>> roofline("[B, 4096] -> Linear(4096, 4096)", "h100", "bf16", B=64).by
    'memory'
    """
    stated = as_design(design)
    check_text("dtype", dtype, "bfloat16")
    for pair in check_type("twice", twice, (list, tuple), "a list of names and reports"):
        is_pair = isinstance(pair, tuple) and [*map(type, pair)] == [str, Report]
        if not is_pair:
            raise wrong_type_error("an item of twice", pair, "a name and a report")
    device = device_named(device) if isinstance(device, str) else device
    check_type("the device", device, Device, "a device or its name", f'For example, "h100". {DEVICES_HINT}')
    report = design_report(stated, merge_sizes(sizes))
    asked = dtype_named(dtype) if dtype else ""
    dtype = asked or report.dtype
    peak = device.peak(dtype)
    doubled = {name: tuple(workloads(other, asked)) for name, other in twice}

    def bound(number: int, workload: Workload) -> RooflineBound:
        compute, memory = quotient(workload.flops, peak), quotient(workload.bytes, device.bandwidth)
        return RooflineBound(workload, compute, memory, changes(number, workload))

    def changes(number: int, workload: Workload) -> BoundChanges | None:
        if report.open_names:
            return open_bound_changes(workload, peak, device, report.assumptions)
        if not doubled:
            return None
        first = next(iter(doubled.values()))
        names = [name for name, others in doubled.items() if others == first]
        return batch_bound_changes(workload, first[number], "·".join(names), peak, device)

    bounds = tuple(bound(number, workload) for number, workload in enumerate(workloads(report, asked)))
    return Roofline(device, dtype, bounds)
