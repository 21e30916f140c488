"""A command that runs a model says so where the model ends it, and never ends well without a result."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_runner import COMMAND, environment, interruptible, process

from convcost.system.workers import can_fork

pytestmark = [
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(not can_fork(), reason="needs a system that can fork"),
]

NET = """\
import atexit, os, signal, sys, time
from torch import nn

{}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        {}

    def forward(self, x):
        {}
        return self.fc(x)


def inputs():
    os._exit(0)
"""
MODEL = ("model", "net.py:Net", "--input", "f32[2,4]")


@pytest.fixture
def written(folder):
    def write(top="", constructor="pass", forward="pass"):
        (folder / "net.py").write_text(NET.format(top, constructor, forward))

    return write


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("os._exit(0)", "its process ended with 0 and gave no answer"),
        ("os.abort()", "it was ended by SIGABRT"),
        ("os.kill(os.getpid(), 9)", "it was ended by SIGKILL (out of memory?)"),
        ("os.execv('/bin/true', ['true'])", "its process ended with 0 and gave no answer"),
    ],
)
def test_a_model_that_ends_the_command_is_told(written, ending, reason):
    written(forward=ending)
    assert process(*MODEL) == (2, "", f"convcost: the model ended the command: {reason}\n")


@pytest.mark.parametrize("place", ["top", "constructor", "forward"])
@pytest.mark.parametrize(
    "command",
    [
        MODEL,
        ("compare", "net.py:Net", "Linear(4, 4)", "--input", "f32[2,4]", "--counters", "none"),
        ("match", "Linear(4, E)", "net.py:Net", "--vary", "E", "--input", "f32[2,4]"),
    ],
    ids=lambda command: command[0],
)
def test_wherever_a_model_ends_a_command_it_fails(written, place, command):
    written(**{place: "os._exit(0)"})
    code, out, err = process(*command)
    assert (code, out) == (2, "")
    assert "its process ended with 0 and gave no answer" in err


def test_a_function_for_inputs_that_ends_the_command_is_told(written):
    written()
    code, out, err = process("model", "net.py:Net", "--inputs-from", "net.py:inputs")
    assert (code, out) == (2, "")
    assert "its process ended with 0" in err


@pytest.mark.parametrize(
    "forward",
    [
        "os.fork()",
        "os.fork() or (time.sleep(300), os._exit(0))",
        "os.close(1); os.close(2)",
        "os.write(1, b'x'); print('y')",
        "atexit.register(os._exit, 0)",
        "atexit.register(print, 'late')",
        "os.chdir('/')",
    ],
)
def test_a_model_that_does_odd_things_and_returns_has_one_result(written, forward):
    written(forward=forward)
    start = time.monotonic()
    code, out, _ = process(*MODEL, "--json")
    assert (code, json.loads(out)["macs"]) == (0, 32)
    assert time.monotonic() - start < 250


def test_the_exit_code_is_the_commands(written):
    written()
    assert process(*MODEL, "--sort", "nothing").code == 2
    assert process(*MODEL).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_a_model_that_goes_on_forever(written, number):
    written(forward="open('started', 'w').close()\n        while True: pass")
    command = subprocess.Popen(
        [*COMMAND, *MODEL],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=interruptible,
    )
    for _ in range(600):
        if Path("started").exists():
            break
        time.sleep(0.1)
    command.send_signal(number)
    out, err = command.communicate(timeout=60)
    assert out == b""
    assert b"Traceback" not in err
    assert command.returncode == 128 + number


STRAY = ("torch", "numpy", "random", "typing_extensions", "typer", "rich", "sympy", "calendar")


@pytest.mark.parametrize("target", ["pack.net:Net", "pack/net.py:Net", "net.py:Net"])
def test_no_file_of_the_working_folder_is_taken_for_an_installed_module(folder, target):
    code = "import calendar, numpy, random, sympy, typing_extensions\n" + NET.format("", "pass", "pass")
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").touch()
    (folder / "pack" / "net.py").write_text(code)
    (folder / "net.py").write_text(code)
    for name in STRAY:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the working folder')")
    code, out, err = process("model", target, "--input", "f32[2,4]")
    assert (code, err) == (0, "")
    assert "32" in out


def test_a_module_beside_the_file_comes_before_an_installed_one(folder):
    (folder / "pluggy.py").write_text("WIDTH = 4\n")
    (folder / "net.py").write_text(
        "import pluggy\nfrom torch import nn\ndef net(): return nn.Linear(pluggy.WIDTH, 4)\n"
    )
    assert process("model", "net.py:net", "--input", "f32[2,4]").code == 0


def test_what_is_installed_comes_before_a_module_of_the_working_folder(folder):
    (folder / "pluggy.py").write_text("from torch import nn\nnet = nn.Linear(4, 4)\n")
    assert process("model", "pluggy:net", "--input", "f32[2,4]").err.startswith("convcost: pluggy has no net")
