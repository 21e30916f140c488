"""Whole commands against the bare imports they stand on: medians of alternating runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 9
COMPARE = (sys.executable, "-m", "convcost", "compare", "--E", "128", "--L", "10")
PAIRS = {
    "analytic: compare --counters none": (
        (*COMPARE, "--counters", "none"),
        (sys.executable, "-c", "import typer, rich.console, rich.table"),
        2.0,
    ),
    "with all three counters: compare": (
        COMPARE,
        (sys.executable, "-c", "import torch, fvcore.nn"),
        1.25,
    ),
    "with every size open: compare": (
        (sys.executable, "-m", "convcost", "compare"),
        (sys.executable, "-c", "import sympy"),
        2.5,
    ),
}


def seconds(command: tuple[str, ...]) -> float:
    """How long a command takes as a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def medians(command: tuple[str, ...], floor: tuple[str, ...]) -> tuple[float, float]:
    """The medians of both, run in turn after one run each to warm up."""
    seconds(command), seconds(floor)
    runs = [(seconds(command), seconds(floor)) for _ in range(RUNS)]
    commands, floors = zip(*runs, strict=True)
    return statistics.median(commands), statistics.median(floors)


if __name__ == "__main__":
    for name, (command, floor, bound) in PAIRS.items():
        taken, least = medians(command, floor)
        print(f"{name}: {taken / least:.2f} x `{floor[-1]}` (aim: at most {bound})")
