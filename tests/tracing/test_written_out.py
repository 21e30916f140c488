"""What is one operator in torch costs what it does written out in small ones."""

import math

import pytest
import torch
from models import Calls
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import Profiler, profile

BATCH, STEPS, INPUT, HIDDEN = 2, 5, 3, 7
POSITIONS = BATCH * STEPS


def lstm_step(cell, x, state):
    hidden, memory = state
    gates = nn.functional.linear(x, cell.weight_ih_l0, cell.bias_ih_l0) + nn.functional.linear(
        hidden, cell.weight_hh_l0, cell.bias_hh_l0
    )
    i, f, g, o = gates.chunk(4, 1)
    memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
    return o.sigmoid() * memory.tanh(), memory


def gru_step(cell, x, state):
    (hidden,) = state
    r_in, z_in, n_in = nn.functional.linear(x, cell.weight_ih_l0, cell.bias_ih_l0).chunk(3, 1)
    r_hid, z_hid, n_hid = nn.functional.linear(hidden, cell.weight_hh_l0, cell.bias_hh_l0).chunk(3, 1)
    r, z = (r_in + r_hid).sigmoid(), (z_in + z_hid).sigmoid()
    n = (n_in + r * n_hid).tanh()
    return ((1 - z) * n + z * hidden,)


def rnn_step(cell, x, state):
    (hidden,) = state
    ours = nn.functional.linear(x, cell.weight_ih_l0, cell.bias_ih_l0)
    return ((ours + nn.functional.linear(hidden, cell.weight_hh_l0, cell.bias_hh_l0)).tanh(),)


RECURRENT = {nn.LSTM: (lstm_step, 2), nn.GRU: (gru_step, 1), nn.RNN: (rnn_step, 1)}


def written_out(cell, step, states):
    def forward(_, x):
        state = tuple(torch.zeros(BATCH, HIDDEN) for _ in range(states))
        for position in range(STEPS):
            state = step(cell, x[:, position], state)
        return state[0]

    return Calls(forward, cell=cell)


@pytest.mark.parametrize("kind", RECURRENT, ids=lambda kind: kind.__name__)
def test_a_recurrent_layer_costs_what_its_cell_does_at_each_position(kind):
    cell = kind(INPUT, HIDDEN, batch_first=True)
    x = torch.zeros(BATCH, STEPS, INPUT)
    assert profile(cell, x).cost == profile(written_out(cell, *RECURRENT[kind]), x).cost


@pytest.mark.parametrize("kind", RECURRENT, ids=lambda kind: kind.__name__)
def test_a_recurrent_cell_costs_what_the_layer_does_at_one_position(kind):
    cell = getattr(nn, f"{kind.__name__}Cell")(INPUT, HIDDEN)
    layer = kind(INPUT, HIDDEN, batch_first=True)
    one, all_steps = profile(cell, torch.zeros(1, INPUT)), profile(layer, torch.zeros(1, STEPS, INPUT))
    assert [STEPS * each for each in costs(one)] == costs(all_steps)


@pytest.mark.parametrize("kind", RECURRENT, ids=lambda kind: kind.__name__)
def test_the_gates_of_a_recurrent_layer_have_gradients_as_in_its_cell_at_each_position(kind):
    """Every state that a step returns is used, as that of each position but the last is."""
    step, states = RECURRENT[kind]
    layer, one = kind(INPUT, HIDDEN, batch_first=True), [torch.randn(1, HIDDEN) for _ in range(states)]
    cell = Calls(lambda module, x, *state: step(module.layer, x, state), layer=layer)
    inputs = [torch.randn(1, INPUT), *one]
    of_step = elementwise_gradients(cell, *(each.requires_grad_() for each in inputs))
    assert of_step > 0
    assert elementwise_gradients(layer, torch.randn(1, STEPS, INPUT)) == STEPS * of_step


def elementwise_gradients(module, *inputs):
    report = Profiler(backward=True).profile(module, *inputs)
    phases = ("gradient by input", "gradient by weight")
    return sum(each.cost.elementwise for each in report.trace.operations if each.phase in phases)


def costs(report):
    return [report.macs, report.valid_macs, report.bias_adds, report.elementwise]


