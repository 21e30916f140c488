"""Time of evaluating a parsed spec, against fvcore counting the same two layers."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from fvcore.nn import FlopCountAnalysis

import convcost

EVALUATIONS = 10_000
FVCORE_RUNS = 50
SPECS = (
    "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)",
    "[B*S, E, L] -> Conv1d(E, E, 3, padding=1) -> Linear(L, E)",
)


def seconds_each(run: Callable[[int], object], times: int) -> float:
    """Seconds for one run, over `times` runs that each get a different number."""
    start = time.perf_counter()
    for number in range(times):
        run(number)
    return (time.perf_counter() - start) / times


def evaluate(text: str) -> float:
    """Seconds to cost `text` at one size after another."""
    spec = convcost.parse(text)
    return seconds_each(lambda number: spec.report({"E": 128, "L": 10 + number}).flops, EVALUATIONS)


def fvcore() -> float:
    """Seconds for fvcore to count the first spec's layers, built once."""
    layers = torch.nn.Sequential(*(torch.nn.Conv1d(128, 128, 3, padding=1) for _ in range(2))).eval()
    example = torch.zeros(1, 128, 10)
    return seconds_each(lambda _: FlopCountAnalysis(layers, example).total(), FVCORE_RUNS)


if __name__ == "__main__":
    peer = fvcore()
    for text in SPECS:
        each = evaluate(text)
        taken = f"{EVALUATIONS:,} evaluations in {EVALUATIONS * each:.2f} s (aim: under 1 s)"
        print(f"{text}: {taken}, one in 1/{peer / each:.0f} of fvcore's time")
