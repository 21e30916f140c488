"""Time of the Pareto front of 10^8 designs of two convolutions, against hand-written SQL.

Loops over `convcost.cost` and over fvcore are timed on a sample and extrapolated.
"""

from __future__ import annotations

import math
import random
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import duckdb
import torch
from fvcore.nn import FlopCountAnalysis

import convcost

RUNS = 5
SAMPLE = 200
SPEC = "[1, C, H, H] -> Conv2d(C, M, K, padding=K//2) -> ReLU -> Conv2d(M, N, J, padding=J//2)"
OVER = {
    "C": range(16, 1025, 16),
    "M": range(16, 1025, 16),
    "N": range(16, 1025, 16),
    "K": range(1, 8, 2),
    "J": range(1, 8, 2),
    "H": range(14, 61, 2),
}
WHERE = "flops <= 1G and params < 2M"
SQL = """
    WITH designs AS (
        SELECT C, M, N, K, J, H,
            2*H*H*M*(C*K*K + N*J*J) AS flops,
            M*(C*K*K + 1) + N*(M*J*J + 1) AS params
        FROM range(16, 1025, 16) c(C), range(16, 1025, 16) m(M), range(16, 1025, 16) n(N),
            range(1, 8, 2) k(K), range(1, 8, 2) j(J), range(14, 61, 2) h(H)
    ), matching AS (
        SELECT * FROM designs WHERE flops <= 1000000000 AND params < 2000000
    ), smallest AS (
        SELECT flops, min(params) AS params, arg_min({C: C, M: M, N: N, K: K, J: J, H: H}, params) AS sizes
        FROM matching GROUP BY flops
    ), ordered AS (
        SELECT *, min(params) OVER (
            ORDER BY flops DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
        FROM smallest
    )
    SELECT flops, params, sizes FROM ordered WHERE before IS NULL OR params < before ORDER BY flops DESC
"""
"""Padding keeps the length, as odd kernels do: the author of the SQL knows so."""


def by_sweep() -> set[tuple[int, int]]:
    """FLOPs and parameters of the front, by `convcost.sweep`."""
    found = convcost.sweep(
        SPEC, over=OVER, where=WHERE, pareto="flops:max,params", top=10_000, engine="duckdb"
    )
    return {(row.quantities["flops"], row.quantities["params"]) for row in found}


def by_hand() -> set[tuple[int, int]]:
    """The same, by SQL."""
    with duckdb.connect() as connection:
        return {(flops, params) for flops, params, _ in connection.execute(SQL).fetchall()}


def seconds(run: Callable[[], Any]) -> tuple[float, float]:
    """Wall-clock and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run()
    taken, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_by_cost() -> float:
    """Seconds for each design, by `convcost.cost`."""
    spec = convcost.parse(SPEC)
    designs = [{name: random.choice(values) for name, values in OVER.items()} for _ in range(SAMPLE)]
    return seconds(lambda: [spec.report(sizes).flops for sizes in designs])[0] / SAMPLE


def seconds_by_fvcore() -> float:
    """Seconds for each design, built and counted by fvcore."""

    def count(sizes: dict[str, int]) -> None:
        c, m, n, k, j, h = (sizes[name] for name in "CMNKJH")
        layers = (torch.nn.Conv2d(c, m, k, padding=k // 2), torch.nn.Conv2d(m, n, j, padding=j // 2))
        module = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]).eval()
        FlopCountAnalysis(module, torch.zeros(1, c, h, h)).total()

    designs = [{name: values[len(values) // 4] for name, values in OVER.items()} for _ in range(SAMPLE // 10)]
    return seconds(lambda: [*map(count, designs)])[0] / len(designs)


if __name__ == "__main__":
    number = math.prod(map(len, OVER.values()))
    assert by_sweep() == by_hand(), "both find the same front"
    both = [(seconds(by_sweep), seconds(by_hand)) for _ in range(RUNS)]
    (wall, cpu), (hand_wall, hand_cpu) = (
        [statistics.median(run[side][place] for run in both) for place in (0, 1)] for side in (0, 1)
    )
    print(f"{number:,} designs: {wall / hand_wall:.2f}x the time of the SQL by hand (aim: at most 1.5x),")
    print(f"  and {cpu / hand_cpu:.2f}x of its processor time: {wall:.2f} s and {hand_wall:.2f} s")
    for name, each in (("convcost.cost", seconds_by_cost()), ("fvcore", seconds_by_fvcore())):
        hours = each * number / 3600
        print(f"a loop over {name} would take {hours:,.0f} h: {each * number / wall:,.0f}x as long")
    print(
        f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
    )
