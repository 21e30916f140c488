"""The memory of designs with branches: rules against what torch holds, formulas, and what has no rule."""

import pytest
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from sequence_designs import sequence_designs
from sympy import Symbol, sympify

from convcost import cost, memory
from convcost.render.formulas import short_text
from convcost.spec import parse
from convcost.tracing.network_memory import network_footprint

FIGURES = ("activations", "forward_peak", "training_peak")


def figures(found):
    return tuple(getattr(found, figure) for figure in FIGURES)


def measured(text, **sizes):
    """With the moments of AdamW, which does not run."""
    found = network_footprint(parse(text).network(sizes))
    assert not found.reason
    stored = found.parameters + found.inputs
    return found.kept, stored + found.forward, stored + 3 * found.parameters + found.training


def holds_what_torch_holds(text, **sizes):
    """Whether by a rule or as it was measured, which the report says."""
    found = memory(cost(text, **sizes))
    assert figures(found) == measured(text, **sizes)
    assert found.ran in (None, "shapes")


@settings(max_examples=25)
@given(designs(depth=3), st.integers(2, 5))
def test_a_design_with_branches_holds_what_torch_holds(text, channels):
    holds_what_torch_holds(text, C=channels)


@settings(max_examples=30)
@given(sequence_designs())
def test_views_and_products_hold_what_torch_holds(text):
    holds_what_torch_holds(text)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(designs(), st.integers(2, 5))
def test_a_design_with_branches_holds_what_torch_holds_over_many(text, channels):
    holds_what_torch_holds(text, C=channels)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(sequence_designs(8))
def test_views_and_products_hold_what_torch_holds_over_many(text):
    holds_what_torch_holds(text)


@settings(max_examples=30)
@given(designs(depth=2), st.integers(2, 9))
def test_a_formula_comes_to_the_number_that_its_sizes_give(text, channels):
    formulas, numbers = memory(cost(text)), memory(cost(text, C=channels))
    if numbers.ran:
        assert figures(formulas) == (None, None, None)
        return
    for formula, number in zip(figures(formulas), figures(numbers), strict=True):
        assert sympify(formula).subs({Symbol("C", positive=True, integer=True): channels}) == number


BY_RULE = [
    "[2, 8, 6, 4] -> x + (Conv2d(8, 8, 3, padding=1) -> BatchNorm2d(8) -> ReLU)",
    "[2, 8, 6, 4] -> ReLU -> x * (AdaptiveAvgPool2d(1) -> Conv2d(8, 2, 1) -> ReLU -> Conv2d(2, 8, 1))",
    "[2, 8, 6, 4] -> concat(Conv2d(8, 4, 1), Conv2d(8, 6, 1) -> Conv2d(6, 8, 3, padding=1), dim=1) -> ReLU",
    "[3, 4] -> add(x, [4], [2, 1, 1]) -> mul(x, GELU, [4])",
    "[2, 8, 6] -> matmul(x, GELU -> transpose(1, 2)) -> Softmax(-1) -> matmul(x, [2, 8, 3])",
    '[2, 3, 8] -> einsum("bqd,bkd->bqk", Linear(8, 5), Linear(8, 5)) -> Softmax(-1)',
    "[2, 6, 4] -> permute(0, 2, 1) -> Conv1d(4, 5, 3) -> ReLU",
    "[2, 6, 4] -> ReLU -> mean(1) -> Linear(4, 3)",
    "[2, 6, 4] -> ReLU -> sum(1)",
]


@pytest.mark.parametrize("text", BY_RULE)
def test_what_has_rules_is_not_run(text):
    found = memory(cost(text))
    assert (found.ran, found.reason) == (None, "")
    assert figures(found) == measured(text)


def test_a_residual_keeps_what_its_branch_keeps_and_nothing_for_the_sum():
    kept_by_convolution, kept_by_relu = 2 * 8 * 6 * 4, 2 * 8 * 6 * 4
    found = memory(cost("[2, 8, 6, 4] -> x + (Conv2d(8, 8, 3, padding=1) -> ReLU)"))
    assert found.activations == 4 * (kept_by_convolution + kept_by_relu)


def test_definitions_are_measured_too():
    text = "mixed(T) = permute(0, 2, 1) -> Linear(T, T); [2, 3, 4] -> mixed(3) -> GELU"
    found = memory(cost(text))
    assert found.ran == "shapes"
    assert figures(found) == measured(text)


