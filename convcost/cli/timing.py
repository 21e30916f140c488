"""Measured times where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from convcost.cli.progress import clear, shown
from convcost.cli.redirect_stdout import stdout_to_stderr
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.units import parse_count

if TYPE_CHECKING:
    from convcost.benchmark.stopwatch import Designs

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
            clear()


def _watched(work: str, steps: range) -> Iterator[int]:
    return shown(steps, len(steps), lambda _: work)


def threads_of(text: str) -> int:
    """The number that `--threads` gives, 0 for as many as torch has."""
    if not text:
        return 0
    from convcost.benchmark.settings import MOST_THREADS

    number = parse_count(text, "--threads")
    if not 1 <= number <= MOST_THREADS:
        raise UsageError(f"--threads {text[:40]}: 1 to {MOST_THREADS:,} can be had")
    return number
