"""RNN, LSTM, GRU and their cells: what is counted, by hand and by the steps written out; what they refuse."""

import pytest
import torch
from hypothesis import given, settings
from layer_cases import cases
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import torch_module

import convcost
from convcost.core.cost import Cost
from convcost.core.errors import SpecError
from convcost.layers import FAMILIES, layer_class

FEW = settings(max_examples=12)

LSTM, GRU, RNN = (layer_class(kind) for kind in ("LSTM", "GRU", "RNN"))

COUNTED = [
    # positions · gate rows · (features of input + features of state); two biases of so many rows
    (RNN(4, 5), (3, 2, 4), Cost(6 * 5 * 9, 6 * 5 * 9, 6 * 2 * 5, 6 * 5 * 2)),
    (GRU(4, 5), (3, 2, 4), Cost(6 * 15 * 9, 6 * 15 * 9, 6 * 2 * 15, 6 * 5 * 17)),
    (LSTM(4, 5), (3, 2, 4), Cost(6 * 20 * 9, 6 * 20 * 9, 6 * 2 * 20, 6 * 5 * 22)),
    (LSTM(4, 5, bias=False), (3, 4), Cost(3 * 20 * 9, 3 * 20 * 9, 0, 3 * 5 * 22)),
    # the second layer reads the state of the first
    (GRU(4, 5, 2), (3, 2, 4), Cost(6 * 15 * (9 + 10), 6 * 15 * (9 + 10), 6 * 4 * 15, 6 * 10 * 17)),
    # both directions of it read both states
    (
        RNN(4, 5, 2, bidirectional=True),
        (3, 2, 4),
        Cost(6 * 2 * 5 * (9 + 15), 6 * 2 * 5 * (9 + 15), 6 * 8 * 5, 6 * 20 * 2),
    ),
    # 5 units projected to a state of 3
    (
        LSTM(4, 5, proj_size=3),
        (3, 2, 4),
        Cost(6 * (20 * 7 + 5 * 3), 6 * (20 * 7 + 5 * 3), 6 * 2 * 20, 6 * 5 * 22),
    ),
    (layer_class("RNNCell")(4, 5), (2, 4), Cost(2 * 5 * 9, 2 * 5 * 9, 2 * 2 * 5, 2 * 5 * 2)),
    (layer_class("LSTMCell")(4, 5), (2, 4), Cost(2 * 20 * 9, 2 * 20 * 9, 2 * 2 * 20, 2 * 5 * 22)),
    (layer_class("GRUCell")(4, 5), (4,), Cost(15 * 9, 15 * 9, 2 * 15, 5 * 17)),
]


@pytest.mark.parametrize(("layer", "shape", "cost"), COUNTED, ids=str)
def test_a_recurrent_layer_counts_every_weight_once_at_each_position(layer, shape, cost):
    assert layer.cost(shape) == cost


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES["recurrent"] if not kind.endswith("Cell")])
def test_a_sequence_costs_what_its_steps_and_layers_cost_one_after_the_other(kind):
    """Each step of each layer in each direction is a cell's; an LSTM's projection is a matrix more."""

    @FEW
    @given(cases(kind))
    def holds(case):
        layer, shape = case
        state, positions = layer.state_size, torch.Size(shape[:-1]).numel()
        total = Cost()
        for number in range(layer.num_layers):
            features = layer.input_size if number == 0 else layer.directions * state
            cell = layer_class(f"{kind}Cell")(features, layer.hidden_size, layer.bias)
            narrower = positions * cell.gates * layer.hidden_size * (layer.hidden_size - state)
            projected = positions * state * layer.hidden_size if state != layer.hidden_size else 0
            macs = projected - narrower
            for _ in range(layer.directions):
                total += cell.cost((positions, features)) + Cost(macs, macs)
        assert layer.cost(shape) == total

    holds()


