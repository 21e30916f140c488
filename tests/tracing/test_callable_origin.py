"""What a text names is called only if it is the user's own or an installed package's."""

import os
import sys

import pytest
from tracing.targets import LINEAR, refused, run, written

from convcost.core.errors import UsageError
from convcost.tracing.target.loading import load_formulas
from convcost.tracing.target.target import parse_place

CODE = (
    """
import functools, os, subprocess, operator
"""
    + LINEAR
    + """
call = subprocess.call
part = functools.partial(os.system, "touch touched")
twice = functools.partial(functools.partial(os.system), "touch touched")
caller = operator.methodcaller("upper")
shout = "text".upper

class Shell:
    run = staticmethod(os.system)
    def build(self): return Net()
    @classmethod
    def new(cls): return Net()
    def __call__(self): return Net()

shell = Shell()
class Plain: pass
def make(): return Net()
@functools.lru_cache
def cached(): return Net()
@functools.wraps(make)
def wrapped(): return Net()
small = functools.partial(Net, width=4)
module = Net()
lazily = lambda: Net()
def number(): return 3
FORMULAS = {"a::b": os.system}
"""
)


@pytest.mark.parametrize(
    "name",
    ["Net", "make", "cached", "wrapped", "small", "module", "lazily", "shell", "shell.build", "Shell.new"],
)
def test_what_makes_a_module_is_taken(folder, name):
    written(folder / "net.py", CODE)
    assert run(f"net.py:{name}", "[2,4]").report.macs == 32


@pytest.mark.parametrize(
    "name", ["call", "part", "twice", "caller", "shout", "Shell.run", "os.system", "subprocess.call", "print"]
)
def test_a_function_of_pythons_is_not_called(folder, name):
    written(folder / "net.py", CODE + "print = print\n")
    message = refused(UsageError, f"net.py:{name}", "[2,4]")
    assert message.endswith(", so it is not run\nGive a function of your own or of an installed package.")
    message = refused(UsageError, "net.py:Net", maker=f"net.py:{name}")
    assert ", so it is not run\n" in message
    assert not (folder / "touched").exists()


@pytest.mark.parametrize("name", ["Plain", "subprocess.Popen", "Shell"])
def test_a_class_that_is_no_module_is_not_called(folder, name):
    written(folder / "net.py", CODE)
    assert "expected a torch.nn.Module, or a class or function that makes one" in refused(
        UsageError, f"net.py:{name}", "[2,4]"
    )


@pytest.mark.parametrize(
    "target",
    ["os:system", "posix:system", "subprocess:call", "builtins:print", "antigravity:fly", "os.path:join"],
)
def test_a_module_of_pythons_is_not_imported(folder, target):
    before = set(sys.modules)
    source = target.partition(":")[0]
    message = f"{source} is Python's own module, not a model\n"
    assert refused(UsageError, target, "[4]").startswith(message)
    assert refused(UsageError, "net.py:Net", maker=target).startswith(("there is no file", message))
    assert "antigravity" not in set(sys.modules) - before


def test_what_is_called_returns_a_module(folder):
    written(folder / "net.py", CODE)
    assert refused(UsageError, "net.py:number", "[4]").startswith(
        "net.py:number returned an int; expected a torch.nn"
    )


def test_a_formula_is_the_users_own(folder):
    written(folder / "net.py", CODE)
    with pytest.raises(UsageError, match=r"^the formula of a::b in net\.py:FORMULAS is Python's own"):
        load_formulas(parse_place("net.py:FORMULAS"))


def test_inputs_come_from_something_that_can_be_called(folder):
    written(folder / "net.py", CODE + "values = [1]\n")
    message = refused(UsageError, "net.py:Net", maker="net.py:values")
    assert message == "net.py:values is a list; expected a function that returns the inputs"


@pytest.mark.parametrize("name", ["random", "token", "types"])
def test_a_file_with_the_name_of_a_module_of_pythons_is_loaded_beside_it(folder, name):
    __import__(name)
    before = sys.modules[name]
    written(folder / f"{name}.py", LINEAR)
    assert run(f"{name}.py:Net", "[2,4]").report.macs == 32
    assert run(f"./{name}.py:Net", "[2,4]").report.macs == 32
    assert sys.modules[name] is before


def test_a_file_that_is_no_plain_file_or_too_large_is_not_imported(folder):
    (folder / "large.py").touch()
    os.truncate(folder / "large.py", 30 * 10**9)
    assert refused(UsageError, "large.py:Net", "[4]").startswith("large.py is larger than 16 MiB\n")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.py")
        assert refused(UsageError, "pipe.py:Net", "[4]").startswith("pipe.py is not a regular file\n")
