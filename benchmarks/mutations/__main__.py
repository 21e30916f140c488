"""`python -m benchmarks.mutations [FAMILY]...`, at the root: does anything notice a wrong formula?

Each error is put into a copy of the project; `convcost verify` runs there, and, if it finds nothing, the
tests of that family. Nothing is changed here. It takes about half an hour on two cores. The last line says
how many are caught; the exit code is 1 if one is not.
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
from typing import Literal, NamedTuple, get_args

from benchmarks.mutations.families import FAMILIES
from benchmarks.mutations.mutation import ROOT, Family, Mutation

COPIED = ("convcost", "tests", "examples", "pyproject.toml", "README.md")
BATCH_SIZES = 2

By = Literal["verify", "tests", "nothing"]


class Outcome(NamedTuple):
    """What noticed an error."""

    family: Family
    mutation: Mutation
    by: By


def main(names: list[str]) -> int:
    """Try the families named, or all of them; 1 if an error went unnoticed."""
    families = chosen(names)
    pairs = [(family, mutation) for family in families for mutation in family.mutations]
    with ThreadPoolExecutor(BATCH_SIZES) as pool:
        alike = {(family.kinds, family.tests): family for family in families}.values()
        for family, found in pool.map(lambda family: (family, noticed(family, None)), alike):
            if found != "nothing":
                raise SystemExit(f"{family.name}: {found} fails without any error in it")
        outcomes = [shown(outcome) for outcome in pool.map(lambda pair: tried(*pair), pairs)]
    summary(outcomes)
    return any(outcome.by == "nothing" for outcome in outcomes)


def chosen(names: list[str]) -> list[Family]:
    """The families named, or all of them."""
    known = {family.name: family for family in FAMILIES}
    for name in names:
        if name not in known:
            raise SystemExit(f"no family is called {name}; there are {', '.join(known)}")
    return [known[name] for name in names or known]


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
    """Whether `convcost verify` finds nothing new; a crash is no finding, and left to the tests."""
    result = run(copy, "convcost", "verify", "--kinds", ",".join(family.kinds), "--json")
    if not result.stdout.startswith("{"):
        print(f"{family.name}: verify said {result.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return True
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
    counts = {by: sum(outcome.by == by for outcome in outcomes) for by in get_args(By)}
    print(f"\n{counts['verify']} by verify, {counts['tests']} by tests alone")
    print(f"{len(outcomes) - counts['nothing']} of {len(outcomes)} caught")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
