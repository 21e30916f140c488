"""`python -m benchmarks.mutations [FAMILY]...`, at the root: is every deliberate error in a formula noticed?

Each error is put into a copy of the project. There the tests named after the changed module run first, then
`convcost verify`, then the other tests of the family, until one fails. The processes are forked from one that
has imported torch, which saves most of the time. The project itself is not changed. The last line has the
number of errors that were noticed; the exit code is 1 if one was not.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import shutil
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Literal, NamedTuple, get_args

from benchmarks.mutations.families import FAMILIES
from benchmarks.mutations.mutation import ROOT, Family, Mutation

PRELOADED = (
    "torch",
    "torch.utils.flop_counter",
    "torch._subclasses",
    "fvcore.nn",
    "sympy",
    "numpy",
    "pytest",
)
COPIED = ("convcost", "tests", "examples", "pyproject.toml", "README.md")
PROCESSES = 2

Detector = Literal["tests", "verify", "nothing"]


class Outcome(NamedTuple):
    """An error, and what noticed it."""

    family: str
    error: str
    detector: Detector


def main(names: list[str]) -> int:
    """Try the families named, or all. Returns 1 if an error went unnoticed."""
    for module in PRELOADED:
        import_module(module)
    families = select_families(names)
    attempts = [(family, mutation) for family in families for mutation in family.mutations]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        if (detector := pool.apply(detect_nothing, (families,))) != "nothing":
            raise SystemExit(f"{detector} fails without an error")
        outcomes = [printed(outcome) for outcome in pool.imap(detect, attempts)]
    print_summary(outcomes)
    return any(outcome.detector == "nothing" for outcome in outcomes)


def select_families(names: list[str]) -> list[Family]:
    """The families named, or all."""
    families = {family.name: family for family in FAMILIES}
    for name in names:
        if name not in families:
            raise SystemExit(f"no family is called {name}; there are {', '.join(families)}")
    return [families[name] for name in names or families]


def detect_nothing(families: list[Family]) -> Detector:
    """What fails in an unchanged copy."""
    kinds = tuple(dict.fromkeys(kind for family in families for kind in family.kinds))
    tests = tuple(dict.fromkeys(test for family in families for test in family.tests))
    with TemporaryDirectory() as folder:
        copy_project(Path(folder))
        return detector_of(Path(folder), Family("all", kinds, tests, ""), ())


def detect(attempt: tuple[Family, Mutation]) -> Outcome:
    """What fails in a copy with the error."""
    family, mutation = attempt
    with TemporaryDirectory() as folder:
        copy_project(Path(folder))
        path = Path(folder) / "convcost" / mutation.file
        path.write_text(mutation.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        return Outcome(family.name, mutation.what, detector_of(Path(folder), family, nearest_tests(mutation)))


def copy_project(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder)


def nearest_tests(mutation: Mutation) -> tuple[str, ...]:
    """The test files that are named after the changed module."""
    module = Path(mutation.file).stem
    return tuple(str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob(f"test_{module}*.py")))


def detector_of(copy: Path, family: Family, nearest: Iterable[str]) -> Detector:
    if any(not tests_pass(copy, family, [test]) for test in nearest):
        return "tests"
    if family.kinds and not verify_agrees(copy, family):
        return "verify"
    return "nothing" if tests_pass(copy, family, family.tests) else "tests"


def verify_agrees(copy: Path, family: Family) -> bool:
    """Whether `convcost verify` finds no difference. A crash is no difference: tests must notice it."""
    _, output = run_module(copy, "convcost", "verify", "--kinds", ",".join(family.kinds), "--json")
    return not output.startswith("{") or bool(json.loads(output)["agrees"])


def tests_pass(copy: Path, family: Family, tests: Iterable[str]) -> bool:
    present = [test for test in tests if (copy / test).exists()]
    code, output = run_module(copy, "pytest", "-q", "-x", "-p", "no:cacheprovider", *present)
    if code not in (0, 1):
        raise SystemExit(f"{family.name}: pytest ended with {code}: {output[-600:]}")
    return code == 0


def run_module(copy: Path, module: str, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of `python -m MODULE`, forked with the imports of this process."""
    with TemporaryFile("w+") as output:
        process = os.fork()
        if process == 0:
            become_module(copy, module, arguments, output)
        _, status = os.waitpid(process, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


def become_module(copy: Path, module: str, arguments: Iterable[str], output: IO[str]) -> None:
    """Run a module in this process and end it."""
    code = 70
    try:
        os.dup2(output.fileno(), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.chdir(copy)
        os.environ.update(PYTHONPATH=str(copy), OMP_NUM_THREADS="1")
        sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        os._exit(code)


def printed(outcome: Outcome) -> Outcome:
    print(f"{outcome.detector:8} {outcome.family}: {outcome.error}", flush=True)
    return outcome


def print_summary(outcomes: list[Outcome]) -> None:
    counts = {name: sum(outcome.detector == name for outcome in outcomes) for name in get_args(Detector)}
    print(f"\n{counts['tests']} by tests, {counts['verify']} by verify alone")
    print(f"{len(outcomes) - counts['nothing']} of {len(outcomes)} noticed")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
