"""Time of counting an Optuna trial by formulas, against building the module and running fvcore."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median

import fvcore
import optuna
import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn

import convcost
from examples.optuna_search import BLOCK, search

TRIALS = 200
ROUNDS = 5


def by_formulas(sizes: dict[str, int]) -> int:
    """MACs of the block of the example, by formulas."""
    return convcost.cost(BLOCK, **sizes).macs


def by_fvcore(sizes: dict[str, int]) -> int:
    """MACs of the same block, built for this trial, by fvcore."""
    channels, inner, kernel_size, groups = (sizes[name] for name in "CMKG")
    first = nn.Conv2d(channels, inner, kernel_size, padding=kernel_size // 2, groups=groups)
    block = nn.Sequential(first, nn.ReLU(), nn.Conv2d(inner, channels, 1)).eval()
    counts = FlopCountAnalysis(block, torch.zeros(1, channels, 32, 32)).unsupported_ops_warnings(False)
    return counts.total()


def designs() -> list[dict[str, int]]:
    """Sizes that trials may have."""
    choose = random.Random(0)
    found = []
    while len(found) < TRIALS:
        channels, groups = 16 * choose.randint(1, 16), choose.choice((1, 2, 3))
        if channels % groups == 0:
            inner = channels * choose.choice((1, 2, 4))
            found.append({"C": channels, "M": inner, "K": choose.choice((1, 3, 5, 7)), "G": groups})
    return found


def seconds(count: Callable[[dict[str, int]], int], each: list[dict[str, int]]) -> float:
    """Seconds for each design."""
    start = time.perf_counter()
    for sizes in each:
        count(sizes)
    return (time.perf_counter() - start) / len(each)


if __name__ == "__main__":
    every = designs()
    few = every[:40]
    assert [by_formulas(sizes) for sizes in few] == [by_fvcore(sizes) for sizes in few]
    pairs = [(seconds(by_formulas, every), seconds(by_fvcore, few)) for _ in range(ROUNDS)]
    start = time.perf_counter()
    search(TRIALS)
    trial = (time.perf_counter() - start) / TRIALS
    own, peer = (median(side) for side in zip(*pairs, strict=True))
    print(f"Optuna {optuna.__version__}, fvcore {fvcore.__version__}, torch {torch.__version__}")
    print(f"counting a trial by formulas takes 1/{median(b / a for a, b in pairs):.0f} of the time by fvcore")
    print(f"a trial of the example's study takes 1/{(trial - own + peer) / trial:.0f} of that with fvcore")
