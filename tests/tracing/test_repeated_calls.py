"""A call that repeats an earlier one is not run: the report is the same as if it were."""

import warnings

import pytest
import torch
from tracing.repeating_models import FAMILIES, SEQUENCE

import convcost
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.profile import Profiler
from convcost.tracing.recording.repeated_calls import RepeatedCalls
from convcost.tracing.symbolic_shapes.profile import profile_open


def in_full(found):
    """All that a report says."""
    return (
        [tuple(row) for row in found.rows],
        found.cost,
        found.dtype,
        found.trace,
        getattr(found, "assumptions", ()),
    )


def outcome(run):
    """What `run` says of a model, or how it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return in_full(run())
        except Exception as error:
            return type(error), str(error).splitlines()[0]


def both_ways(run, monkeypatch):
    """With repetitions, and with each call run by itself."""
    torch.manual_seed(0)
    repeated = outcome(run)
    with monkeypatch.context() as patch:
        patch.setattr(RepeatedCalls, "run", lambda self, function, args, kwargs, run: run())
        torch.manual_seed(0)
        return repeated, outcome(run)


RUNS = {
    "on shapes": lambda model: convcost.profile(model, torch.empty(SEQUENCE, device="meta")),
    "on data": lambda model: convcost.profile(model, torch.zeros(SEQUENCE)),
    "backward and memory": lambda model: Profiler(backward=True, footprint="").profile(
        model, torch.zeros(SEQUENCE)
    ),
    "without gradients": torch.no_grad()(lambda model: convcost.profile(model, torch.zeros(SEQUENCE))),
    "open": lambda model: profile_open(model, (DeclaredTensor("float32", ("B", *SEQUENCE[1:])),)),
}


def combinations():
    """On shapes all families; in other ways some, and the others if slow tests are asked for."""
    for number, family in enumerate(FAMILIES):
        for run in RUNS:
            is_slow = run != "on shapes" and (run != "open" or number % 3)
            yield pytest.param(family, run, marks=[pytest.mark.slow] * bool(is_slow))


@pytest.mark.parametrize(("family", "run"), list(combinations()))
def test_the_report_is_the_same(family, run, monkeypatch):
    repeated, single = both_ways(lambda: RUNS[run](FAMILIES[family]()), monkeypatch)
    assert repeated == single


class TwoPullbacks(torch.nn.Module):
    """4 to 8 features, and on to 8: two functions whose gradients differ on the same shapes."""

    def __init__(self):
        super().__init__()
        self.narrow, self.wide = torch.nn.Linear(4, 8), torch.nn.Linear(8, 8)

    def forward(self, x):
        output, pull = torch.func.vjp(self.narrow, x)
        further, pull_further = torch.func.vjp(lambda x: self.wide(self.narrow(x)), x)
        return pull(torch.ones_like(output))[0] + pull_further(torch.ones_like(further))[0]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_each_pullback_goes_its_own_way_back(device):
    report = convcost.profile(TwoPullbacks().to(device), torch.zeros(2, 4, device=device))
    assert report.macs == 2 * (2 * 2 * 4 * 8 + 2 * 8 * 8)
    assert not report.trace.is_partial
