"""Time of writing a million designs to Parquet, against DuckDB's COPY of the same columns."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

import convcost

ROUNDS = 5
DESIGN = "[B,C,H,H] -> Conv2d(C, M, K, padding=K//2) -> Conv2d(M, C, 1)"
OVER = {"C": "1:100", "M": "1:50", "K": "1:19:2", "H": "1:20"}
COLUMNS = "flops,params,bytes,arithmetic_intensity"

QUERY = """
SELECT 'Conv2d -> Conv2d' AS design, C, M, K, H,
       2*H*H*C*M*(K*K + 1) AS flops, C*M*(K*K + 1) + M + C AS params,
       4*(2*C*H*H + C*M*(K*K + 1) + M + C) AS bytes, flops / bytes AS arithmetic_intensity,
       concat('[1,', C, ',', H, ',', H, '] -> Conv2d(', C, ', ', M, ', ', K, ', padding=', K,
              '//2) -> Conv2d(', M, ', ', C, ', 1)') AS spec
FROM range(1, 101) a(C), range(1, 51) b(M), range(1, 20, 2) c(K), range(1, 21) d(H)
"""


def seconds(run: Callable[[], object]) -> float:
    """Seconds that a function takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Time both alternately, and check that both files have the same rows."""
    with TemporaryDirectory() as folder:
        own, copied = str(Path(folder, "own.parquet")), str(Path(folder, "copied.parquet"))
        connection = duckdb.connect()
        copy = f"COPY ({QUERY}) TO '{copied}' (FORMAT parquet, COMPRESSION zstd)"
        runs = {
            "DuckDB's COPY": lambda: connection.execute(copy),
            "convcost, DuckDB": lambda: convcost.sweep(
                DESIGN, over=OVER, columns=COLUMNS, out=own, engine="duckdb"
            ),
            "convcost, NumPy": lambda: convcost.sweep(
                DESIGN, over=OVER, columns=COLUMNS, out=own, engine="numpy"
            ),
        }
        times = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                times[name].append(seconds(run))
        difference = f"(FROM '{own}' EXCEPT FROM '{copied}') UNION ALL (FROM '{copied}' EXCEPT FROM '{own}')"
        assert not connection.execute(difference).fetchall()
        floor = median(times["DuckDB's COPY"])
        for name, each in times.items():
            print(f"{name}: {median(each):.2f} s, {median(each) / floor:.2f} times (aim: under 3)")


if __name__ == "__main__":
    main()
