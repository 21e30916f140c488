"""What stands beside the costs where it is asked for: the least times on a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from convcost.core.cost import Size
from convcost.core.report import Report

if TYPE_CHECKING:
    from convcost.analysis.roofline.bound import Roofline
    from convcost.benchmark.machine import Machine

Again: TypeAlias = Callable[[Mapping[str, Size]], Report]
"""Reports the same design with more sizes."""

Twice: TypeAlias = list[tuple[str, Report]]


def estimating(
    device: str, dtype: str, threads: int = 0, on: str = ""
) -> Callable[[Report, Again | None], Report]:
    """What adds the least times on the device called `device` to a report; nothing if none is named.

    They are in `dtype`, or in the report's own if that is empty. `threads` and `on` are how times are
    measured, if they are: this machine's figures are to be alike. Raises UsageError where there is no such
    device, or this machine was not measured yet.
    """
    if not device:
        return lambda report, again: report
    from convcost.analysis.roofline.roofline import roofline
    from convcost.cli.machine import is_this, this_machine
    from convcost.gate.devices import read_devices

    machine = this_machine(device, threads, on) if is_this(device) else None
    named = machine.device if machine else read_devices("").named(device)

    def estimated(report: Report, again: Again | None) -> Report:
        twice = [(name, again({name: 2})) for name in report.assumed] if again else []
        found = roofline(report, named, dtype, twice)
        return replace(
            report, roofline=_from_cache(found, machine, report, dtype, twice) if machine else found
        )

    return estimated


def _from_cache(found: Roofline, machine: Machine, report: Report, dtype: str, twice: Twice) -> Roofline:
    """With the bandwidth of a cache where this machine was found to have one for all that is moved."""
    from convcost.analysis.roofline.roofline import roofline

    if found.is_open:
        return found
    device = machine.device_for(found.bytes)
    return found if device == found.device else roofline(report, device, dtype, twice)
