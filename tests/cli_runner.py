"""Runs the command line in this process, or in a child process where that is needed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from convcost.cli import app

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "convcost")
FOUNDING = ("compare", "--E", "128", "--L", "10")
PLAIN = (*FOUNDING, "--counters", "none")


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


def convcost(*arguments: str, encoding: str = "utf-8") -> Outcome:
    """Run in this process, with streams of this encoding."""
    result = CliRunner(charset=encoding).invoke(app, arguments, prog_name="convcost")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def refused(*arguments: str) -> str:
    """The error message of a refused request, after checking that stdout is empty."""
    code, out, err = convcost(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("convcost: ")
    return err.removeprefix("convcost: ")


def record(*arguments: str) -> dict[str, Any]:
    """The command's JSON, without counters."""
    outcome = convcost(*arguments, "--json", "--counters", "none")
    assert outcome.err == ""
    return json.loads(outcome.out)


def environment(**changes: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | changes


def process(*arguments: str, **changes: str) -> Outcome:
    """Run in a child process with a changed environment."""
    result = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, env=environment(**changes), check=False
    )
    return Outcome(result.returncode, result.stdout.decode(), result.stderr.decode())


def shell(script: str, **changes: str) -> Outcome:
    """Run a shell script in which $convcost is the command."""
    variables = environment(convcost=" ".join(COMMAND), **changes)
    result = subprocess.run(["bash", "-c", script], capture_output=True, env=variables, check=False)
    return Outcome(result.returncode, result.stdout.decode(), result.stderr.decode())


def interruptible() -> None:
    """Restore interrupts, which background processes of a shell ignore, as do their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
