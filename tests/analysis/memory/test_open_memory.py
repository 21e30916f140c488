"""Memory as formulas in open sizes, against the numbers that it is once they are put in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol, sympify

from convcost import cost, memory
from convcost.render.formulas import short_text

FIGURES = ("parameters", "gradients", "optimizer_state", "activations", "forward_peak", "training_peak")

SPECS = {
    "[B, S, 10E] -> Linear(10E, E)": {},
    "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)": {},
    "[B, E] -> Linear(E, 4E) -> GELU -> Linear(4E, F) -> ReLU -> Dropout -> Linear(F, 10)": {},
    "[B, 3, H, W] -> Conv2d(3, 8, 7, 2, 3) -> BatchNorm2d(8) -> ReLU(inplace=True) -> MaxPool2d(3, 2, 1)": {},
    "[B, 3, H, W] -> (Conv2d(3, 3, 3) -> ReLU) x 4 -> Flatten": {"H": 9, "W": 9},
    "[B*S, E, L] -> Conv1d(E, 2E, 3, padding=2, padding_mode=circular) -> InstanceNorm1d(2E)": {"L": 2},
}


@settings(max_examples=30)
@given(st.sampled_from(sorted(SPECS)), st.data())
def test_a_formula_comes_to_the_number_that_its_sizes_give(spec, data):
    opened = cost(spec)
    least = SPECS[spec]
    sizes = {name: data.draw(st.integers(least.get(name, 1), 40)) for name in opened.open_names}
    formulas, numbers = memory(opened), memory(cost(spec, **sizes))
    for figure in FIGURES:
        formula = sympify(getattr(formulas, figure))
        by_name = {symbol: sizes[symbol.name] for symbol in formula.atoms(Symbol)}
        assert formula.subs(by_name) == getattr(numbers, figure)


READ = [
    ("[B, E] -> Linear(E, F, bias=False)", "8·B·E + 8·B·F + 16·E·F"),
    ("[B, 4, E] -> Softmax", "64·B·E"),
    ("[B, E] -> Linear(E, F, bias=False) -> Linear(F, E, bias=False)", "12·B·E + 8·B·F + 32·E·F"),
    (
        "[B, E] -> Linear(E, F, bias=False) -> ReLU -> Linear(F, E, bias=False)",
        "32·E·F + max(12·B·E + 8·B·F, 8·B·E + 12·B·F)",
    ),
]


@pytest.mark.parametrize(("spec", "expected"), READ)
def test_the_peak_of_a_training_step_is_a_formula_that_people_read(spec, expected):
    assert short_text(memory(cost(spec)).training_peak, longest=100) == expected
