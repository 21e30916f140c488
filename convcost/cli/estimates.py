"""What is added to costs on request: least times on a device, memory, and measured times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcost.analysis.memory import memory, optimizer_named, trainable_dtype
from convcost.cli.options import MemoryOptions, TimingOptions
from convcost.cli.output import clear_progress, show_progress, stdout_to_stderr
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.units import parse_count

if TYPE_CHECKING:
    from convcost.analysis.roofline import Roofline
    from convcost.benchmark.machine import Machine
    from convcost.benchmark.stopwatch import GetDesigns

Reports: TypeAlias = tuple[Report, ...]

ReportFactory: TypeAlias = Callable[[Mapping[str, Size]], Report]
"""Reports the same design with more sizes."""

USUAL_OPTIMIZER = "adamw"


class Estimator(NamedTuple):
    """What adds the least times and the memory to a report, and how times are measured."""

    add_roofline: Callable[[Report, ReportFactory | None], Report]
    add_memory: Callable[[Report], Report]
    timing: TimingOptions
    dtype: str
    memory_dtype: str | None
    """The dtype to measure the memory of modules in; None where it is not asked for."""

    def add(
        self, reports: Reports, factories: Iterable[ReportFactory | None], designs: GetDesigns
    ) -> Reports:
        """The reports with all that is asked for, each with what reports it again with more sizes."""
        estimated = tuple(map(self.add_memory, map(self.add_roofline, reports, factories)))
        return _timed(estimated, designs, self.timing, self.dtype) if self.timing.time else estimated


def read_estimator(timing: TimingOptions, memory: MemoryOptions, device: str, dtype: str) -> Estimator:
    """In `dtype`, or if it is empty in that of each report.

    Raises UsageError for what is not there, before anything is run.
    """
    threads = parse_threads(timing.threads)
    return Estimator(
        _roofline_adder(device, dtype, threads, _timing_place(timing)),
        _memory_adder(memory, dtype),
        timing,
        dtype,
        dtype if memory.memory else None,
    )


def _timing_place(timing: TimingOptions) -> str:
    """Where it is timed, if it is."""
    if not timing.time:
        return ""
    from convcost.benchmark.hardware import select_device

    return select_device(timing.on)


def _roofline_adder(
    device: str, dtype: str, threads: int, place: str
) -> Callable[[Report, ReportFactory | None], Report]:
    """What adds the least times on the device called `device` to a report; nothing if none is named.

    Where times are measured too, this machine's figures are to be of the same `threads` and `place`.
    """
    if not device:
        return lambda report, factory: report
    from convcost.analysis.roofline import roofline
    from convcost.cli.machine_file import is_this_machine, read_machine
    from convcost.gate.devices import read_devices

    machine = read_machine(device, threads, place) if is_this_machine(device) else None
    named = machine.device if machine else read_devices("").named(device)

    def add(report: Report, factory: ReportFactory | None) -> Report:
        doubled = [(name, factory({name: 2})) for name in report.assumed] if factory else []
        found = roofline(report, named, dtype, doubled)
        if machine:
            found = _with_cache_bandwidth(found, machine, report, dtype, doubled)
        return replace(report, roofline=found)

    return add


def _with_cache_bandwidth(
    found: Roofline, machine: Machine, report: Report, dtype: str, doubled: list[tuple[str, Report]]
) -> Roofline:
    """At the bandwidth of a cache, if this machine was found to have one for all that is moved."""
    from convcost.analysis.roofline import roofline

    if found.is_open:
        return found
    device = machine.device_for(found.bytes)
    return found if device == found.device else roofline(report, device, dtype, doubled)


def _memory_adder(options: MemoryOptions, dtype: str) -> Callable[[Report], Report]:
    """What adds to a report the memory that it takes to run and to train; nothing if it is not asked for."""
    if not options.memory:
        if options.optimizer:
            raise UsageError("--optimizer is for --memory", hint="Add --memory, or leave it out.")
        return lambda report: report
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
        raise UsageError(f"--threads {text[:40]}: 1 to {MAX_THREADS:,} can be had")
    return number
