"""Nested tensors, strided and jagged: an operator costs what it costs on the components together."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from tracing.models import Calls

from convcost.core.trace import Phase
from convcost.tracing.profile import Profiler, profile
from convcost.tracing.recording.nested_tensors import NestedTensorError

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")

PARTS = [torch.randn(3, 16), torch.randn(5, 16)]
LENGTHS = 3 + 5
LAYOUTS = {"jagged": torch.jagged, "strided": torch.strided}


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return LAYOUTS[request.param]


def nested(layout, parts=PARTS):
    return torch.nested.nested_tensor(parts, layout=layout)


def heads(layout):
    parts = [torch.randn(length, 2, 8) for length in (3, 5)]
    return nested(layout, parts).transpose(1, 2)


def backward(model, *inputs) -> dict[Phase, int]:
    trace = Profiler(backward=True).profile(model, *inputs).trace
    assert trace.uncounted == ()
    return sum(trace.total(phase).macs for phase in ("gradient by input", "gradient by weight"))


def test_a_linear_layer_costs_the_sum_of_lengths(layout):
    report = profile(nn.Linear(16, 4), nested(layout))
    assert (report.macs, report.trace.uncounted) == (LENGTHS * 16 * 4, ())
    assert backward(nn.Linear(16, 4), nested(layout)) == LENGTHS * 16 * 4


def test_shapes_are_those_of_all_components_one_after_the_other(layout):
    report = profile(nn.Linear(16, 4), nested(layout))
    assert (report.input, report.output) == ((LENGTHS, 16), (LENGTHS, 4))
    assert report.trace.inputs[0].shape == (LENGTHS, 16)
    assert report.trace.operations[0].inputs[0] == (LENGTHS, 16)


def test_a_nested_tensor_that_forward_makes_is_counted(layout):
    def forward(module, *parts):
        return module.linear(torch.nested.as_nested_tensor(list(parts), layout=layout)).relu()

    model = Calls(forward, linear=nn.Linear(16, 16, bias=False))
    report = profile(model, *PARTS)
    assert (report.macs, report.cost.elementwise) == (LENGTHS * 16 * 16, LENGTHS * 16)
    assert backward(model, *PARTS) == LENGTHS * 16 * 16


def test_a_chain_costs_what_it_costs_on_the_rows_alone(layout):
    def forward(module, x):
        return module.norm(module.narrow(F.gelu(module.wide(x))) + x)

    held = {"wide": nn.Linear(16, 32), "narrow": nn.Linear(32, 16), "norm": nn.LayerNorm(16)}
    model = Calls(forward, **held)
    assert profile(model, nested(layout)).cost == profile(model, torch.cat(PARTS)).cost
    assert backward(model, nested(layout)) == backward(model, torch.cat(PARTS))


def test_attention_costs_the_squares_of_lengths(layout):
    x = heads(layout) if layout is torch.jagged else heads(layout).contiguous()
    report = profile(Calls(lambda _, x: F.scaled_dot_product_attention(x, x, x)), x)
    assert report.macs == 2 * (3 * 3 + 5 * 5) * (8 + 8)


def test_causal_attention_on_jagged_tensors_is_counted_where_torch_has_it_for_cuda_alone():
    model = Calls(lambda _, x: F.scaled_dot_product_attention(x, x, x, is_causal=True))
    report = profile(model, heads(torch.jagged))
    assert (report.macs, report.valid_macs) == (2 * (9 + 25) * 16, 2 * (6 + 15) * 16)


def test_gradients_of_attention_go_back_to_projections():
    def forward(module, x):
        query, key, value = (each(x).unflatten(-1, (2, 8)).transpose(1, 2) for each in module.projections)
        found = F.scaled_dot_product_attention(query, key, value)
        return module.out(found.transpose(1, 2).flatten(-2))

    projections = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))
    model = Calls(forward, projections=projections, out=nn.Linear(16, 16))
    attention, linear = 2 * (9 + 25) * 16, LENGTHS * 16 * 16
    assert profile(model, nested(torch.jagged)).macs == attention + 4 * linear
    assert backward(model, nested(torch.jagged)) == 2 * attention + 5 * linear


def test_products_of_components_are_counted():
    model = Calls(lambda _, x: x @ x.transpose(1, 2))
    assert profile(model, nested(torch.strided)).macs == (9 + 25) * 16


def test_gradients_of_products_of_components_are_counted():
    model = Calls(lambda module, x: (y := module.linear(x)) @ y.transpose(1, 2), linear=nn.Linear(16, 16))
    products, linear = (9 + 25) * 16, LENGTHS * 16 * 16
    assert backward(model, nested(torch.strided)) == 2 * products + linear


def test_a_matrix_for_each_component_and_one_for_all_cost_the_same():
    model = Calls(lambda module, x: x @ module.weight, weight=nn.Parameter(torch.randn(16, 4)))
    assert profile(model, nested(torch.jagged)).macs == LENGTHS * 16 * 4


def test_padding_costs_nothing_and_what_follows_pays_for_it(layout):
    model = Calls(lambda module, x: module.linear(x.to_padded_tensor(0.0)), linear=nn.Linear(16, 4))
    report = profile(model, nested(layout))
    assert (report.macs, report.trace.uncounted) == (2 * 5 * 16 * 4, ())


def test_components_taken_apart_are_counted_each(layout):
    model = Calls(lambda module, x: [module.linear(part) for part in x.unbind()], linear=nn.Linear(16, 4))
    assert profile(model, nested(layout)).macs == LENGTHS * 16 * 4


def test_rows_that_a_narrowed_tensor_leaves_out_are_not_counted():
    lengths = torch.tensor([3, 5])
    x = torch.nested.narrow(torch.randn(2, 7, 16), 1, torch.tensor([0, 1]), lengths, layout=torch.jagged)
    assert profile(Calls(lambda _, x: x.unbind()), x).trace.inputs[0].shape == (LENGTHS, 16)


def test_components_that_differ_in_several_sizes_are_shown_flat():
    x = nested(torch.strided, [torch.randn(3, 4), torch.randn(5, 2)])
    report = profile(Calls(lambda _, x: x.relu()), x)
    assert (report.trace.inputs[0].shape, report.cost.elementwise) == ((22,), 22)


def test_a_model_without_data_is_refused_in_a_sentence():
    with pytest.raises(NestedTensorError) as refused:
        profile(nn.Linear(16, 4, device="meta"), nested(torch.jagged))
    assert str(refused.value) == (
        "a nested tensor has its lengths as data, so the model and its inputs need data"
    )


def test_nested_inputs_and_their_gradients_are_left_as_they_were(layout):
    x, model = nested(layout).requires_grad_(), nn.Linear(16, 4)
    before = [part.clone() for part in x.detach().unbind()]
    Profiler(backward=True).profile(model, x)
    assert x.grad is None
    assert model.weight.grad is None
    assert all(map(torch.equal, before, x.detach().unbind()))
