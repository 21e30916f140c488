"""Compares generated specs with torch on the meta device: shapes, parameters and MACs.

`python benchmarks/agreement.py 1000000 [SEED]`; prints each difference as it is found.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice

from torch.utils.flop_counter import FlopCounterMode

from convcost.layers import KINDS
from convcost.tracing.network_module import build_network
from convcost.tracing.tensors import first_tensor
from convcost.verify.cases import Case, generate_cases
from convcost.verify.checks import no_gradients

BLOCK = 40
"""The cases of a kind before the next one's turn."""

UNCOUNTED = ("Bilinear",)
"""The kinds whose FLOPs FlopCounterMode has as 0 on the meta device."""

REPORTED = 10_000
"""After so many it is said how far it is."""


def specs(seed: int) -> Iterator[Case]:
    """An endless iterator of distinct specs of all kinds in turn."""
    seen = set[int]()
    for turn in count(seed):
        for kind in KINDS:
            for case in generate_cases(kind, BLOCK, turn):
                if (key := hash(case.spec)) not in seen:
                    seen.add(key)
                    yield case


def disagreement(case: Case) -> str:
    """The difference from torch, or an empty text."""
    [row] = case.report.rows
    module, inputs = build_network(case.network, "meta")
    with no_gradients(), FlopCounterMode(display=False) as counted:
        output = first_tensor(module(*inputs))
    theirs = sorted(tuple(each.shape) for each in module.parameters())
    is_uncounted = row.kind in UNCOUNTED
    pairs = {
        "output": (tuple(output.shape), row.output),
        "parameters": (theirs, sorted(row.parameters.values())),
        "FLOPs": (counted.get_total_flops(), 0 if is_uncounted else 2 * case.report.macs),
    }
    return ", ".join(
        f"{name} {torch} is {ours} here" for name, (torch, ours) in pairs.items() if torch != ours
    )


def run(number: int, seed: int) -> Counter[str]:
    """The numbers of specs that agree and that disagree."""
    outcomes: Counter[str] = Counter()
    start = time.perf_counter()
    for case in islice(specs(seed), number):
        try:
            found = disagreement(case)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        outcomes["disagrees" if found else "agrees"] += 1
        if found:
            print(f"{case.spec}: {found}", flush=True)
        if outcomes.total() % REPORTED == 0:
            print(
                f"{outcomes.total():,} specs, {time.perf_counter() - start:,.0f} s: {dict(outcomes)}",
                flush=True,
            )
    return outcomes


if __name__ == "__main__":
    number, seed = (int(text) for text in (*sys.argv[1:], "100000", "0")[:2])
    print(f"{number:,} specs: {dict(run(number, seed))}")
