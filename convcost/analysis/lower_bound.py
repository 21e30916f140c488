"""The roofline lower bound as a whole number of ticks, so that columns and databases have it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from convcost.analysis.workloads import workloads
from convcost.core import arithmetic
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.devices.device import Device


@dataclass(frozen=True)
class LowerBound:
    """The least time on `device` in `dtype`; as `analysis.roofline` has it, in integers.

    A part with `flops` and `bytes` takes max(flops / peak, bytes / bandwidth) seconds. With peak = p·g and
    bandwidth = b·g that is max(flops·b, bytes·p) ticks, of which g·p·b are a second.
    `is_asked` says whether the dtype is given, so that all floats are of it, and not only the usual one.
    """

    device: Device
    dtype: str
    is_asked: bool = False

    @property
    def _reduced(self) -> tuple[int, int, int]:
        peak, bandwidth = self.device.peak(self.dtype), self.device.bandwidth
        common = gcd(peak, bandwidth)
        return peak // common, bandwidth // common, common

    @property
    def ticks_per_second(self) -> int:
        """A positive integer, the same for all designs."""
        peak, bandwidth, common = self._reduced
        return peak * bandwidth * common

    def ticks(self, report: Report) -> Size:
        """What all parts of `report` take one after the other; of columns a column.

        UsageError where the report is in another dtype, and none was asked for.
        """
        if not self.is_asked and report.dtype != self.dtype:
            hint = f"Give the dtype that all are computed in, such as {report.dtype}."
            raise UsageError(f"{report.name} is in {report.dtype}, not in {self.dtype}", hint=hint)
        peak, bandwidth, _ = self._reduced
        parts = workloads(report, self.dtype if self.is_asked else "")
        each = [arithmetic.larger(part.flops * bandwidth, part.bytes * peak) for part in parts]
        return arithmetic.total(each, 0)


def lower_bound(device: Device, dtype: str, is_asked: bool) -> LowerBound:
    """The bound; UsageError if the device has no peak in the dtype."""
    device.peak(dtype)
    return LowerBound(device, dtype, is_asked)
