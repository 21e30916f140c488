"""What is added to costs on request: least times on a device, memory, and measured times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcost.cli.output import clear_progress, show_progress, stdout_to_stderr
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.units import parse_count

if TYPE_CHECKING:
    from convcost.analysis.roofline import Roofline
    from convcost.benchmark.machine import Machine
    from convcost.benchmark.stopwatch import Designs


class EstimateOptions(NamedTuple):
    """Each as a step from reports to reports; `footprint` is the dtype to measure modules' memory in."""

    estimated: Callable[[Report, Again | None], Report]
    remembered: Callable[[Report], Report]
    times: Times
    dtype: str
    footprint: str | None

    def added(
        self, reports: tuple[Report, ...], again: Iterable[Again | None], designs: Designs
    ) -> tuple[Report, ...]:
        """The reports with all that is asked for; `again` is what reports each with more sizes."""
        found = map(self.remembered, map(self.estimated, reports, again))
        return self.times.timed(tuple(found), designs, self.dtype)


def estimate_options(
    times: Times, device: str, dtype: str, footprint: bool, optimizer: str
) -> EstimateOptions:
    """Raises UsageError for what is not there, before anything is run."""
    return EstimateOptions(
        estimating(device, dtype, times.number, times.place),
        remembering(footprint, optimizer, dtype),
        times,
        dtype,
        dtype if footprint else None,
    )


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
    from convcost.analysis.roofline import roofline
    from convcost.cli.machine_file import is_this, this_machine
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
    from convcost.analysis.roofline import roofline

    if found.is_open:
        return found
    device = machine.device_for(found.bytes)
    return found if device == found.device else roofline(report, device, dtype, twice)


DEFAULT = "adamw"


def remembering(is_asked: bool, optimizer: str, dtype: str) -> Callable[[Report], Report]:
    """What adds to a report the memory that it takes, trained by `optimizer`; nothing if it is not asked for.

    It is in `dtype`, or in the report's own if that is empty. Raises UsageError for an optimizer that is not
    known or that nothing asks for, and for a dtype that nothing is trained in.
    """
    if not is_asked:
        if optimizer:
            raise UsageError("--optimizer is for --memory", hint="Add --memory, or leave it out.")
        return lambda report: report
    from convcost.analysis.memory import memory, optimizer_named, trained

    name = optimizer_named(optimizer or DEFAULT)
    own = trained(dtype) if dtype else ""
    return lambda report: replace(report, memory=memory(report, own, name))


Reports = tuple[Report, ...]


class Times(NamedTuple):
    """What the options say about time."""

    asked: bool
    backward: bool
    compile: bool
    on: str
    threads: str

    def checked(self, is_for_time_alone: bool = True) -> Times:
        """UsageError for an option that means nothing without --time, --backward among them or not."""
        given = {
            "--compile": self.compile,
            "--on": self.on,
            "--threads": self.threads,
            "--backward": self.backward and is_for_time_alone,
        }
        without = [name for name, value in given.items() if value]
        if without and not self.asked:
            raise UsageError(f"{without[0]} is for --time, which measures how long it takes")
        return self

    @property
    def place(self) -> str:
        """Where it is timed, if it is."""
        from convcost.benchmark.settings import place

        return place(self.on) if self.asked else ""

    @property
    def number(self) -> int:
        """Of threads, 0 for as many as torch has; UsageError where it is none."""
        return threads_of(self.threads)

    def timed(self, reports: Reports, designs: Designs, dtype: str) -> Reports:
        """The reports with what was measured of their designs, if it was asked for."""
        if not self.asked:
            return reports
        from convcost.benchmark.stopwatch import Stopwatch

        watch = Stopwatch(self.backward, self.compile, dtype, self.on, self.number)
        try:
            with stdout_to_stderr():
                return watch.timed(reports, designs, _watched)
        finally:
            clear_progress()


def _watched(work: str, steps: range) -> Iterator[int]:
    return show_progress(steps, len(steps), lambda _: work)


def threads_of(text: str) -> int:
    """The number that `--threads` gives, 0 for as many as torch has."""
    if not text:
        return 0
    from convcost.benchmark.settings import MOST_THREADS

    number = parse_count(text, "--threads")
    if not 1 <= number <= MOST_THREADS:
        raise UsageError(f"--threads {text[:40]}: 1 to {MOST_THREADS:,} can be had")
    return number
