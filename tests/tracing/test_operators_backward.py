"""What a backward costs where torch has an operator for it, and of what is one operator forward."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import torchgen
import yaml
from models import Calls
from torch import nn

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.backward import estimated_backward
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import Profiler
from convcost.tracing.recording.known_operators import known_overload

PHASES = ("forward", "gradient by input", "gradient by weight")

SIZES = {"output": ShapeOperand((2, 3))}


def phases(module, *inputs):
    trace = Profiler(backward=True).profile(module, *inputs).trace
    found = (trace.total(phase) for phase in PHASES)
    return [(cost.macs, cost.valid_macs, cost.bias_adds) for cost in found]


@pytest.mark.parametrize(
    ("name", "operations"),
    [("native_layer_norm_backward", 10), ("batch_norm_backward", 10), ("_softmax_backward_data", 4)],
)
def test_the_backward_of_elementwise_work_is_estimated_for_each_element(name, operations):
    operator = OPERATORS[name]
    assert operator.estimated
    assert operator.cost(**SIZES, grad_out=SIZES["output"]) == Cost(elementwise=operations * 6)


@pytest.mark.parametrize("kind", [nn.GroupNorm, nn.LayerNorm])
def test_a_norms_backward_costs_as_much_where_only_its_parameters_have_gradients(kind):
    model = nn.GroupNorm(2, 6) if kind is nn.GroupNorm else nn.LayerNorm(6)
    trace = Profiler(backward=True).profile(model, torch.ones(4, 6)).trace
    assert trace.total("gradient by input") == Cost(elementwise=10 * 24)


def test_a_table_is_added_to_for_each_element_looked_up():
    model, indices = nn.Embedding(1000, 8), torch.zeros(2, 3, dtype=torch.int64)
    trace = Profiler(backward=True).profile(model, indices).trace
    assert trace.total("gradient by input") == Cost(elementwise=2 * 3 * 8)


def test_the_gradient_of_a_slice_is_a_copy():
    trace = Profiler(backward=True).profile(Calls(lambda _, x: x[:, 1:]), leaf(2, 3)).trace
    assert (trace.total("gradient by input"), trace.uncounted) == (Cost(), ())


@pytest.mark.parametrize("function", [F.relu, F.gelu, F.silu, torch.tanh, torch.sigmoid, F.elu])
def test_the_gradient_of_every_activation_is_a_derivative_and_its_product(function):
    trace = Profiler(backward=True).profile(Calls(lambda _, x: function(x)), leaf(2, 3)).trace
    assert trace.total("gradient by input") == Cost(elementwise=2 * 6)


def leaf(*shape):
    return torch.ones(shape, requires_grad=True)


def test_a_backward_that_is_not_listed_is_a_derivative_and_its_product():
    operator = estimated_backward("gelu_backward")
    assert operator.estimated
    assert operator.cost(**SIZES) == Cost(elementwise=2 * 6)


@pytest.mark.parametrize("name", ["linear_backward", "_cdist_backward", "lstm_mps_backward", "gelu"])
def test_a_backward_that_multiplies_matrices_is_not_estimated(name):
    assert estimated_backward(name) is None


@pytest.mark.parametrize(("is_causal", "pairs"), [(False, 5 * 7), (True, 5 * 6 // 2)])
def test_the_backward_of_attention_has_four_products_and_one_of_the_scores(is_causal, pairs):
    query, key, value = ShapeOperand((2, 4, 5, 8)), ShapeOperand((2, 4, 7, 8)), ShapeOperand((2, 4, 7, 6))
    found = OPERATORS["_scaled_dot_product_flash_attention_for_cpu_backward"].cost(
        query=query, key=key, value=value, is_causal=is_causal
    )
    widths = 2 * 8 + 2 * 6
    assert (found.macs, found.valid_macs) == (2 * 4 * 5 * 7 * widths, 2 * 4 * pairs * widths)


def test_the_backward_of_attention_leaves_out_what_is_not_asked_for():
    query, key = ShapeOperand((2, 4, 5, 8)), ShapeOperand((2, 4, 7, 8))
    found = OPERATORS["_scaled_dot_product_efficient_attention_backward"].cost(
        query=query, key=key, value=key, grad_input_mask=[False, False, True, False]
    )
    assert found.macs == 2 * 4 * 5 * 7 * 8


@pytest.mark.parametrize(("name", "operations"), [("bilinear2d", 7), ("linear1d", 3), ("trilinear3d", 15)])
def test_an_interpolation_goes_back_by_the_weights_of_its_forward(name, operations):
    operator = OPERATORS[f"upsample_{name}_backward"]
    assert operator.estimated
    assert operator.cost(grad_output=ShapeOperand((2, 6))) == Cost(elementwise=operations * 12)


def test_gradients_of_causal_attention_are_of_the_pairs_that_see_each_other():
    query, key, value = (torch.randn(2, 4, 10, 8, requires_grad=True) for _ in range(3))
    model = Calls(lambda _, *qkv: F.scaled_dot_product_attention(*qkv, is_causal=True))
    forward, by_input, by_weight = phases(model, query, key, value)
    assert forward == (8 * 100 * 16, 8 * 55 * 16, 0)
    assert by_input == (2 * 8 * 100 * 16, 2 * 8 * 55 * 16, 0)
    assert by_weight == (0, 0, 0)


def test_every_output_is_gone_back_from():
    model = Calls(lambda module, x: (module.first(x), module.second(x)), **heads())
    assert phases(model, torch.randn(3, 4))[2] == (3 * 4 * (5 + 6), 3 * 4 * (5 + 6), 3 * (5 + 6))


def heads():
    return {"first": nn.Linear(4, 5), "second": nn.Linear(4, 6)}


BATCH, STEPS, INPUT, HIDDEN = 2, 5, 3, 7

CELLS = {nn.LSTMCell: 4, nn.GRUCell: 3, nn.RNNCell: 1}


@pytest.mark.parametrize("kind", CELLS, ids=lambda kind: kind.__name__)
def test_a_cell_has_a_gradient_by_each_of_its_matrices_and_what_they_multiply(kind):
    states = [torch.randn(BATCH, HIDDEN, requires_grad=True) for _ in range(2 if kind is nn.LSTMCell else 1)]
    cell = Calls(lambda module, x, *hx: module.cell(x, hx if hx[1:] else hx[0]), cell=kind(INPUT, HIDDEN))
    rows = CELLS[kind] * HIDDEN
    macs, sums = BATCH * rows * (INPUT + HIDDEN), 2 * BATCH * rows
    forward, by_input, by_weight = phases(cell, torch.randn(BATCH, INPUT, requires_grad=True), *states)
    assert (forward, by_input, by_weight) == ((macs, macs, sums), (macs, macs, 0), (macs, macs, sums))


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_recurrent_layer_goes_back_through_every_matrix_but_those_of_an_input_that_needs_nothing(
    kind, directions
):
    layer = kind(INPUT, HIDDEN, bidirectional=directions == 2, batch_first=True)
    positions, rows = BATCH * STEPS, (4 if kind is nn.LSTM else 3) * HIDDEN * directions
    of_input, of_hidden = positions * rows * INPUT, positions * rows * HIDDEN
    for needed, extra in ((False, 0), (True, of_input)):
        x = torch.randn(BATCH, STEPS, INPUT, requires_grad=needed)
        forward, by_input, by_weight = phases(layer, x)
        whole = of_input + of_hidden
        assert forward == (whole, whole, 2 * positions * rows)
        assert by_input == (of_hidden + extra, of_hidden + extra, 0)
        assert by_weight == (whole, whole, 2 * positions * rows)


def test_a_plain_recurrent_layer_whose_next_matrix_fits_behind_its_hidden_one_has_no_projection():
    layer = nn.RNN(1, 4, num_layers=3, bias=False, bidirectional=True)
    forward, by_input, by_weight = phases(layer, torch.randn(1, 1))
    assert forward[0] == by_weight[0] == by_input[0] + 2 * 4 * 1


@pytest.mark.parametrize("has_biases", [False, True])
def test_a_recurrent_layer_as_onednn_runs_it_costs_its_two_matrices_and_biases(has_biases):
    rows = 4 * HIDDEN
    weights = (
        ShapeOperand((rows, INPUT)),
        ShapeOperand((rows, HIDDEN)),
        ShapeOperand((rows,)),
        ShapeOperand((rows,)),
    )
    found = OPERATORS["mkldnn_rnn_layer"].cost(
        input=ShapeOperand((STEPS, BATCH, INPUT)),
        **{f"weight{place}": weight for place, weight in enumerate(weights)},
        mode=2,
        has_biases=has_biases,
    )
    positions = STEPS * BATCH
    macs = positions * rows * (INPUT + HIDDEN)
    sums = 2 * positions * rows if has_biases else 0
    assert found == Cost(macs, macs, sums, positions * HIDDEN * 22)


MODES = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
    3: ("nearest", "nearest-exact", "trilinear", "area"),
}
INTERPOLATED = [
    *((mode, dimensions, False) for dimensions, modes in MODES.items() for mode in modes),
    *((mode, 2, True) for mode in ("bilinear", "bicubic", "lanczos")),
]


@pytest.mark.parametrize(("mode", "dimensions", "antialias"), INTERPOLATED)
def test_the_gradient_of_every_interpolation_is_counted_in_the_backward(mode, dimensions, antialias):
    class Upsampled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return F.interpolate(x * self.scale, scale_factor=2, mode=mode, antialias=antialias)

    trace = Profiler(backward=True).profile(Upsampled(), torch.ones(1, 2, *[4] * dimensions)).trace
    assert trace.uncounted == ()
    gradients = [found for found in trace.operations if found.operator.endswith("_backward")]
    assert [found.phase for found in gradients] == ["gradient by input"]


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_the_gradient_of_the_module_upsample_is_counted_too(mode):
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Upsample(scale_factor=2, mode=mode))
    trace = Profiler(backward=True).profile(model, torch.ones(1, 1, 4, 4)).trace
    assert (trace.is_partial, [phase for _, phase in _backward(trace)]) == (False, ["gradient by input"])


def test_the_gradient_of_a_nearest_interpolation_is_a_sum_for_each_output():
    assert OPERATORS["upsample_nearest2d_backward"].cost(grad_output=ShapeOperand((2, 6))) == Cost(
        elementwise=12
    )


def _backward(trace):
    return [(each.operator, each.phase) for each in trace.operations if "upsample" in each.operator][-1:]


def _is_known(name):
    packet = getattr(torch.ops.aten, name)
    found = [known_overload(getattr(packet, overload)) for overload in packet.overloads()]
    return any(each.operator is not None or each.is_composite for each in found)


def _gradients():
    """By operator, the operators that torch's own table of derivatives computes its gradients with."""
    table = Path(torchgen.__file__).parent / "packaged" / "autograd" / "derivatives.yaml"
    for entry in yaml.safe_load(table.read_text()):
        formulas = " ".join(str(formula) for key, formula in entry.items() if key not in ("name", "dispatch"))
        called = set(re.findall(r"\b(\w+_(?:backward|backward_data|grad|backward_impl))\(", formulas))
        yield re.split(r"[.(]", entry["name"])[0], sorted(n for n in called if hasattr(torch.ops.aten, n))


def test_every_operator_with_a_formula_has_its_gradient_counted_too():
    pairs = [(name, found) for name, gradients in _gradients() if _is_known(name) for found in gradients]
    assert len(pairs) > 100
    assert [pair for pair in pairs if not _is_known(pair[1])] == []


def test_every_backward_operator_of_torch_whose_forward_has_a_formula_is_known():
    names = {name.partition("::")[2].partition(".")[0] for name in torch._C._dispatch_get_all_op_names()}
    pairs = {name: name.replace("_backward", "", 1) for name in names if "_backward" in name}
    found = [name for name, forward in pairs.items() if forward in OPERATORS and not _is_known(name)]
    assert found == []


def test_a_layer_of_onednn_goes_back_by_inputs_and_by_weights():
    weights = {
        f"weight{n}": ShapeOperand(shape) for n, shape in enumerate(((16, 3), (16, 4), (16,), (16,)), 1)
    }
    cost = OPERATORS["mkldnn_rnn_layer_backward"].cost(
        input=ShapeOperand((5, 2, 3)), **weights, mode=2, has_biases=True, output=ShapeOperand((5, 2, 4))
    )
    assert cost == Cost(2 * 10 * 16 * 7, 2 * 10 * 16 * 7, 10 * 32)
