"""What is added to costs on request: roofline lower bounds on devices, memory, and measured times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcost.cli.options import MemoryOptions, TimingOptions
from convcost.cli.output import clear_progress, show_progress, stdout_to_stderr
from convcost.core.cost import Size
from convcost.core.errors import UsageError
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
"""Reports the same design with more sizes."""

USUAL_OPTIMIZER = "adamw"


class Estimator(NamedTuple):
    """What adds rooflines and memory to a report, and how times are measured."""

    add_roofline: Callable[[Report, ReportFactory | None], Report]
    add_memory: Callable[[Report], Report]
    timing: TimingOptions
    dtype: str
    memory_dtype: str | None
    """The dtype to measure the memory of modules in; None where it is not asked for."""
    asked: str = ""
    """The option that asks for the first of what is added; empty if nothing is."""

    def add(
        self, reports: Reports, factories: Iterable[ReportFactory | None], designs: GetDesigns
    ) -> Reports:
        """The reports with all that is asked for, each with what reports it again with more sizes."""
        if self.asked:
            require_costs(reports, self.asked)
        estimated = tuple(map(self.add_memory, map(self.add_roofline, reports, factories)))
        return _timed(estimated, designs, self.timing, self.dtype) if self.timing.time else estimated


def read_estimator(timing: TimingOptions, memory: MemoryOptions, devices: str, dtype: str) -> Estimator:
    """In `dtype`, or if it is empty in that of each report.

    Raises UsageError for what is not there, before anything is run.
    """
    threads = parse_threads(timing.threads)
    return Estimator(
        _roofline_adder(devices, dtype, threads, _timing_place(timing)),
        _memory_adder(memory, dtype),
        timing,
        dtype,
        dtype if memory.memory else None,
        "--device" if devices else "--memory" if memory.memory else "--time" if timing.time else "",
    )


def _timing_place(timing: TimingOptions) -> str:
    """Where it is timed, if it is."""
    if not timing.time:
        return ""
    from convcost.benchmark.hardware import select_device

    return select_device(timing.on)


def _roofline_adder(
    devices: str, dtype: str, threads: int, place: str
) -> Callable[[Report, ReportFactory | None], Report]:
    """What adds the rooflines on the devices called so to a report; nothing if none is named.

    Where times are measured too, this machine's figures are to be of the same `threads` and `place`.
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
    """UsageError for two names of one device."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UsageError(f"--device {text[:40]} names {name} twice", hint="Name it once.")


def catalogue_devices(text: str) -> tuple[Device, ...]:
    """The devices in a text such as h100,a100, each once: those of convcost, or of a configuration."""
    from convcost.cli.machine_file import is_this_machine
    from convcost.gate.devices import read_devices

    names = _device_names(text)
    if own := next(filter(is_this_machine, names), ""):
        message = f"--device {own}: this machine has several bandwidths, for its memory and its caches"
        raise UsageError(message, hint="Name a device of convcost devices, or use convcost compare.")
    devices = tuple(read_devices("").named(name) for name in names)
    _check_distinct(text, [device.name for device in devices])
    return devices


class DeviceBound(NamedTuple):
    """A device whose rooflines are found in `dtype`, with what was measured if it is this machine."""

    device: Device
    machine: Machine | None
    dtype: str

    def roofline(self, report: Report, doubled: list[tuple[str, Report]]) -> Roofline:
        """The roofline of a report, given it with each size that is taken as 1 doubled.

        At the bandwidth of a cache, if this machine was found to have one for all that is moved.
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
    """What adds to a report the memory that it takes to run and to train; nothing if it is not asked for."""
    if not options.memory:
        if options.optimizer:
            raise UsageError("--optimizer is for --memory", hint="Add --memory, or leave it out.")
        return lambda report: report
    from convcost.analysis.memory import memory, optimizer_named, trainable_dtype

    optimizer = optimizer_named(options.optimizer or USUAL_OPTIMIZER)
    trained_in = trainable_dtype(dtype) if dtype else ""
    return lambda report: replace(report, memory=memory(report, trained_in, optimizer))


def _timed(reports: Reports, designs: GetDesigns, timing: TimingOptions, dtype: str) -> Reports:
    """The reports with what was measured of their designs."""
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
    """The number that `--threads` gives, 0 for as many as torch has."""
    if not text:
        return 0
    from convcost.benchmark.settings import MAX_THREADS

    number = parse_count(text, "--threads")
    if not 1 <= number <= MAX_THREADS:
        raise UsageError(f"--threads {text[:40]}: 1 to {MAX_THREADS:,} are possible")
    return number
