"""Nothing is left behind by timing, whatever a module does; and what fails is said with its place."""

import random

import pytest
import torch
from quick_timing import quick_stopwatch, timed_module
from torch import nn

import convcost
from convcost.core.errors import ConvcostError
from convcost.tracing.target.profile import ProfiledModel
from convcost.tracing.user_error import TargetError


class Fails(nn.Linear):
    """Its forward fails after so many runs."""

    def __init__(self, error, runs):
        super().__init__(4, 4)
        self.error, self.runs = error, [runs]

    def forward(self, x):
        torch.rand(1)
        random.random()
        self.runs[0] -= 1
        if self.runs[0] < 0:
            raise self.error
        return super().forward(x)


def state(module):
    return (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.initial_seed(),
        torch.get_rng_state().tolist(),
        random.getstate(),
        module.training,
        [(p.tolist(), p.grad, p._version, p.dtype) for p in module.parameters()],
    )


@pytest.mark.parametrize("grad", [True, False])
def test_nothing_of_the_caller_s_changes(grad):
    module, x = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout()), torch.ones(3, 4)
    with torch.set_grad_enabled(grad):
        before = state(module), x.tolist()
        timed_module(module, x, backward=True, threads=torch.get_num_threads() + 1, dtype="float64")
        assert (state(module), x.tolist()) == before


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("odd"), TargetError),
        (SystemExit(0), TargetError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["error", "exit", "interrupt"],
)
def test_nothing_changes_either_where_it_is_cut_short(error, raised):
    module, x = Fails(error, 1_000_000), torch.ones(3, 4)
    report = convcost.profile(module, x)
    module.runs[0] = 3
    before = state(module)
    with pytest.raises(raised):
        quick_stopwatch(threads=torch.get_num_threads() + 1).timed(
            (report,), lambda: (ProfiledModel(report, module, (x,)),)
        )
    assert state(module) == before


def test_a_forward_that_fails_is_said_with_its_place():
    module, x = Fails(ValueError("odd"), 1_000_000), torch.ones(3, 4)
    report = convcost.profile(module, x)
    module.runs[0] = 0
    with pytest.raises(
        ConvcostError, match=r"Fails could not be run: ValueError: odd\n  .*test_cut_short\.py"
    ):
        quick_stopwatch().timed((report,), lambda: (ProfiledModel(report, module, (x,)),))


def test_a_forward_that_fails_later_on_is_said_with_its_place_too():
    module, x = Fails(SystemExit(0), 1_000_000), torch.ones(3, 4)
    report = convcost.profile(module, x)
    module.runs[0] = 3
    message = r"Fails ran once, but failed in a later run: it ended the program, sys\.exit\(0\)\n  .*:\d+"
    with pytest.raises(TargetError, match=message):
        quick_stopwatch().timed((report,), lambda: (ProfiledModel(report, module, (x,)),))
