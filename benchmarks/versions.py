"""The tests with other versions of torch and Python, each in an environment of its own.

    python benchmarks/versions.py 2.6.0 2.9.1 2.14.1
    python benchmarks/versions.py none --python python3.13
    python benchmarks/versions.py ~/torch-2.6/bin/python -- tests/tracing tests/counters

Each version of torch is installed from the package index: several GB, once, in `--folder`. "none" is an
environment without torch and fvcore, where tests of designs in text run. An interpreter is used as it is,
with what is installed there. What follows -- goes to pytest. Prints, for each version as it is done, how
many tests of each folder passed, then what failed; the exit code is 1 if anything did. pytest's progress is
shown on stderr.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

ROOT = Path(__file__).resolve().parents[1]
WITHOUT_TORCH = "none"
COUNTING = ("fvcore", "torch")
SPEC_ONLY = ("tests/spec", "tests/symbolic", "tests/cli/test_without_torch.py")
EXTRAS = ("hf", "onnx", "plots", "sweep", "test")
SKIPPED = "not slow and not spark and not browser"


def requirements() -> list[str]:
    """The requirements of convcost and its tests in pyproject.toml, without torch."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found = [*project["dependencies"], *(text for name in EXTRAS for text in extras[name])]
    return [text for text in found if not text.startswith(("convcost", "torch>"))]


def environment(torch: str, python: str, folder: Path) -> Path:
    """The interpreter of an environment with that version of torch; creates the environment if needed."""
    version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout
    place = folder / f"{version.strip().replace(' ', '-').lower()}-torch-{torch}"
    interpreter = place / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([python, "-m", "venv", place], check=True)
    needed = requirements()
    if torch == WITHOUT_TORCH:
        needed = [text for text in needed if not text.startswith(COUNTING)]
    else:
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", f"torch=={torch}"], check=True)
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *needed], check=True)
    itself = ("--no-deps", "--editable", str(ROOT))
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *itself], check=True)
    return interpreter


def run_tests(interpreter: Path, arguments: list[str]) -> tuple[dict[str, Counter[str]], list[str]]:
    """The numbers of passed, failed and skipped tests by folder, and the failed tests."""
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [interpreter, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--tb=no"]
        lines = output([*command, "-m", SKIPPED, f"--junitxml={report}", *arguments])
        cases = [*ET.parse(report).iter("testcase")] if report.exists() else []
    counts: dict[str, Counter[str]] = {}
    for case in cases:
        tests, *parts = (case.get("classname") or case.get("name", "")).split(".")
        package = parts[0] if len(parts) > 1 else tests
        outcomes = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcome = "passed" if not outcomes else "skipped" if outcomes == {"skipped"} else "failed"
        counts.setdefault(package, Counter())[outcome] += 1
    return counts, [line for line in lines if line.startswith(("FAILED", "ERROR"))] or lines[-1:]


def output(command: list[str | Path]) -> list[str]:
    """The lines of a command's output, shown on stderr as they come."""
    lines = []
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line.rstrip())
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "versions", nargs="+", help=f"of torch; {WITHOUT_TORCH!r} for none; or the path of an interpreter"
    )
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--folder", type=Path, default=Path(gettempdir(), "convcost-versions"))
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:end])
    print(f"{'torch':<24} {'tests':<10} {'passed':>8} {'failed':>8} {'skipped':>8}")
    failures = []
    for torch in options.versions:
        is_path = Path(torch).expanduser().is_file()
        interpreter = (
            Path(torch).expanduser() if is_path else environment(torch, options.python, options.folder)
        )
        chosen = given[end + 1 :] or [*(SPEC_ONLY if torch == WITHOUT_TORCH else ("tests",))]
        counts, failed = run_tests(interpreter, chosen)
        counts["all"] = sum(counts.values(), Counter())
        for package, found in counts.items():
            numbers = (f"{found[outcome]:>8}" for outcome in ("passed", "failed", "skipped"))
            print(f"{torch:<24} {package:<10}", *numbers, flush=True)
        if counts["all"]["failed"] or not counts["all"]["passed"]:
            failures += [f"{torch}: {line}" for line in failed]
    print(*failures, sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
