"""LSTM, GRU and RNN: every weight matrix once for each position, every bias once."""

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
"""ATen's name, and the layer that states the count."""

GATES = {kind: layer.gates for kind, layer in LAYERS.items()}


def weights_cost(kind: str, positions: Size, parameters: Sequence[Operand]) -> Cost:
    """As the layer of that kind, by its parameters."""
    matrices = [parameter for parameter in parameters if len(parameter.shape) == 2]
    shapes = [parameter.shape for parameter in parameters]
    return recurrent_cost(positions, shapes, hidden_units(kind, matrices), LAYERS[kind].operations)


def hidden_units(kind: str, matrices: Sequence[Operand]) -> Size:
    """Of all layers and directions together."""
    return sum(matrix.shape[0] for matrix in hidden_matrices(matrices)) // GATES[kind]


def gate_gradients(kind: str, positions: Size, matrices: Sequence[Operand]) -> Cost:
    """The elementwise gradients of all gates."""
    return Cost(elementwise=positions * hidden_units(kind, matrices) * LAYERS[kind].unit_gradient_operations)


def hidden_matrices(matrices: Sequence[Operand]) -> list[Operand]:
    """For every layer and direction the one with a row for each gate of each unit: w_ih, not w_hh or w_hr."""
    return list(matrices[:: 3 if _is_projection(matrices) else 2])


def _is_projection(matrices: Sequence[Operand]) -> bool:
    """Whether the third matrix maps the hidden units to what the second one reads, as an LSTM's may.

    A hidden matrix with as many rows as columns is that of a plain RNN.
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
    """By weights every matrix once a position; by inputs as well, as gradients go back through time.

    If the input itself needs none, the first layer's input matrices are left out. What dropout kept is
    multiplied by its mask and scaled again.
    """
    given = _sequence_arguments(**arguments)
    product = Cost(cost.macs, cost.valid_macs)
    by_weight = product + Cost(bias_adds=cost.bias_adds)
    matrices = [parameter for parameter in given.params if len(parameter.shape) == 2]
    first = matrices[:: 3 if _is_projection(matrices) else 2][: 2 if given.is_bidirectional else 1]
    positions = arithmetic.elements(arguments["output"].shape[:-1])
    skipped = 0 if "input" in needed else positions * sum(map(size, first))
    elementwise = gate_gradients(kind, positions, matrices) + _dropout_cost(given, arguments["output"])
    found = {"input": Cost(cost.macs - skipped, cost.macs - skipped) + elementwise}
    return found | ({"weight": by_weight} if needed - {"input", "hx"} else {})


class SequenceArguments(NamedTuple):
    """What a recurrent function of torch is called with, beside its input."""

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
    """Those of a packed sequence come shifted by one, behind the batch sizes."""
    if isinstance(has_biases, bool):
        return SequenceArguments(params, hx, num_layers, dropout, train, bidirectional)
    return SequenceArguments(has_biases, params, dropout, train, bidirectional, batch_first)


def _dropout_cost(given: SequenceArguments, output: Operand) -> Cost:
    """In training, of what each layer but the last yields, which is as wide as the output."""
    between = ShapeOperand((given.num_layers - 1, *output.shape))
    return native_dropout(between, given.dropout, given.train)


def _sequence(kind: str) -> Operator:
    def cost(input: Operand, output: Operand, **arguments: Any) -> Cost:
        """Each weight once for each position; the gates elementwise; dropout between layers in training."""
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
        """Each weight once for each position; the gates elementwise."""
        given = [bias for name in ("b_ih", "b_hh") if (bias := biases.get(name)) is not None]
        return weights_cost(kind, arithmetic.elements(input.shape[:-1]), [w_ih, w_hh, *given])

    return Operator(cost, activations=outputs, gradients=partial(cell_gradients, kind))


def cell_gradients(
    kind: str, needed: frozenset[str], cost: Cost, input: Operand, **arguments: Any
) -> dict[str, Cost]:
    """By each matrix and by what it multiplies, once for each position; by biases only sums.

    The gates' own are with those by the input.
    """
    matrices = {"input": "w_ih", "hx": "w_hh", "w_ih": "w_ih", "w_hh": "w_hh"}
    positions = arithmetic.elements(input.shape[:-1])
    found = {name: positions * size(arguments[matrices[name]]) for name in needed & matrices.keys()}
    sums = {name: Cost(bias_adds=positions * size(arguments[name])) for name in needed - matrices.keys()}
    costs = {name: Cost(macs, macs) for name, macs in found.items()} | sums
    gates = gate_gradients(kind, positions, [arguments["w_ih"], arguments["w_hh"]])
    return costs | {"input": costs.get("input", Cost()) + gates}


ONEDNN_KINDS = ("rnn_relu", "rnn_tanh", "lstm", "gru")
"""By ATen's number for the mode."""


def onednn_layer(
    input: Operand, weight0: Operand, weight1: Operand, weight2: Operand, weight3: Operand, **options: Any
) -> Cost:
    """One layer in one direction as oneDNN runs it on a CPU."""
    biases = [weight2, weight3] if options["has_biases"] else []
    kind = ONEDNN_KINDS[options["mode"]]
    return weights_cost(kind, arithmetic.elements(input.shape[:-1]), [weight0, weight1, *biases])


OPERATORS = {
    **{kind: _sequence(kind) for kind in GATES},
    **{f"{kind}_cell": _cell(kind) for kind in GATES},
    "mkldnn_rnn_layer": contraction(onednn_layer),
}
