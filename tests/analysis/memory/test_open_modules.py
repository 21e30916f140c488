"""Memory of torch modules with open sizes: formulas that come to what a run on numbers holds."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol, sympify
from torch import nn

from convcost import Profiler, memory
from convcost.tracing.symbolic_shapes.profile import profile_open
from convcost.tracing.target.inputs import Declared

FIGURES = ("parameters", "buffers", "activations", "forward_peak", "training_peak")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out = nn.Conv1d(4, 8, 3, padding=1), nn.Conv1d(8, 4, 3, padding=1)

    def forward(self, x):
        return x + self.out(torch.relu(self.into(x)))


MODELS = {
    "perceptron": (lambda: nn.Sequential(nn.Linear(6, 20), nn.GELU(), nn.Linear(20, 5)), ("B", 6)),
    "residual": (Residual, ("B", 4, "L")),
    "strided": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        ("B", 3, "H", 32),
    ),
    "transformer": (
        lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True),
        ("B", "S", 16),
    ),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", ["", "bf16"])
def test_formulas_come_to_what_a_run_on_numbers_holds(name, dtype):
    make, shape = MODELS[name]
    model = make()
    opened = memory(profile_open(model, (Declared("float32", shape),), footprint=dtype))
    assert opened.reason == ""

    @settings(max_examples=5)
    @given(st.fixed_dictionaries({size: st.integers(8, 60) for size in shape if isinstance(size, str)}))
    def holds(sizes):
        given_shape = [sizes.get(size, size) for size in shape]
        report = Profiler(footprint=dtype).profile(model, torch.empty(given_shape, device="meta"))
        numbers = memory(report)
        for figure in FIGURES:
            formula = sympify(getattr(opened, figure))
            by_name = {symbol: sizes[symbol.name] for symbol in formula.atoms(Symbol)}
            assert formula.subs(by_name) == getattr(numbers, figure)

    holds()


def test_why_nothing_is_known_is_said():
    class Picky(nn.Linear):
        def forward(self, x):
            if self.training:
                raise TypeError("it is trained already")
            return super().forward(x)

    report = profile_open(Picky(4, 4).eval(), (Declared("float32", ("B", 4)),), footprint="")
    found = memory(report)
    assert (found.activations, found.reason) == (None, "TypeError: it is trained already")
    assert found.parameters == 80
