"""How often the time estimate names the faster of two designs, measured in the same run.

`python benchmarks/order.py [SEED]...`: the cases that the estimate was fitted to, or others drawn from seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import NamedTuple

from convcost import compare, parse
from convcost.analysis.roofline import Roofline, roofline
from convcost.benchmark.machine import Machine
from convcost.benchmark.peaks import measure_machine
from convcost.benchmark.samples import SamplingPlan
from convcost.benchmark.stopwatch import Stopwatch
from convcost.benchmark.timing import times_ratio
from convcost.core.report import Report
from convcost.layers.network import Network

THREADS = 1
"""One is not kept waiting for the others where other work has a core for itself."""

PLAN = SamplingPlan(total_seconds=1.5, min_rounds=9, max_rounds=41)

APART = Fraction("1.3")
"""Nearer to each other, neither is faster in a way that matters."""


class Case(NamedTuple):
    """Two designs, the second compared with the first."""

    label: str
    first: str
    second: str


def founding(positions: int, width: int, length: int) -> Case:
    """A dense layer on merged positions, and two convolutions over them: 6 times its FLOPs."""
    return Case(
        f"conv ÷ dense, B·S={positions}, E={width}, L={length}",
        f"[{positions}, 1, {length * width}] -> Linear({length * width}, {width})",
        f"[{positions}, {width}, {length}] -> 2 x Conv1d({width}, {width}, 3, padding=same)",
    )


def depthwise(channels: int, size: tuple[int, ...], kernel_size: int, batch: int = 1) -> Case:
    """A full convolution, and a depthwise one with `channels` times fewer FLOPs."""
    shape = ", ".join(map(str, (batch, channels, *size)))
    layer = f"Conv{len(size)}d({channels}, {channels}, {kernel_size}, padding=same"
    return Case(
        f"depthwise ÷ full, [{shape}], k={kernel_size}",
        f"[{shape}] -> {layer})",
        f"[{shape}] -> {layer}, groups={channels})",
    )


CASES = (
    founding(1, 32, 5),
    founding(1, 128, 10),
    founding(1, 512, 10),
    founding(64, 64, 10),
    founding(64, 128, 10),
    founding(16, 128, 50),
    founding(256, 256, 20),
    founding(8, 1024, 8),
    depthwise(16, (32,), 3),
    depthwise(64, (256,), 3),
    depthwise(256, (1024,), 7),
    depthwise(512, (128,), 3, batch=8),
    depthwise(8, (16, 16), 3),
    depthwise(64, (56, 56), 3),
    depthwise(128, (28, 28), 5),
    depthwise(512, (7, 7), 3),
)


def drawn(seed: int) -> Iterator[Case]:
    """Eight cases of each kind, drawn at random."""
    choice = Random(seed).choice
    for _ in range(8):
        yield founding(choice((1, 4, 16, 64, 256)), choice((32, 64, 128, 256, 512)), choice((4, 8, 16, 32)))
    for _ in range(8):
        channels, kernel_size = choice((16, 32, 64, 128, 256)), choice((3, 5, 7))
        side = choice((8, 16, 32, 64))
        size = choice(((side, side), (side * side,)))
        yield depthwise(channels, size, kernel_size, choice((1, 4)))


class Outcome(NamedTuple):
    """The second design's time over the first one's: by roofline, with call overhead, and measured."""

    case: Case
    least: Fraction
    predicted: Fraction
    measure_machine: Fraction

    @property
    def counts(self) -> bool:
        """Whether the difference in time is large enough to count."""
        return not 1 / APART <= self.measured <= APART

    @property
    def is_right(self) -> bool:
        return (self.predicted > 1) == (self.measured > 1)

    @property
    def verdict(self) -> str:
        word = "right" if self.is_right else "wrong"
        return word if self.counts else f"({word}: too near)"

    def __str__(self) -> str:
        figures = (self.least, self.predicted, self.measured)
        return f"{self.case.label:44}{''.join(f'{float(figure):9.2f}' for figure in figures)}  {self.verdict}"


def outcome(case: Case, machine: Machine) -> Outcome:
    """The predictions for a case, and the measurement."""
    reports = compare(case.first, case.second).candidates
    first, second = (estimate(report, machine) for report in reports)
    timed = Stopwatch(threads=THREADS, plan=PLAN).timed(reports, lambda: networks(case))
    ratio = times_ratio(*(report.time.forward for report in timed if report.time))
    least, overheads = second.seconds / first.seconds, (first.overhead or 0, second.overhead or 0)
    predicted = (second.seconds + overheads[1]) / (first.seconds + overheads[0])
    return Outcome(case, least, predicted, ratio or Fraction(0))


def estimate(report: Report, machine: Machine) -> Roofline:
    """Its roofline time at the bandwidth measured here for that number of bytes."""
    moved = roofline(report, machine.device).bytes
    return roofline(report, machine.device_for(moved))


def networks(case: Case) -> list[Network]:
    return [parse(spec).network({}) for spec in (case.first, case.second)]


def main(seeds: list[str]) -> None:
    cases = [case for seed in seeds for case in drawn(int(seed))] or CASES
    machine = measure_machine("cpu", THREADS, lambda text: print(f"measuring {text}", file=sys.stderr))
    print("\n".join(machine.device.notes))
    print(f"{'times of the second over the first':44}{'least':>9}{'+ calls':>9}{'measured':>9}")
    found = []
    for case in cases:
        found.append(outcome(case, machine))
        print(found[-1], flush=True)
    counting = [each for each in found if each.counts]
    right = sum(each.is_right for each in counting)
    print(f"{right} of {len(counting)} right where the measured ratio is beyond {float(APART)}")


if __name__ == "__main__":
    main(sys.argv[1:])
