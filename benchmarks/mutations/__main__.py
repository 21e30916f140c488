"""`python benchmarks/mutations [FAMILY]...`: does anything notice a wrong formula?

Each error is put into a copy of the project; `convcost verify` runs there, and, if it finds nothing, the
tests of that family. Nothing is changed here. It takes about ten minutes on two cores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from layer_errors import FAMILIES as LAYERS
from mutation import Family, Mutation
from operator_errors import FAMILIES as OPERATORS

ROOT = Path(__file__).parents[2]
COPIED = ("convcost", "tests", "examples", "pyproject.toml", "README.md")
AT_ONCE = 2

By = Literal["verify", "tests", "nothing"]


class Outcome(NamedTuple):
    """What noticed an error."""

    family: Family
    mutation: Mutation
    by: By


def main(names: list[str]) -> int:
    """Try the families named, or all of them; 1 if an error went unnoticed."""
    families = [family for family in (*LAYERS, *OPERATORS) if not names or family.name in names]
    pairs = [(family, mutation) for family in families for mutation in family.mutations]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for family, found in pool.map(lambda family: (family, noticed(family, None)), families):
            if found != "nothing":
                raise SystemExit(f"{family.name}: {found} fails without any error in it")
        outcomes = [shown(outcome) for outcome in pool.map(lambda pair: tried(*pair), pairs)]
    summary(outcomes)
    return any(outcome.by == "nothing" for outcome in outcomes)


def tried(family: Family, mutation: Mutation) -> Outcome:
    return Outcome(family, mutation, noticed(family, mutation))


def noticed(family: Family, mutation: Mutation | None) -> By:
    """What fails in a copy that has the error."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        copied(copy)
        if mutation:
            path = copy / "convcost" / mutation.file
            path.write_text(mutation.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        if family.kinds and not verifies(copy, family):
            return "verify"
        return "nothing" if passes(copy, family) else "tests"


def copied(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)


def verifies(copy: Path, family: Family) -> bool:
    """Whether `convcost verify` finds nothing new; a crash is no finding."""
    result = run(copy, "convcost", "verify", "--kinds", ",".join(family.kinds), "--json")
    if not result.stdout.startswith("{"):
        raise SystemExit(f"{family.name}: verify said {result.stderr[-600:]}")
    agrees: bool = json.loads(result.stdout)["agrees"]
    return agrees


def passes(copy: Path, family: Family) -> bool:
    tests = [test for test in family.tests if (copy / test).exists()]
    result = run(copy, "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)
    if result.returncode not in (0, 1):
        raise SystemExit(f"{family.name}: pytest said {result.stdout[-600:]}")
    return result.returncode == 0


def run(copy: Path, *module: str) -> subprocess.CompletedProcess[str]:
    variables = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", *module]
    return subprocess.run(command, cwd=copy, env=variables, capture_output=True, text=True, check=False)


def shown(outcome: Outcome) -> Outcome:
    print(f"{outcome.by:8} {outcome.family.name}: {outcome.mutation.what}", flush=True)
    return outcome


def summary(outcomes: list[Outcome]) -> None:
    counts = {by: sum(outcome.by == by for outcome in outcomes) for by in ("verify", "tests", "nothing")}
    caught = counts["verify"] + counts["tests"]
    share = f"{counts['verify']} by verify, {counts['tests']} by tests alone"
    print(f"\n{caught} of {len(outcomes)} noticed: {share}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
