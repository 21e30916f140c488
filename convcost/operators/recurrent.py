"""LSTM, GRU and RNN: one MAC per weight and position, one bias add per bias element and position."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.recurrent import GRU, LSTM, RNN, recurrent_cost
from convcost.operators.interface import Operand, Operator, ShapeOperand, contraction, outputs, size
from convcost.operators.normalization import native_dropout

LAYERS: dict[str, type[LSTM | GRU | RNN]] = {"lstm": LSTM, "gru": GRU, "rnn_tanh": RNN, "rnn_relu": RNN}
"""The layer with the rule, by ATen name."""

GATES = {kind: layer.gates for kind, layer in LAYERS.items()}


def weights_cost(kind: str, positions: Size, parameters: Sequence[Operand]) -> Cost:
    """The cost of the layer `kind` with these parameters."""
    matrices = [parameter for parameter in parameters if len(parameter.shape) == 2]
    shapes = [parameter.shape for parameter in parameters]
    return recurrent_cost(positions, shapes, hidden_units(kind, matrices), LAYERS[kind].operations)


def hidden_units(kind: str, matrices: Sequence[Operand]) -> Size:
    """Hidden units of all layers and directions."""
    return sum(matrix.shape[0] for matrix in hidden_matrices(matrices)) // GATES[kind]


def gate_gradients(kind: str, positions: Size, matrices: Sequence[Operand]) -> Cost:
    """The elementwise gradients of all gates."""
    return Cost(elementwise=positions * hidden_units(kind, matrices) * LAYERS[kind].unit_gradient_operations)


def hidden_matrices(matrices: Sequence[Operand]) -> list[Operand]:
    """The matrix w_ih of each layer and direction, with a row per gate and unit."""
    return list(matrices[:: 3 if _is_projection(matrices) else 2])


def _is_projection(matrices: Sequence[Operand]) -> bool:
    """Whether every third matrix is the projection of an LSTM, from hidden units to the input of w_hh.

    A square w_hh belongs to a plain RNN.
    """
    if len(matrices) % 3:
        return False
    (_, hidden, projection) = (matrix.shape for matrix in matrices[:3])
    if hidden[0] == hidden[1]:
        return False
    return projection[0] == hidden[1] and projection[1] * GATES["lstm"] == hidden[0]


def sequence_gradients(
    kind: str, needed: frozenset[str], cost: Cost, input: Operand, **arguments: Any
) -> dict[str, Cost]:
    """By weights: the MACs of the forward pass. By inputs: the same, as gradients flow back through time.

    If the input needs no gradient, the input matrices of the first layer are omitted. Dropout multiplies by
    its mask and scale again.
    """
    given = _sequence_arguments(**arguments)
    product = Cost(cost.macs, cost.valid_macs)
    by_weight = product + Cost(bias_adds=cost.bias_adds)
    matrices = [parameter for parameter in given.params if len(parameter.shape) == 2]
    first = matrices[:: 3 if _is_projection(matrices) else 2][: 2 if given.is_bidirectional else 1]
    positions = arithmetic.elements(arguments["output"].shape[:-1])
    skipped = 0 if "input" in needed else positions * sum(map(size, first))
    elementwise = gate_gradients(kind, positions, matrices) + _dropout_cost(given, arguments["output"])
    by_input = {"input": Cost(cost.macs - skipped, cost.macs - skipped) + elementwise}
    return by_input | ({"weight": by_weight} if needed - {"input", "hx"} else {})


class SequenceArguments(NamedTuple):
    """Arguments of a recurrent function of torch, besides its input."""

    params: Sequence[Operand]
    states: Any
    num_layers: int
    dropout: float
    train: bool
    is_bidirectional: bool


def _sequence_arguments(
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: Any = False,
    **_: Any,
) -> SequenceArguments:
    """The arguments; for a packed sequence they are shifted by one, after the batch sizes."""
    if isinstance(has_biases, bool):
        return SequenceArguments(params, hx, num_layers, dropout, train, bidirectional)
    return SequenceArguments(has_biases, params, dropout, train, bidirectional, batch_first)


def _dropout_cost(given: SequenceArguments, output: Operand) -> Cost:
    """Dropout during training, on the output of all layers except the last."""
    between = ShapeOperand((given.num_layers - 1, *output.shape))
    return native_dropout(between, given.dropout, given.train)


def _sequence(kind: str) -> Operator:
    def cost(input: Operand, output: Operand, **arguments: Any) -> Cost:
        """One MAC per weight and position; elementwise work for the gates, and dropout during training."""
        given = _sequence_arguments(**arguments)
        cost = weights_cost(kind, arithmetic.elements(input.shape[:-1]), given.params)
        return cost + _dropout_cost(given, output)

    def output(input: Operand, **arguments: Any) -> list[Shape]:
        given = _sequence_arguments(**arguments)
        states = list(given.states) if isinstance(given.states, list | tuple) else [given.states]
        width = states[0].shape[-1] * (2 if given.is_bidirectional else 1)
        return [(*input.shape[:-1], width), *(tuple(state.shape) for state in states)]

    return Operator(cost, output, outputs, gradients=partial(sequence_gradients, kind))


def _cell(kind: str) -> Operator:
    def cost(input: Operand, w_ih: Operand, w_hh: Operand, **biases: Any) -> Cost:
        """One MAC per weight and position, and elementwise work for the gates."""
        given = [bias for name in ("b_ih", "b_hh") if (bias := biases.get(name)) is not None]
        return weights_cost(kind, arithmetic.elements(input.shape[:-1]), [w_ih, w_hh, *given])

    return Operator(cost, activations=outputs, gradients=partial(cell_gradients, kind))


def cell_gradients(
    kind: str, needed: frozenset[str], cost: Cost, input: Operand, **arguments: Any
) -> dict[str, Cost]:
    """By each matrix, and by the vector that it multiplies: one MAC per element. By biases: only sums.

    The elementwise gradients of the gates are included in those by the input.
    """
    matrices = {"input": "w_ih", "hx": "w_hh", "w_ih": "w_ih", "w_hh": "w_hh"}
    positions = arithmetic.elements(input.shape[:-1])
    macs_by_name = {name: positions * size(arguments[matrices[name]]) for name in needed & matrices.keys()}
    sums = {name: Cost(bias_adds=positions * size(arguments[name])) for name in needed - matrices.keys()}
    costs = {name: Cost(macs, macs) for name, macs in macs_by_name.items()} | sums
    gates = gate_gradients(kind, positions, [arguments["w_ih"], arguments["w_hh"]])
    return costs | {"input": costs.get("input", Cost()) + gates}


ONEDNN_KINDS = ("rnn_relu", "rnn_tanh", "lstm", "gru")
"""The kinds, by ATen's number for the mode."""


def onednn_layer(
    input: Operand, weight0: Operand, weight1: Operand, weight2: Operand, weight3: Operand, **options: Any
) -> Cost:
    """One layer in one direction, run by oneDNN on a CPU."""
    biases = [weight2, weight3] if options["has_biases"] else []
    kind = ONEDNN_KINDS[options["mode"]]
    return weights_cost(kind, arithmetic.elements(input.shape[:-1]), [weight0, weight1, *biases])


OPERATORS = {
    **{kind: _sequence(kind) for kind in GATES},
    **{f"{kind}_cell": _cell(kind) for kind in GATES},
    "mkldnn_rnn_layer": contraction(onednn_layer),
}
