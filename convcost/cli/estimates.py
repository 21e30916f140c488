"""Adds the requested estimates to reports: roofline lower bounds, memory, and measured times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcost.cli.options import MemoryOptions, TimingOptions
from convcost.cli.output import clear_progress, show_progress, stdout_to_stderr
from convcost.core.cost import Size
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError
from convcost.core.float_dtype import with_float_dtype
from convcost.core.report import Report
from convcost.core.units import parse_count
from convcost.core.weights import require_costs

if TYPE_CHECKING:
    from convcost.analysis.roofline import Roofline
    from convcost.benchmark.machine import Machine
    from convcost.benchmark.stopwatch import GetDesigns
    from convcost.devices.device import Device

Reports: TypeAlias = tuple[Report, ...]

ReportFactory: TypeAlias = Callable[[Mapping[str, Size]], Report]
"""A function that reports the same design with further sizes."""

DEFAULT_OPTIMIZER = "adamw"


class Estimator(NamedTuple):
    """Adds rooflines, memory and measured times to reports."""

    add_roofline: Callable[[Report, ReportFactory | None], Report]
    add_memory: Callable[[Report], Report]
    timing: TimingOptions
    dtype: str
    memory_dtype: str | None
    """The dtype for measuring the memory of modules; None if memory is not requested."""
    first_option: str = ""
    """The first option that requests an estimate; empty if none does."""

    def add(
        self, reports: Reports, factories: Iterable[ReportFactory | None], designs: GetDesigns
    ) -> Reports:
        """The reports with the requested estimates, in the requested dtype.

        Factories report the same designs with further sizes.
        """
        if self.first_option:
            require_costs(reports, self.first_option)
        estimated = tuple(map(self.add_memory, map(self.add_roofline, reports, factories)))
        if self.timing.time:
            estimated = _add_times(estimated, designs, self.timing, self.dtype)
        return tuple(with_float_dtype(each, self.dtype) for each in estimated) if self.dtype else estimated


def read_estimator(timing: TimingOptions, memory: MemoryOptions, devices: str, dtype: str) -> Estimator:
    """Read the options of estimates. An empty `dtype` means each report's own.

    Raises UsageError for unknown devices and the like, before anything runs.
    """
    threads = parse_threads(timing.threads)
    dtype = dtype_named(dtype) if dtype else ""
    return Estimator(
        _roofline_adder(devices, dtype, threads, _timing_place(timing)),
        _memory_adder(memory, dtype),
        timing,
        dtype,
        dtype if memory.memory else None,
        "--device" if devices else "--memory" if memory.memory else "--time" if timing.time else "",
    )


def _timing_place(timing: TimingOptions) -> str:
    """The device to time on; empty without --time."""
    if not timing.time:
        return ""
    from convcost.benchmark.hardware import select_device

    return select_device(timing.on)


def _roofline_adder(
    devices: str, dtype: str, threads: int, place: str
) -> Callable[[Report, ReportFactory | None], Report]:
    """Make a function that adds the rooflines on the named devices to a report.

    This machine's figures must be of the same `threads` and `place` as measured times.
    """
    bounds = [_bound(name, dtype, threads, place) for name in _device_names(devices)]
    _check_distinct(devices, [bound.device.name for bound in bounds])

    def add(report: Report, factory: ReportFactory | None) -> Report:
        doubled = [(name, factory({name: 2})) for name in report.assumed] if factory and bounds else []
        found = tuple(bound.roofline(report, doubled) for bound in bounds)
        single = found[0] if len(found) == 1 else None
        return replace(report, roofline=single, rooflines=() if single else found)

    return add


def _device_names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(names):
        raise UsageError(f"--device {text[:40]}: a name is missing", hint="For example, --device h100,a100.")
    return names


def _check_distinct(text: str, names: Sequence[str]) -> None:
    """UsageError if a device is named twice."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UsageError(f"--device {text[:40]} names {name} twice", hint="Name it once.")


def catalogue_devices(text: str) -> tuple[Device, ...]:
    """The devices in a text such as h100,a100: of the catalogue or of a configuration."""
    from convcost.cli.machine_file import is_this_machine
    from convcost.gate.devices import read_devices

    names = _device_names(text)
    if own := next(filter(is_this_machine, names), ""):
        message = f"--device {own}: this machine has several bandwidths, of its memory and its caches"
        raise UsageError(message, hint="Choose one of convcost devices, or use convcost compare.")
    devices = tuple(read_devices("").named(name) for name in names)
    _check_distinct(text, [device.name for device in devices])
    return devices


class DeviceBound(NamedTuple):
    """A device and a dtype for rooflines; for this machine, also its measured figures."""

    device: Device
    machine: Machine | None
    dtype: str

    def roofline(self, report: Report, doubled: list[tuple[str, Report]]) -> Roofline:
        """The roofline of a report; `doubled` has it with each size that defaults to 1 doubled.

        On this machine, the bandwidth is that of a cache if all data fits into it.
        """
        from convcost.analysis.roofline import roofline

        found = roofline(report, self.device, self.dtype, doubled)
        if self.machine is None or found.is_open:
            return found
        device = self.machine.device_for(found.bytes)
        return found if device == found.device else roofline(report, device, self.dtype, doubled)


def _bound(name: str, dtype: str, threads: int, place: str) -> DeviceBound:
    """The device called `name`; UsageError if there is none."""
    from convcost.cli.machine_file import is_this_machine, read_machine
    from convcost.gate.devices import read_devices

    machine = read_machine(name, threads, place) if is_this_machine(name) else None
    return DeviceBound(machine.device if machine else read_devices("").named(name), machine, dtype)


def _memory_adder(options: MemoryOptions, dtype: str) -> Callable[[Report], Report]:
    """Make a function that adds the memory estimate to a report; it adds nothing without --memory."""
    if not options.memory:
        if options.optimizer:
            raise UsageError("--optimizer needs --memory")
        return lambda report: report
    from convcost.analysis.memory import memory, optimizer_named, trainable_dtype

    optimizer = optimizer_named(options.optimizer or DEFAULT_OPTIMIZER)
    trained_in = trainable_dtype(dtype) if dtype else ""
    return lambda report: replace(report, memory=memory(report, trained_in, optimizer))


def _add_times(reports: Reports, designs: GetDesigns, timing: TimingOptions, dtype: str) -> Reports:
    """The reports with measured times of their designs."""
    from convcost.benchmark.stopwatch import Stopwatch

    threads = parse_threads(timing.threads)
    watch = Stopwatch(timing.backward, timing.compile, dtype, timing.on, threads)
    try:
        with stdout_to_stderr():
            return watch.timed(reports, designs, _show_steps)
    finally:
        clear_progress()


def _show_steps(work: str, steps: range) -> Iterator[int]:
    return show_progress(steps, len(steps), lambda _: work)


def parse_threads(text: str) -> int:
    """The number of `--threads`; 0 for torch's setting."""
    if not text:
        return 0
    from convcost.benchmark.settings import MAX_THREADS

    return parse_count(text, "--threads", least=1, most=MAX_THREADS)
