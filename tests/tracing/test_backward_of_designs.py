"""What a training step's backward costs: of a design as of its module, as numbers and as formulas."""

import pytest
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import sympify

import convcost
from convcost.core.cost import Cost
from convcost.core.errors import WrongTypeError
from convcost.spec import parse
from convcost.symbolic.sympy_bridge import symbol
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import Profiler

FORWARD, BY_INPUT, BY_WEIGHT = "forward", "gradient by input", "gradient by weight"

DESIGNS = {
    "dense": "[B, S, 10E] -> Linear(10E, E) -> ReLU -> 2 x Linear(E, E, bias=False)",
    "convolutions": "[B, E, L] -> Conv1d(E, 2E, K) -> ReLU -> MaxPool1d(2) -> Conv1d(2E, E, K, groups=E)",
    "normalized": "[B, E, S, L] -> BatchNorm2d(E) -> Conv2d(E, E, K, padding=1) -> GroupNorm(1, E) -> GELU",
    "nothing to train before": "[B, E, L] -> ReLU -> AvgPool1d(2) -> Conv1d(E, E, K) -> Softmax(1)",
    "nothing to train": "[B, E, L] -> Tanh -> MaxPool1d(2) -> Flatten",
    "looked up": "[B, S] -> Embedding(10, E) -> LayerNorm(E) -> Linear(E, 4E) -> SiLU -> Linear(4E, E)",
    "filled": "[B, E, L] -> 2 x Conv1d(E, E, K, padding=1, padding_mode=reflect)",
    "upsampled": "[B, E, L] -> Conv1d(E, E, K) -> ConvTranspose1d(E, 2E, K, stride=2) -> PReLU",
    "blocks": "[B, E, S, L] -> PixelUnshuffle(2) -> Conv2d(4E, E, 1) -> Unfold(K) -> Linear(4, 3)",
    "two inputs": "[B, S, E] -> Linear(E, 2E) -> Bilinear(E, E, 3) -> LogSoftmax(-1)",
}
SIZES = {"B": 2, "S": 4, "E": 3, "L": 12, "K": 3}
SIZES_OF = {"blocks": {**SIZES, "L": 4, "K": 1}}


def sizes_of(name, text):
    return {size: value for size, value in SIZES_OF.get(name, SIZES).items() if size in parse(text).names}


def counted(name, **options):
    text = DESIGNS[name]
    return convcost.cost(text, sizes=sizes_of(name, text), **options)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_goes_back_as_its_module_does(name):
    spec = parse(DESIGNS[name])
    module, inputs = build_network(spec.network(sizes_of(name, spec.source)), "meta")
    traced = Profiler(backward=True).profile(module, *inputs)
    assert counted(name, backward=True).phases == traced.phases


@pytest.mark.parametrize("name", DESIGNS)
def test_the_forward_costs_the_same_with_its_backward_and_without(name):
    design = DESIGNS[name]
    with_it, without = convcost.cost(design, backward=True), convcost.cost(design)
    assert [row._replace(gradients=None) for row in with_it.rows] == list(without.rows)
    assert with_it.assumptions == without.assumptions
    assert (without.has_gradients, without.phases) == (False, {})


@pytest.mark.parametrize("name", DESIGNS)
def test_formulas_in_open_sizes_are_the_numbers_at_these_sizes(name):
    design = DESIGNS[name]
    sizes = sizes_of(name, design)
    closed, opened = counted(name, backward=True), convcost.cost(design, backward=True)
    assert opened.subs(**sizes).phases == closed.phases
    given = {symbol(name): size for name, size in sizes.items()}
    found = {
        phase: tuple(sympify(quantity).subs(given) for quantity in quantities(cost))
        for phase, cost in opened.phases.items()
    }
    assert found == {phase: quantities(cost) for phase, cost in closed.phases.items()}


def quantities(cost):
    return cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise


def test_the_founding_pair_has_a_backward_of_as_many_products_by_weights_and_half_of_them_by_inputs():
    dense = convcost.cost("[B, S, L*E] -> Linear(L*E, E)", backward=True, L=10).phases
    conv = convcost.cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=same)", backward=True, L=10).phases
    shown = [{phase: str(cost.macs) for phase, cost in phases.items()} for phases in (dense, conv)]
    assert shown == [
        {FORWARD: "10*B*E**2*S", BY_WEIGHT: "10*B*E**2*S"},
        {FORWARD: "60*B*E**2*S", BY_INPUT: "30*B*E**2*S", BY_WEIGHT: "60*B*E**2*S"},
    ]


def test_valid_macs_of_the_backward_leave_out_what_reads_padding():
    phases = convcost.cost("[1, 2, 10] -> 2 x Conv1d(2, 2, 3, padding=1)", backward=True).phases
    assert phases[BY_INPUT] == Cost(10 * 2 * 2 * 3, 28 * 2 * 2)


def test_only_what_comes_from_parameters_needs_a_gradient():
    rows = convcost.cost("[1, 4] -> Linear(4, 4) -> ReLU -> Linear(4, 2)", backward=True).rows
    assert [row.gradients.by_input.macs for row in rows] == [0, 0, 8]
    assert [row.gradients.by_input.elementwise for row in rows] == [0, 8, 0]


