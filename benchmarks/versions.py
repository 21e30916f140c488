"""The tests with other versions of torch and Python, each in an environment of its own.

    python benchmarks/versions.py 2.6.0 2.9.1 2.14.1
    python benchmarks/versions.py none --python python3.13 -- tests/spec tests/cli/test_without_torch.py

Each version of torch is installed from the package index: several GB, once, in `--folder`. "none" is an
environment without torch and fvcore, where spec-only tests run. What follows -- goes to pytest. Prints a
line for each version as it is done, and what failed; the exit code is 1 if anything did.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

ROOT = Path(__file__).resolve().parents[1]
WITHOUT_TORCH = "none"
COUNTING = ("fvcore", "torch")
SPEC_ONLY = ("tests/spec", "tests/cli/test_without_torch.py")
SKIPPED = "not slow and not spark and not browser"


def requirements() -> list[str]:
    """What convcost and its tests need, as pyproject.toml says, but for torch."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found = [*project["dependencies"], *extras["plots"], *extras["sweep"], *extras["test"]]
    return [text for text in found if not text.startswith(("convcost", "torch>"))]


def environment(torch: str, python: str, folder: Path) -> Path:
    """The interpreter of an environment with that version of torch, which is made where it is missing."""
    place = folder / f"{Path(python).name}-torch-{torch}"
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


def run_tests(interpreter: Path, arguments: list[str]) -> tuple[dict[str, int], list[str]]:
    """How many tests passed, failed, could not be run and were skipped; which ones failed."""
    command = [interpreter, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--tb=no"]
    result = subprocess.run(
        [*command, "-m", SKIPPED, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = result.stdout.splitlines() or [""]
    counts = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", lines[-1])
    }
    return counts, [line for line in lines if line.startswith(("FAILED", "ERROR"))] or lines[-1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("versions", nargs="+", help=f"of torch; {WITHOUT_TORCH!r} for none")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--folder", type=Path, default=Path(gettempdir(), "convcost-versions"))
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:end])
    print(f"{'torch':<10} {'passed':>8} {'failed':>8} {'skipped':>8}")
    failures = []
    for torch in options.versions:
        interpreter = environment(torch, options.python, options.folder)
        chosen = given[end + 1 :] or [*(SPEC_ONLY if torch == WITHOUT_TORCH else ("tests",))]
        counts, failed = run_tests(interpreter, chosen)
        broken = counts.get("failed", 0) + counts.get("error", 0)
        print(
            f"{torch:<10} {counts.get('passed', 0):>8} {broken:>8} {counts.get('skipped', 0):>8}", flush=True
        )
        if broken or not counts.get("passed"):
            failures += [f"{torch}: {line}" for line in failed]
    print(*failures, sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
