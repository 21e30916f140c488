"""A report beside a device: the bounds on each of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.analysis.roofline.bound import Bound, Flip, Part, Roofline
from convcost.analysis.roofline.flips import batch_flip, open_flip
from convcost.analysis.roofline.parts import parts
from convcost.core.arguments import REPORT, instance, text, wrong_type
from convcost.core.cost import quotient
from convcost.core.dtypes import dtype_named
from convcost.core.report import Report
from convcost.devices import Device, device_named


def roofline(
    report: Report, device: str | Device, dtype: str = "", twice: Sequence[tuple[str, Report]] = ()
) -> Roofline:
    """The least time that each part of `report` takes on `device`, computed in `dtype`, its own if empty.

    A module has the dtypes of its tensors; in a `dtype` that is given, its floats are of that one. FLOPs are
    as the report's convention has them. Bytes are moved between the chip and its memory, each tensor once;
    what stays in a cache can be quicker. `twice` are reports with one of the batch-like sizes that were taken
    as 1 at 2, by its name: they say at which batch compute binds. Raises UsageError where there is no such
    device, or where it has no peak in that dtype.
    """
    instance("the report", report, Report, "a report", REPORT)
    text("dtype", dtype, "bfloat16")
    for pair in instance("twice", twice, (list, tuple), "a list of names and reports"):
        is_pair = isinstance(pair, tuple) and [*map(type, pair)] == [str, Report]
        if not is_pair:
            raise wrong_type("what is in twice", pair, "a name and a report")
    device = device_named(device) if isinstance(device, str) else device
    instance("the device", device, Device, "its name", 'Such as "h100"; convcost devices lists them.')
    asked = dtype_named(dtype) if dtype else ""
    dtype = asked or report.dtype
    peak = device.peak(dtype)
    doubled = {name: tuple(parts(other, asked)) for name, other in twice}

    def bound(place: int, part: Part) -> Bound:
        compute, memory = quotient(part.flops, peak), quotient(part.bytes, device.bandwidth)
        return Bound(part, compute, memory, flip(place, part))

    def flip(place: int, part: Part) -> Flip | None:
        if report.open_names:
            return open_flip(part, peak, device, report.assumptions)
        if not doubled:
            return None
        first = next(iter(doubled.values()))
        alike = [name for name, others in doubled.items() if others == first]
        return batch_flip(part, first[place], "·".join(alike), peak, device)

    bounds = tuple(bound(place, part) for place, part in enumerate(parts(report, asked)))
    return Roofline(device, dtype, bounds)
