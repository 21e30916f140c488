"""Time of whole commands against importing the libraries that they need: medians of alternating runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

RUNS = 9
COMPARE = (sys.executable, "-m", "convcost", "compare", "--E", "128", "--L", "10")
ANALYTIC = (*COMPARE, "--counters", "none")
CHECK = (sys.executable, "-m", "convcost", "check", "--config")


class Pair(NamedTuple):
    """A command, its lower bound, and the highest ratio allowed."""

    command: tuple[str, ...]
    floor: tuple[str, ...]
    bound: float


def imports(names: str) -> tuple[str, ...]:
    """The command that imports these modules and does nothing else."""
    return (sys.executable, "-c", f"import {names}")


PAIRS = {
    "analytic: compare --counters none": Pair(ANALYTIC, imports("typer, rich.console, rich.table"), 1.75),
    "with all three counters: compare": Pair(COMPARE, imports("torch, fvcore.nn"), 1.15),
    "with every size open: compare": Pair((*COMPARE[:4],), imports("sympy"), 1.85),
}


def entries(number: int) -> str:
    """A configuration of `count` designs with limits, every fifth with a formula."""
    return "\n".join(
        f"[entries.design{place}]\n"
        f'spec = "[B*S, E, L] -> Conv1d(E, {place}E, 3, padding=1) -> ReLU -> Conv1d({place}E, E, 1)"\n'
        f"sizes = {{ E = {8 * place}, L = 10 }}\n"
        'max_flops = "2 GFLOPs"\n'
        'max_params = "40 M"\n' + f'flops = "{8 * place}*B*S*L*E**2"\n' * (place % 5 == 0)
        for place in range(1, number + 1)
    )


def checks(folder: str) -> dict[str, Pair]:
    """A check of 50 designs without baselines, and with them."""
    pairs = {}
    for name, options in (("check of 50 specs", ()), ("check of 50 specs, with baselines", ("--update",))):
        config = Path(folder, name, "convcost.toml")
        config.parent.mkdir()
        config.write_text(entries(50))
        subprocess.run((*CHECK, str(config), *options), check=True, stdout=subprocess.DEVNULL)
        pairs[name] = Pair((*CHECK, str(config)), ANALYTIC, 1.3)
    return pairs


def seconds(command: tuple[str, ...]) -> float:
    """Seconds that a command takes as a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def medians(command: tuple[str, ...], floor: tuple[str, ...]) -> tuple[float, float]:
    """The medians of both, in alternating runs after one each to warm up."""
    seconds(command), seconds(floor)
    runs = [(seconds(command), seconds(floor)) for _ in range(RUNS)]
    commands, floors = zip(*runs, strict=True)
    return statistics.median(commands), statistics.median(floors)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for name, (command, floor, bound) in (PAIRS | checks(folder)).items():
            taken, least = medians(command, floor)
            print(f"{name}: {taken / least:.2f} x `{' '.join(floor[2:])}` (aim: at most {bound})")
