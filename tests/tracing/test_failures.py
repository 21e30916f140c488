"""A forward that fails is run no more often than it takes to know that the error is the user's own."""

import pytest
import torch
from torch import nn
from tracing.models import Calls
from tracing.targets import LINEAR, refused, run, written

from convcost.tracing.profile import Profiler, profile
from convcost.tracing.user_error import TargetError

OWN = {
    "raise": "raise ValueError(f'{tuple(x.shape)} is odd')",
    "assert": "assert len(x.shape) == 7",
    "an unknown name": "return nowhere(x)",
    "a missing submodule": "return self.nowhere(x)",
    "the end of the program": "import sys; sys.exit(3)",
    "an import": "import nowhere",
    "in a function it calls": "return check(x)",
}


PHASES = ("forward", "gradient by input", "gradient by weight", "recomputation")


def runs(capsys):
    """How often a model printed that it ran."""
    return capsys.readouterr().out.count("ran")


def code_that_prints(line):
    """A model that says that it runs before it comes to `line`."""
    code = LINEAR.replace("return self.fc(x)", f"print('ran')\n        {line}")
    return f"{code}def check(x):\n    raise KeyError('x')\n"


@pytest.mark.parametrize("line", OWN.values(), ids=OWN)
def test_an_error_of_the_users_own_ends_it_at_once(folder, capsys, line):
    written(folder / "net.py", code_that_prints(line))
    refused(TargetError, "net.py:Net", "[2,4]")
    assert runs(capsys) == 1


def test_a_constructor_that_raises_is_called_once(folder, capsys):
    raising = "print('ran')\n        raise OSError('no weights')"
    written(folder / "net.py", LINEAR.replace("super().__init__()", raising))
    refused(TargetError, "net.py:Net", "[2,4]")
    assert runs(capsys) == 1


def test_shapes_that_do_not_fit_are_confirmed_on_data(folder, capsys):
    written(folder / "net.py", code_that_prints("return self.fc(x)"))
    assert "(2x5 and 4x4)" in refused(TargetError, "net.py:Net", "[2,5]")
    assert runs(capsys) == 2


RUNS_ON_DATA = {
    "a value": "if x.sum() > 0: raise ValueError('positive')",
    "a translated error": (
        "try:\n            x.sum().item()\n        except RuntimeError:\n            raise OSError('empty')"
    ),
    "NumPy": "x.numpy()",
}


@pytest.mark.parametrize("line", RUNS_ON_DATA.values(), ids=RUNS_ON_DATA)
def test_what_only_data_can_tell_is_told_by_data(folder, line):
    written(folder / "net.py", code_that_prints(f"{line}\n        return self.fc(x)"))
    report = run("net.py:Net", "[2,4]").report
    assert (report.macs, report.trace.ran) == (32, "data")


def test_tensors_without_data_are_where_the_users_are(folder):
    line = "if x.device.type != 'cpu' or not x.is_cpu or x.is_meta: raise ValueError('CPU only')"
    written(folder / "net.py", code_that_prints(f"{line}\n        return self.fc(x)"))
    report = run("net.py:Net", "[2,4]").report
    assert (report.macs, report.trace.ran) == (32, "shapes")


def test_a_module_in_python_runs_once_into_its_own_error(capsys):
    def forward(module, x):
        print("ran")  # noqa: T201
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        profile(Calls(forward), torch.randn(3))
    assert runs(capsys) == 1


def test_gradients_inside_a_forward_need_no_data():
    def forces(module, x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(module.energy(x).sum(), x)[0]

    report = profile(Calls(forces, energy=nn.Linear(4, 1)), torch.randn(3, 4))
    assert (report.trace.total("forward").macs, report.trace.ran) == (24, "shapes")


def test_what_runs_on_data_tells_gradients_by_weights_from_those_by_inputs():
    def forward(module, x):
        if module.asks and x.sum() > 1e9:
            return x
        y = module.mixed(module.lstm(x)[0].mT).mT
        return module.attention(y, y, y)[0]

    held = {
        "lstm": nn.LSTM(8, 8),
        "mixed": nn.Conv1d(8, 8, 3, groups=4, padding=1),
        "attention": nn.MultiheadAttention(8, 2),
    }
    ran = {}
    for asks in (False, True):
        model = Calls(forward, asks=asks, **held)
        trace = Profiler(backward=True).profile(model, torch.randn(2, 5, 8)).trace
        ran[trace.ran] = [trace.total(phase).macs for phase in PHASES]
        assert not trace.uncounted
    assert ran["data"] == ran["shapes"] == [8480, 6240, 8160, 0]
