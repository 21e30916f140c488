"""The roofline lower bound as an integer number of ticks, which columns and databases represent exactly."""

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
    """The roofline lower bound of `analysis.roofline` on `device` in `dtype`, in integers.

    A part with `flops` and `bytes` takes max(flops / peak, bytes / bandwidth) seconds. With peak = p·g and
    bandwidth = b·g, that is max(flops·b, bytes·p) ticks, and a second is g·p·b ticks. `is_asked` tells
    whether the dtype was requested, and applies to all floats, or is only the default.
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
        """The number of ticks per second, the same for all designs."""
        peak, bandwidth, common = self._reduced
        return peak * bandwidth * common

    def ticks(self, report: Report) -> Size:
        """The lower bound of `report` in ticks, summed over its parts; a column for columns.

        UsageError if the report has another dtype, and none was requested.
        """
        if not self.is_asked and report.dtype != self.dtype:
            hint = f"Choose one dtype for all designs, such as {report.dtype}."
            raise UsageError(f"{report.name} is in {report.dtype}, not in {self.dtype}", hint=hint)
        peak, bandwidth, _ = self._reduced
        parts = workloads(report, self.dtype if self.is_asked else "")
        ticks = [arithmetic.larger(part.flops * bandwidth, part.bytes * peak) for part in parts]
        return arithmetic.total(ticks, 0)


def lower_bound(device: Device, dtype: str, is_asked: bool) -> LowerBound:
    """A LowerBound; UsageError if the device has no peak in the dtype."""
    device.peak(dtype)
    return LowerBound(device, dtype, is_asked)