def test_what_the_branches_start_from_is_in_use_until_they_are_joined():
    tensor, narrow, wide = 4 * 100, 4 * 10, 4 * 60
    found = memory(cost("[1, 100] -> ReLU -> concat(Linear(100, 10), Linear(100, 50), dim=1)"))
    given = tensor
    assert found.forward_peak == found.parameters + given + tensor + narrow + (wide - narrow) + wide


def test_the_gradient_of_a_tensor_that_is_read_twice_is_a_sum_in_memory_of_its_own():
    given = relu = output = of_sum = of_tanh = total = 400
    found = memory(cost("[100] -> ReLU -> x + Tanh"))
    assert found.training_peak == given + relu + output + of_sum + of_tanh + total


def test_what_the_output_does_not_depend_on_is_not_kept():
    found = memory(cost("[100] -> ReLU -> add([100], [100])"))
    inputs = 3 * 400
    assert (found.activations, found.forward_peak) == (0, inputs + 400 + 400)


UNKNOWN = [
    (
        "[B, T, 4] -> permute(0, 2, 1) -> reshape(B, 4*T)",
        "torch may copy the input of reshape to put its elements in order",
    ),
    (
        "[B, 8, T, 4] -> matmul(x, [B, 1, 4, T])",
        "torch may copy the input of matmul to put its elements in order",
    ),
    (
        "[B, T, 4] -> MultiheadAttention(4, 2, batch_first=True)(x, [B, 5, 4])",
        "no rule for the saved tensors of MultiheadAttention with several inputs",
    ),
    (
        "[B, T, 4] -> CosineSimilarity()(x, [B, T, 4])",
        "no rule for the saved tensors of CosineSimilarity with several inputs",
    ),
    (
        "[B, T, 4] -> Linear(4, 4) -> sum(1)",
        "torch may copy the gradient of Linear, which is that of a sum",
    ),
    (
        "[B, T, 4] -> concat(Linear(4, 3), Linear(4, 5), dim=2)",
        "torch may copy the gradient of Linear to put its elements in order",
    ),
]


@pytest.mark.parametrize(("text", "reason"), UNKNOWN)
def test_what_has_no_rule_is_measured_once_its_sizes_are_given(text, reason):
    opened, numbers = memory(cost(text)), memory(cost(text, B=2, T=3))
    assert figures(opened) == (None, None, None)
    assert opened.reason == f"{reason}; give every size a value, and they are measured"
    assert (numbers.ran, numbers.reason) == ("shapes", "")
    assert figures(numbers) == measured(text, B=2, T=3)


def test_a_sum_of_reports_holds_what_the_designs_one_after_the_other_hold():
    first, second = "x + Linear(4, 4)", "add(GELU, Linear(4, 4), [3, 4])"
    both = cost(f"[3, 4] -> {first}") + cost(f"[3, 4] -> {second}")
    chain = cost(f"[3, 4] -> {first} -> {second}")
    assert figures(memory(both)) == figures(memory(chain))
    assert [row.sources for row in both.rows] == [row.sources for row in chain.rows]
    assert both.inputs == chain.inputs


def test_the_dtype_of_a_layer_sets_the_bytes_of_what_it_makes():
    text = "[3, 4] -> Linear(4, 5, dtype=torch.float16) -> x + Tanh"
    own, as_float32 = memory(cost(text)), memory(cost(text), "float32")
    assert (own.parameters, as_float32.parameters) == (2 * 25, 4 * 25)
    assert as_float32.activations == 2 * own.activations


READ = [
    (
        "[B,C,H,W] -> x + (Conv2d(C,C,3,padding=1,bias=False) -> ReLU)",
        ("8·B·C·H·W", "12·B·C·H·W + 36·C²", "20·B·C·H·W + 144·C²"),
    ),
    (
        "[B,C,H,W] -> concat(Conv2d(C,C,1,bias=False), Conv2d(C,C,1,bias=False), dim=1)",
        ("4·B·C·H·W", "20·B·C·H·W + 8·C²", "28·B·C·H·W + 32·C²"),
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_the_figures_are_formulas_that_people_read(text, expected):
    found = memory(cost(text))
    assert tuple(short_text(figure, longest=100) for figure in figures(found)) == expected


def test_a_composite_layer_without_a_rule_is_measured():
    text = "[2, 3, 8] -> TransformerEncoderLayer(8, 2, 16, batch_first=True)"
    found = memory(cost(text))
    assert (found.ran, found.reason) == ("shapes", "")
    assert figures(found) == measured(text)