def test_what_is_asked_for_stays_asked_for_where_sizes_are_put_in_or_designs_added_up():
    design = convcost.cost("[B, E] -> Linear(E, E)", backward=True)
    assert design.subs(E=4).has_gradients
    both = (design + design).subs(E=4)
    assert (both.has_gradients, str(both.phases[BY_WEIGHT].macs)) == (True, "32*B")


def test_a_sum_of_which_one_part_has_no_backward_has_none():
    both = convcost.cost("Linear(3, 4)", backward=True) + convcost.cost("Linear(4, 5)")
    assert (both.has_gradients, both.phases, both.training_flops) == (False, {}, None)


def test_a_size_may_be_called_backward():
    assert convcost.cost("Linear(backward, 4)", backward=3).params == 16
    assert convcost.compare("Linear(backward, 4)", "Linear(4, 4)", backward=3).first.params == 16


def test_a_backward_that_is_no_bool_is_refused():
    with pytest.raises(WrongTypeError):
        convcost.cost("Linear(3, 4)", backward="yes")


LAYERS = st.sampled_from(
    (
        *("Conv1d(4, 4, 3, padding=1)", "Conv1d(4, 4, 3, padding=1, groups=2, bias=False)", "ReLU", "GELU"),
        *("BatchNorm1d(4)", "BatchNorm1d(4, affine=False)", "GroupNorm(2, 4)", "MaxPool1d(3, 1, 1)"),
        *("Softmax(1)", "Dropout(0.5)", "ConvTranspose1d(4, 4, 3, padding=1)", "Linear(8, 8)", "PReLU"),
        *("ReflectionPad1d((1, -1))", "AvgPool1d(3, 1, 1)", "Identity", "LayerNorm(8)", "Hardswish"),
    )
)


@settings(max_examples=25)
@given(st.lists(LAYERS, min_size=1, max_size=6))
def test_any_chain_goes_back_as_its_module_does(layers):
    spec = parse(f"[2, 4, 8] -> {' -> '.join(layers)}")
    module, inputs = build_network(spec.network({}), "meta")
    traced = Profiler(backward=True).profile(module, *inputs)
    assert spec.report({}, backward=True).phases == traced.phases


def goes_back_as_its_module_does(text, **sizes):
    spec = parse(text)
    module, inputs = build_network(spec.network(sizes), "meta")
    traced = Profiler(backward=True).profile(module, *inputs)
    assert spec.report(sizes, backward=True).phases == traced.phases


BRANCHES = (
    "[2, 4] -> x + Linear(4, 4)",
    "[2, 4] -> Linear(4, 4) -> x + Linear(4, 4)",
    "[2, 4] -> Linear(4, 4) -> add(x, ReLU, Linear(4, 1), [4])",
    "[2, 4] -> Linear(4, 4) -> x * (Linear(4, 1) -> Sigmoid)",
    "[2, 4] -> mul(x, Linear(4, 4), Linear(4, 1))",
    "[2, 4] -> mul(Linear(4, 1), x, [3, 1, 1], Linear(4, 4))",
    "[2, 4] -> Linear(4, 4) -> concat(x, Tanh, x, [2, 3], dim=1)",
    "[2, 4] -> Linear(4, 4) -> matmul(x, transpose(0, 1))",
    "[2, 4] -> matmul(x, [4, 3]) -> Linear(3, 3) -> matmul(x, [3, 5])",
    "[2, 4, 5] -> Linear(5, 5) -> x * mean((1, 2), keepdim=True) -> sum(0)",
    '[2, 4, 5] -> einsum("bij,bkj->bik", Linear(5, 5), x) -> select(1, 0)',
    '[2, 4, 5] -> Linear(5, 5) -> einsum("bij,bij->bij", x, Tanh)',
    "[2, 4] -> Linear(4, 4) -> add([2, 3] -> Linear(3, 3), [2, 3])",
    '[2, 1, 6, 4] -> matmul(einsum("bchw,bdhw->bcd", Conv2d(1, 1, 1), Conv2d(1, 1, 1)) -> Softmax(-1), '
    "Conv2d(1, 1, 1) -> reshape(2, 1, 24))",
    "[2, 4] -> Linear(4, 4) -> 3 x (x + (ReLU -> Linear(4, 4)) + Tanh)",
)


@pytest.mark.parametrize("text", BRANCHES)
def test_every_tensor_has_the_gradients_that_come_from_its_uses(text):
    goes_back_as_its_module_does(text)


@settings(max_examples=30, deadline=None)
@given(designs(depth=3), st.integers(1, 5))
def test_any_design_goes_back_as_its_module_does(text, channels):
    goes_back_as_its_module_does(text, C=channels)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(designs(), st.integers(1, 5))
def test_any_of_many_designs_goes_back_as_its_module_does(text, channels):
    goes_back_as_its_module_does(text, C=channels)


def test_what_does_not_lead_to_the_output_has_no_backward():
    design = "[2, 4] -> 2 x Linear(4, 4) -> add([2, 3] -> Linear(3, 3), [2, 3])"
    rows = convcost.cost(design, backward=True).rows
    assert [row.gradients.total.macs for row in rows] == [0, 0, 18, 0]
    goes_back_as_its_module_does(design)
