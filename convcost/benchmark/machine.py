"""Measured peaks of a machine, as a device and as JSON in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, get_args

from convcost.benchmark.hardware import DeviceType
from convcost.benchmark.samples import Samples
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.units import binary, duration, human, percent
from convcost.devices.device import Device
from convcost.devices.names import DTYPES, THIS, Call

MAX_NOISE = 0.5
"""The spread of rounds above which even the fastest one is unreliable."""

FROM_CACHE = "this from cache"
"""The name of this machine for data that stays in a cache."""


@dataclass(frozen=True)
class MeasuredPeak:
    """A measured peak per second, the work that reached it, and the spread of the rounds.

    The value is that of the fastest round, as noise only slows down; `spread` is the interquartile range
    divided by the median.
    """

    value: int
    work: str
    spread: float

    @classmethod
    def of(cls, amount: int, work: str, samples: Samples) -> MeasuredPeak:
        """The peak for samples of calls with `amount` each."""
        return cls(round(amount / min(samples.seconds)), work, relative_spread(samples))


def relative_spread(samples: Samples) -> float:
    """The interquartile range divided by the median, to three digits."""
    return round(float(samples.spread / samples.median), 3)


@dataclass(frozen=True)
class Machine:
    """Peaks in FLOP/s by dtype, and bandwidths in bytes/s of memory and of caches, by bytes that fit.

    `overheads` are the seconds of calls with almost no work, and `noise` is the largest spread of their
    rounds. `skipped` has the reason for each dtype without a peak. `measured` is the time of measurement, in
    UTC.
    """

    name: str
    on: DeviceType
    memory: int | None
    measured: str
    torch: str
    threads: int
    peaks: Mapping[str, MeasuredPeak]
    bandwidth: MeasuredPeak
    caches: Mapping[int, MeasuredPeak]
    overheads: Mapping[Call, float]
    noise: float
    skipped: Mapping[str, str]

    @property
    def device(self) -> Device:
        """The machine as a Device, with the bandwidth of memory."""
        sources = {name: self._source(figure) for name, figure in self.peaks.items()}
        return Device(
            THIS,
            self.name,
            "this machine",
            "gpu" if self.on == "cuda" else "cpu",
            None,
            {name: figure.value for name, figure in self.peaks.items()},
            self.bandwidth.value,
            self.memory,
            {**sources, "bandwidth": self._source(self.bandwidth)},
            notes=tuple(self._notes()),
            overheads={of: Fraction(seconds) for of, seconds in self.overheads.items()},
        )

    def device_for(self, moved: Size) -> Device:
        """Like `device`, but with the bandwidth of a cache if the `moved` bytes fit in one."""
        cached = [figure.value for size, figure in self.caches.items() if size >= moved]
        best = max(cached, default=0)
        if best <= self.bandwidth.value:
            return self.device
        return replace(self.device, name=FROM_CACHE, bandwidth=best)

    def _source(self, figure: MeasuredPeak) -> str:
        return f"{figure.work}, the fastest round, interquartile range {percent(Fraction(figure.spread))}"

    def _notes(self) -> Iterator[str]:
        yield f"Measured {self.measured} with torch {self.torch} on {threads_text(self.threads)}."
        yield "Bandwidth counts every byte read and every byte written."
        for size, figure in self.caches.items():
            yield f"Copies within {binary(size)}, which a cache may hold: {human(figure.value, 'B/s')}."
        overheads = (f"a {of} {duration(Fraction(seconds))}" for of, seconds in self.overheads.items())
        yield f"Overhead of a call: {', '.join(overheads)}."
        yield f"Noise: the rounds of these calls spread by up to {percent(Fraction(self.noise))}."
        if self.noise > MAX_NOISE:
            yield "Other processes interfered, so figures are unreliable: measure again on an idle machine."
        for dtype, reason in self.skipped.items():
            yield f"{dtype} was skipped: {reason}."


def describe_outdated(machine: Machine, torch: str, threads: int) -> str:
    """How the measurement differs from the current torch version and threads; "" if it does not."""
    changes = (
        (f"with torch {machine.torch}, but this is {torch}", machine.torch != torch),
        (f"on {threads_text(machine.threads)}, but this uses {threads}", machine.threads != threads),
    )
    changed = [text for text, differs in changes if differs]
    return f"{THIS} was measured {'; '.join(changed)}" if changed else ""


def threads_text(threads: int) -> str:
    """A number of threads in words: 1 thread, 2 threads."""
    return f"{threads} thread{'s' * (threads != 1)}"


SCHEMA = "convcost-machine"
VERSION = 1

MAX_NUMBER = 10**24


def machine_text(machine: Machine) -> str:
    """The text of a machine's file."""
    record = {"schema": f"{SCHEMA}/{VERSION}", **asdict(machine)}
    return json.dumps(record, indent=2) + "\n"


def parse_machine(text: str, file: str) -> Machine:
    """Parse the text of a machine's `file`; UsageError if it is invalid."""
    import msgspec

    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise _file_error(file, "is not JSON") from None
    _check_version(record, file)
    try:
        machine = msgspec.convert(record, Machine, str_keys=True)
        _check_values(machine)
    except ValueError as error:
        raise _file_error(file, f"is damaged: {error}") from None
    return machine


def _check_version(record: Any, file: str) -> None:
    schema = record.get("schema") if isinstance(record, dict) else None
    match = re.fullmatch(rf"{SCHEMA}/([0-9]{{1,9}})", schema) if isinstance(schema, str) else None
    if not match:
        raise _file_error(file, "is not a measurement by convcost")
    if int(match[1]) != VERSION:
        raise _file_error(file, f"has version {int(match[1])}; this convcost reads version {VERSION}")


def _file_error(file: str, what: str) -> UsageError:
    hint = "Remove it, and write a new one with convcost devices --measure."
    return UsageError(f"{file} {what}", hint=hint)


def _check_values(machine: Machine) -> None:
    """Raise ValueError for values that no measurement gives."""
    if not machine.peaks or not set(DTYPES).issuperset(machine.peaks):
        raise ValueError("its peaks are not by dtype")
    if machine.overheads.keys() != set(get_args(Call)):
        raise ValueError(f"its overheads are not those of a {', a '.join(get_args(Call))}")
    peaks = (*machine.peaks.values(), machine.bandwidth, *machine.caches.values())
    memory = () if machine.memory is None else (machine.memory,)
    integers = (machine.threads, *memory, *machine.caches, *(peak.value for peak in peaks))
    floats = (machine.noise, *machine.overheads.values(), *(peak.spread for peak in peaks))
    if not all(0 < number <= MAX_NUMBER for number in integers) or not all(
        0 <= number < MAX_NUMBER for number in floats
    ):
        raise ValueError("a number is out of range")