def test_two_directions_and_two_layers_each_have_their_units():
    layer = nn.LSTM(INPUT, HIDDEN, num_layers=2, bidirectional=True, batch_first=True)
    report = profile(layer, torch.zeros(BATCH, STEPS, INPUT))
    assert report.elementwise == POSITIONS * 4 * HIDDEN * 22
    assert report.bias_adds == POSITIONS * 4 * 2 * 4 * HIDDEN
    assert report.output == (BATCH, STEPS, 2 * HIDDEN)


@pytest.mark.parametrize(("probability", "operations"), [(0.0, 0), (0.5, 2), (1.0, 1)])
@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize("kind", RECURRENT, ids=lambda kind: kind.__name__)
def test_dropout_between_layers_costs_what_it_does_between_modules(
    kind, is_bidirectional, probability, operations
):
    options = {"batch_first": True, "bidirectional": is_bidirectional}
    width, inputs = HIDDEN * (2 if is_bidirectional else 1), torch.randn(BATCH, STEPS, INPUT)
    stacked = kind(INPUT, HIDDEN, 2, dropout=probability, **options)
    apart = Calls(
        lambda module, x: module.second(module.dropout(module.first(x)[0]))[0],
        first=kind(INPUT, HIDDEN, **options),
        dropout=nn.Dropout(probability),
        second=kind(width, HIDDEN, **options),
    )
    for is_training in (False, True):
        one, two = (
            Profiler(backward=True).profile(each.train(is_training), inputs) for each in (stacked, apart)
        )
        assert costs(one) == costs(two)
    in_evaluation = profile(stacked.eval(), inputs).elementwise
    assert one.elementwise - in_evaluation == operations * POSITIONS * width


def test_a_packed_sequence_runs_in_both_directions_whatever_its_dropout():
    """Its arguments stand one place further on."""
    layer = nn.GRU(INPUT, HIDDEN, bidirectional=True, batch_first=True)
    packs = Calls(
        lambda module, x: module.layer(pack_padded_sequence(x, [STEPS] * len(x), batch_first=True))[0].data,
        layer=layer,
    )
    inputs = torch.randn(BATCH, STEPS, INPUT)
    one, two = (Profiler(backward=True).profile(each, inputs) for each in (packs, layer))
    assert one.cost == two.cost
    assert one.output == (POSITIONS, 2 * HIDDEN)
    for phase in ("gradient by input", "gradient by weight"):
        assert one.trace.total(phase) == two.trace.total(phase)


def test_projected_units_are_the_hidden_ones():
    layer = nn.LSTM(INPUT, HIDDEN, proj_size=4, batch_first=True)
    assert profile(layer, torch.zeros(BATCH, STEPS, INPUT)).elementwise == POSITIONS * HIDDEN * 22


def attention_written_out(_, query, key, value):
    scores = (query @ key.mT) * (1 / math.sqrt(query.shape[-1]))
    return scores.softmax(-1) @ value


def attention(_, query, key, value):
    return nn.functional.scaled_dot_product_attention(query, key, value)


def test_attention_costs_what_its_scores_their_softmax_and_both_products_do():
    query, key, value = torch.zeros(2, 4, 5, 8), torch.zeros(2, 4, 7, 8), torch.zeros(2, 4, 7, 6)
    fused, out = (profile(Calls(each), query, key, value) for each in (attention, attention_written_out))
    assert costs(fused) == costs(out)
    assert fused.elementwise == 6 * 2 * 4 * 5 * 7


@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (5, 7), (7, 5)])
def test_causal_attention_is_of_each_query_with_the_keys_up_to_its_own(queries, keys):
    def causal(_, query, key):
        return nn.functional.scaled_dot_product_attention(query, key, key, is_causal=True)

    report = profile(Calls(causal), torch.zeros(2, 4, queries, 8), torch.zeros(2, 4, keys, 8))
    pairs = sum(min(query, keys) for query in range(1, queries + 1))
    assert report.valid_macs == 2 * 4 * pairs * (8 + 8)


