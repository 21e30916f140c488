"""A model that breaks Python under convcost's feet: a short message, exit code 2, and nothing on stdout."""

import os
import subprocess

import pytest
from cli_runner import COMMAND, environment

from convcost.core.errors import ConvcostError
from convcost.tracing.target.loading import check_callable, load
from convcost.tracing.target.target import parse_place
from convcost.tracing.user_error import TargetError

NET = """
import builtins, os, sys
from torch import nn
class Base(BaseException): pass
{loading}
class Net(nn.Linear):
    def __init__(self):
        super().__init__(4, 4)
        {making}
    def forward(self, x):
        {running}
        return super().forward(x)
"""


def ran(folder, *options, loading="", making="pass", running="pass"):
    (folder / "net.py").write_text(NET.format(loading=loading, making=making, running=running))
    command = [*COMMAND, "model", "net.py:Net", "--input", "[2,4]", *options]
    result = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(), check=False, timeout=60
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("loading", "net.py could not be imported"),
        ("making", "net.py:Net could not be built"),
        ("running", "net.py:Net could not be run on (2, 4)"),
    ],
)
@pytest.mark.parametrize("raised", ["Base('why')", "GeneratorExit('why')"])
def test_what_is_no_ordinary_exception_is_told_like_one(place, said, raised, tmp_path):
    code, out, err = ran(tmp_path, **{place: f"raise {raised}"})
    name = raised.partition("(")[0]
    assert (code, out) == (2, "")
    assert err.startswith(f"convcost: {said}: {name}: why\n  net.py:")


def test_an_interrupt_that_a_model_raises_is_still_an_interrupt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "interrupted.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load(parse_place("interrupted.py:Net"))


def test_an_error_whose_text_raises_too_is_told_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "class Wordless(Exception):\n    def __str__(self): raise SystemExit\nraise Wordless"
    (tmp_path / "wordless.py").write_text(text)
    with pytest.raises(TargetError, match=r"^wordless\.py could not be imported: Wordless"):
        load(parse_place("wordless.py:Net"))


@pytest.mark.parametrize(
    "change", ["builtins.sum = lambda *_: 0", "builtins.isinstance = lambda *_: True", "os.fstat = None"]
)
def test_a_model_that_replaces_what_convcost_calls_ends_in_no_traceback(change, tmp_path):
    code, out, err = ran(tmp_path, running=change)
    assert (code, out) == (2, "")
    assert err.startswith("convcost: the command failed after the model ran: ")
    assert "Traceback" not in err


def test_a_write_that_a_model_replaced_is_not_waited_for(tmp_path):
    code, out, _ = ran(tmp_path, running="os.write = lambda *_: 0")
    assert code == 0
    assert "MACs" in out


def test_an_output_that_a_model_replaced_is_no_silent_success(tmp_path):
    code, out, err = ran(tmp_path, running="[os.dup2(2, number) for number in range(3, 5)]")
    assert (code, out) == (2, "")
    assert err.startswith("convcost: the model ")


@pytest.mark.parametrize("name", ["triton", "gmpy2", "flint"])
def test_a_neighbour_is_not_taken_for_an_optional_package(name, tmp_path):
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the neighbour ran')")
    command = [*COMMAND, "model", "torch.nn:ReLU", "--input", "f32[B,4]"]
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_python_s_own_function_is_not_called_through_an_object_of_the_user_s():
    class Caller:
        __call__ = staticmethod(os.mkdir)

    with pytest.raises(ConvcostError, match=r"^it is Python's own, from posix, so it is not run\n"):
        check_callable("it", Caller())


@pytest.mark.parametrize("place", ["loading", "making", "running"])
def test_a_model_that_never_ends_is_ended_and_named(place, tmp_path):
    code, out, err = ran(tmp_path, "--timeout", "3", **{place: "while True: pass"})
    assert (code, out) == (2, "")
    assert err == "convcost: the model was not counted in time\nGive it more time: --timeout SECONDS.\n"