@pytest.mark.parametrize("kind", FAMILIES["recurrent"])
def test_bias_adds_are_one_for_each_bias_at_each_position(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        biases = [tensor for tensor in torch_module(case.layer).parameters() if tensor.dim() == 1]
        positions = torch.Size(case.shape[:-1]).numel()
        assert case.layer.cost(case.shape).bias_adds == positions * sum(map(torch.numel, biases))

    holds()


GRADIENTS = [
    # at 6 positions: what the input and the state are multiplied by; gates; the same by weights; biases
    (LSTM(4, 5), (True,), (20 * 9, 5 * 17), (20 * 9, 40)),
    (LSTM(4, 5), (False,), (20 * 5, 5 * 17), (20 * 9, 40)),
    (GRU(4, 5, 2, bidirectional=True), (False,), (2 * 15 * (5 + 15), 20 * 15), (2 * 15 * (9 + 15), 120)),
    (RNN(4, 5), (True,), (5 * 9, 5 * 2), (5 * 9, 10)),
    (LSTM(4, 5, proj_size=3), (True,), (20 * 7 + 15, 5 * 17), (20 * 7 + 15, 40)),
]


@pytest.mark.parametrize(("layer", "needed", "by_input", "by_weight"), GRADIENTS, ids=str)
def test_gradients_go_back_through_every_position_and_state(layer, needed, by_input, by_weight):
    shape = (3, 2, 4)
    found = layer.gradients(shape, layer.cost(shape), needed)
    macs, gates = by_input
    assert found.by_input == Cost(6 * macs, 6 * macs, elementwise=6 * gates)
    macs, bias_adds = by_weight
    assert found.by_weight == Cost(6 * macs, 6 * macs, 6 * bias_adds)


def test_the_state_of_zeros_that_a_cell_starts_from_has_no_gradient():
    cell = layer_class("GRUCell")(4, 5)
    found = [cell.gradients((2, 4), cell.cost((2, 4)), (needed,)).by_input for needed in (True, False)]
    assert found == [Cost(2 * 15 * 4, 2 * 15 * 4, elementwise=2 * 5 * 15), Cost(elementwise=2 * 5 * 15)]


def test_a_batch_and_a_length_cost_the_same_whichever_comes_first():
    first, last = (layer_class("LSTM")(4, 5, batch_first=flag) for flag in (False, True))
    assert first.cost((7, 2, 4)) == last.cost((2, 7, 4))


def test_torchs_counter_sees_no_lstm_on_a_cpu_and_all_of_it_on_the_meta_device():
    layer = layer_class("LSTM")(4, 5)
    counts = []
    for device in ("cpu", "meta"):
        module = torch_module(layer, device)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.zeros(3, 2, 4, device=device))
        counts.append(counter.get_total_flops())
    assert counts == [0, 2 * layer.cost((3, 2, 4)).macs]


INFERRED = [
    ("LSTM(E, H)", ("S", "B", "E")),
    ("GRU(E, H, batch_first=True)", ("B", "S", "E")),
    ("RNN(E, H, batch_first=False)", ("S", "B", "E")),
    ("GRUCell(E, H)", ("B", "E")),
]


@pytest.mark.parametrize(("text", "names"), INFERRED)
def test_the_batch_comes_first_in_the_usual_input_where_it_is_said_so(text, names):
    assert tuple(map(str, convcost.cost(text).input)) == names


REFUSED = [
    ("[3, 2, 5] -> LSTM(4, 5)", "LSTM: the input's last dimension is 5, but input_size is 4"),
    ("[4] -> GRU(4, 5)", "GRU: the input [4] has 1 dimension; expected [length, batch, input_size]"),
    (
        "[2, 3, 4] -> RNNCell(4, 5)",
        "RNNCell: the input [2, 3, 4] has 3 dimensions; expected [batch, input_size]",
    ),
    ("[3, 4] -> LSTM(4, 5, proj_size=5)", "LSTM: proj_size is 5; it must be at most 4"),
    ("[3, 4] -> LSTM(4, 5, proj_size=-1)", "LSTM: proj_size is -1; it must be at least 0"),
    ("[3, 4] -> RNN(4, 5, 0)", "RNN: num_layers is 0; it must be at least 1"),
    ("[3, 4] -> RNN(4, 5, 10**6)", "RNN: num_layers is 1000000; it must be at most 1000"),
    ("[3, 4] -> GRU(4, 5, dropout=2)", "GRU: dropout is 2.0; a probability must be from 0 to 1"),
    ("[3, 4] -> GRU(4, 5, num_layers=K)", "GRU: num_layers must be a plain number"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_refusal_says_what_is_not_so(text, message):
    with pytest.raises(SpecError) as refusal:
        convcost.cost(text)
    assert refusal.value.message.startswith(message)


def test_the_wanted_order_of_dimensions_follows_batch_first():
    with pytest.raises(SpecError) as refusal:
        convcost.cost("[2, 3, 5] -> LSTM(4, 5, batch_first=True)")
    assert "LSTM takes [batch, length, input_size]" in refusal.value.hint


def test_an_initial_state_is_not_taken_and_the_way_out_is_said():
    with pytest.raises(SpecError) as refusal:
        convcost.cost("[3, 2, 4] -> GRU(4, 5)(x, [1, 2, 5])")
    assert refusal.value.message == "GRU: it has 2 inputs; expected 1"
    assert refusal.value.hint.startswith("The initial state is zeros.")