def test_the_activations_of_attention_are_its_scores_and_its_output():
    report = profile(Calls(attention), *(torch.zeros(2, 4, length, 8) for length in (5, 7, 7)))
    assert report.activations == 2 * 4 * 5 * 7 + 2 * 4 * 5 * 8


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_a_unit_of_an_rnn_is_a_sum_and_what_follows(nonlinearity):
    layer = nn.RNN(INPUT, HIDDEN, nonlinearity=nonlinearity, batch_first=True)
    assert profile(layer, torch.zeros(BATCH, STEPS, INPUT)).elementwise == POSITIONS * HIDDEN * 2


def test_a_mask_is_one_sum_for_each_score():
    query, mask = torch.zeros(1, 2, 5, 8), torch.zeros(5, 5)
    masked = Calls(lambda _, x: nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=mask))
    assert profile(masked, query).elementwise == 7 * 2 * 5 * 5


@pytest.mark.parametrize(("function", "operations"), [(torch.var, 3), (torch.std, 3), (torch.norm, 2)])
def test_statistics_count_each_of_their_steps(function, operations):
    report = profile(Calls(lambda _, x: function(x)), torch.zeros(6, 5))
    assert report.elementwise == operations * 30


@pytest.mark.parametrize(("length", "levels"), [(8, 3), (9, 4), (12, 4), (16, 4), (17, 5)])
def test_a_fourier_transform_has_a_level_for_each_doubling_begun(length, levels):
    report = profile(Calls(lambda _, x: torch.fft.fft(x)), torch.zeros(3, length, dtype=torch.complex64))
    assert report.macs == 5 * 3 * length * levels // 2


def test_gradients_of_an_lstm_leave_out_the_inputs_where_nobody_needs_them():
    layer = nn.LSTM(INPUT, HIDDEN, batch_first=True)
    macs = []
    for is_needed in (False, True):
        x = torch.zeros(BATCH, STEPS, INPUT, requires_grad=is_needed)
        trace = Profiler(backward=True).profile(layer, x).trace
        macs.append(trace.total("gradient by input").macs)
    assert macs[1] - macs[0] == POSITIONS * 4 * HIDDEN * INPUT
    assert macs[0] == POSITIONS * 4 * HIDDEN * HIDDEN


@pytest.mark.parametrize(("transposed", "positions"), [(False, 6), (True, 8)])
def test_atens_convolution_multiplies_at_output_positions_and_transposed_at_those_of_the_input(
    transposed, positions
):
    found = OPERATORS["convolution"].cost(
        input=ShapeOperand((2, 4, 8)),
        weight=ShapeOperand((4, 4, 3)),
        bias=None,
        stride=[1],
        padding=[0],
        dilation=[1],
        transposed=transposed,
        output_padding=[0],
        groups=1,
    )
    assert found.macs == 2 * positions * 4 * 4 * 3


@pytest.mark.parametrize(
    ("mask", "products", "sums"),
    [((True, True, True), 2, 60), ((True, False, False), 1, 0), ((False, True, False), 1, 0)],
)
def test_a_convolutions_backward_has_a_product_for_each_gradient_asked_for(mask, products, sums):
    found = OPERATORS["convolution_backward"].cost(
        grad_output=ShapeOperand((2, 5, 6)),
        input=ShapeOperand((2, 3, 8)),
        weight=ShapeOperand((5, 3, 3)),
        output_mask=mask,
        stride=[1],
        padding=[0],
        dilation=[1],
        transposed=False,
        output_padding=[0],
        groups=1,
    )
    macs = 2 * 5 * 6 * 3 * 3
    assert found == Cost(products * macs, products * macs, bias_adds=sums)


TWO_DIMENSIONS = [
    (torch.fft.fft2, (3, 4, 8), torch.complex64, 5 * 3 * 4 * 8 * (2 + 3) // 2),
    (torch.fft.rfft2, (3, 4, 8), torch.float32, 5 * 3 * 4 * 8 * (2 + 3) // 4),
    (torch.fft.irfft, (3, 5), torch.complex64, 5 * 3 * 8 * 3 // 4),
]


@pytest.mark.parametrize(("function", "shape", "dtype", "macs"), TWO_DIMENSIONS, ids=str)
def test_a_fourier_transform_has_the_levels_of_each_dimension_and_half_the_work_if_one_side_is_real(
    function, shape, dtype, macs
):
    assert profile(Calls(lambda _, x: function(x)), torch.zeros(shape, dtype=dtype)).macs == macs
