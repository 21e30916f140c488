"""RNN, LSTM and GRU over a sequence, and their cells over one step, with an initial state of zeros.

MACs: one per weight and position, including products of the first step with the zero state, as torch computes
them. Both biases of a gate are added. A sigmoid counts 4 elementwise operations and tanh 1, as in the
activation layers. Source: equations in the documentation of torch.nn.RNN, LSTM and GRU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import AtMost, Equals, NumberNeeded, Rank, Requirement
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.layers.interface import Layer, SavedTensors, at_least, probability, tensor_limits

MOST_STACKED = 1_000
"""The most layers in a recurrent layer; bounds the number of parameter names."""


def recurrent_cost(positions: Size, parameters: Iterable[Shape], units: Size, operations: int) -> Cost:
    """The cost of all matrices and biases at each position, with `operations` elementwise for each unit."""
    shapes = [*parameters]
    macs = positions * sum(arithmetic.elements(shape) for shape in shapes if len(shape) == 2)
    bias_adds = positions * sum(arithmetic.elements(shape) for shape in shapes if len(shape) == 1)
    return Cost(macs, macs, bias_adds, positions * units * operations)


class _Recurrent(Layer):
    """A layer of gates on x W_ihᵀ + b_ih and h W_hhᵀ + b_hh, per hidden unit and position."""

    contracts = True
    has_dtype = True
    further_inputs_hint = (
        "The initial state is zeros. For another one, count a module: convcost model file.py:Net --input ..."
    )

    gates: ClassVar[int]
    """The rows of a weight matrix per hidden unit."""

    operations: ClassVar[int]
    """Elementwise operations per hidden unit and position."""

    unit_gradient_operations: ClassVar[int]
    """The same for the backward pass: 1 per factor of a product, 1 per value that is used twice, 1 for the
    sign of 1 − z, and 2 (derivative and product) per sigmoid or tanh."""

    input_size: Size
    hidden_size: Size
    bias: bool

    def _input_requirements(
        self, shape: Shape, allowed: tuple[int, ...], wanted: str
    ) -> Iterator[Requirement]:
        yield Rank(shape, allowed, wanted)
        hint = f"{type(self).__name__} takes {wanted}: permute the dimensions first."
        yield Equals(shape[-1], self.input_size, "the input's last dimension", "input_size", hint=hint)
        yield from tensor_limits(self.output(shape))

    def cost(self, shape: Shape) -> Cost:
        """As in evaluation mode, without dropout between layers."""
        positions = arithmetic.elements(shape[:-1])
        return recurrent_cost(positions, self.parameters().values(), self.hidden_units, self.operations)

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        """The gradient by weights costs as much as the forward pass; the other one omits unneeded inputs."""
        positions = arithmetic.elements(shape[:-1])
        macs = positions * self.inner_gradient_weights(any(needed))
        gates = positions * self.hidden_units * self.unit_gradient_operations
        return Gradients(
            by_input=Cost(macs, macs, elementwise=gates),
            by_weight=Cost(forward.macs, forward.valid_macs, forward.bias_adds),
        )

    @property
    def hidden_units(self) -> Size:
        """Hidden units of all layers and directions."""
        return self.hidden_size

    def inner_gradient_weights(self, needs_input: bool) -> Size:
        """Elements of the weights in the gradients by the input and by earlier states."""
        raise NotImplementedError

    def _weights(self, input_size: Size, state_size: Size, suffix: str = "") -> dict[str, Shape]:
        """The parameters for an input and a state, with names that end in `suffix`."""
        rows = self.gates * self.hidden_size
        weights: dict[str, Shape] = {
            f"weight_ih{suffix}": (rows, input_size),
            f"weight_hh{suffix}": (rows, state_size),
        }
        biases: dict[str, Shape] = {f"bias_ih{suffix}": (rows,), f"bias_hh{suffix}": (rows,)}
        return weights | biases if self.bias else weights


class _Sequence(_Recurrent):
    """One or more layers over [length, batch, input_size], in one or both directions."""

    returns_tuple = True
    inferred_input = ("S", "B", "input_size")
    unknown_memory = "cuDNN decides which tensors {} saves; for a torch module they are estimated"

    num_layers: Size
    batch_first: bool
    dropout: float
    bidirectional: bool

    @property
    def directions(self) -> int:
        """2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def state_size(self) -> Size:
        """Features of the state in one direction, which is also the output."""
        return self.hidden_size

    def parameters(self) -> dict[str, Shape]:
        parameters: dict[str, Shape] = {}
        for number in range(self.num_layers):
            for suffix in ("", "_reverse")[: self.directions]:
                parameters |= self._weights(self._features(number), self.state_size, f"_l{number}{suffix}")
        return parameters

    def _features(self, number: int) -> Size:
        """Input features of layer `number`."""
        return self.directions * self.state_size if number else self.input_size

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield NumberNeeded(self.num_layers, "num_layers")
        yield at_least(
            1, input_size=self.input_size, hidden_size=self.hidden_size, num_layers=self.num_layers
        )
        yield AtMost(self.num_layers, MOST_STACKED, "num_layers", "num_layers")
        yield probability(self.dropout, "dropout")
        order = "batch, length" if self.batch_first else "length, batch"
        wanted = f"[{order}, input_size] or [length, input_size]"
        yield from self._input_requirements(shape, (2, 3), wanted)

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.directions * self.state_size)

    @property
    def hidden_units(self) -> Size:
        return self.directions * self.num_layers * self.hidden_size

    def inner_gradient_weights(self, needs_input: bool) -> Size:
        """All weights; without those on the input of the first layer, if that needs no gradient."""
        weights = sum(arithmetic.elements(shape) for shape in self.parameters().values() if len(shape) == 2)
        skipped = 0 if needs_input else self.directions * self.gates * self.hidden_size * self.input_size
        return weights - skipped

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """Loops over all layers at once; features are those of their inputs and states."""
        features = sum(self._features(number) + self.state_size for number in range(self.num_layers))
        return (
            ("position", arithmetic.elements(shape[:-1])),
            *((("direction", 2),) if self.bidirectional else ()),
            ("hidden_unit", self.hidden_size),
            *self._unit_loops(features),
        )

    def _unit_loops(self, features: Size) -> tuple[tuple[str, Size], ...]:
        """The loops for one hidden unit with this number of `features`."""
        return ("gate", self.gates), ("feature", features)


@dataclass(frozen=True, repr=False)
class RNN(_Sequence):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) at each position. 2 operations per hidden unit."""

    gates = 1
    operations = 2
    unit_gradient_operations = 2

    input_size: Size
    hidden_size: Size
    num_layers: Size = 1
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False

    def _unit_loops(self, features: Size) -> tuple[tuple[str, Size], ...]:
        return (("feature", features),)


@dataclass(frozen=True, repr=False)
class LSTM(_Sequence):
    """Input, forget, cell and output gate at each position. 22 operations per hidden unit.

    Four sums, three sigmoids (4 each), two tanh (1 each), and 4 for f·c + i·g and o·tanh(c). With
    `proj_size`, the state is W_hr h with `proj_size` features.
    """

    gates = 4
    operations = 22
    unit_gradient_operations = 17

    input_size: Size
    hidden_size: Size
    num_layers: Size = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    proj_size: Size = 0

    @property
    def state_size(self) -> Size:
        return self.proj_size if self.proj_size != 0 else self.hidden_size

    def _weights(self, input_size: Size, state_size: Size, suffix: str = "") -> dict[str, Shape]:
        weights = super()._weights(input_size, state_size, suffix)
        if self.proj_size != 0:
            weights[f"weight_hr{suffix}"] = (self.proj_size, self.hidden_size)
        return weights

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(0, proj_size=self.proj_size)
        hint = "proj_size must be smaller than hidden_size, or 0 for no projection."
        yield AtMost(self.proj_size, self.hidden_size - 1, "proj_size", "proj_size", hint)
        yield from super().requirements(shape)

    def _unit_loops(self, features: Size) -> tuple[tuple[str, Size], ...]:
        """With a projection, features of all gates and projected features."""
        if self.proj_size == 0:
            return super()._unit_loops(features)
        return (("feature_or_projection", self.gates * features + self.num_layers * self.proj_size),)


@dataclass(frozen=True, repr=False)
class GRU(_Sequence):
    """Reset, update and new gate at each position. 17 operations per hidden unit.

    Three sums, two sigmoids (4 each), a tanh (1), 1 for r·h, and 4 for (1 − z)·n + z·h.
    """

    gates = 3
    operations = 17
    unit_gradient_operations = 15

    input_size: Size
    hidden_size: Size
    num_layers: Size = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False


class _Cell(_Recurrent):
    """One step on [batch, input_size]."""

    inferred_input = ("B", "input_size")

    def parameters(self) -> dict[str, Shape]:
        return self._weights(self.input_size, self.hidden_size)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, input_size=self.input_size, hidden_size=self.hidden_size)
        yield from self._input_requirements(shape, (1, 2), "[batch, input_size] or [input_size]")

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.hidden_size)

    def inner_gradient_weights(self, needs_input: bool) -> Size:
        """Weights on the input: the initial state needs no gradient."""
        return self.gates * self.hidden_size * self.input_size if needs_input else 0

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        return (
            ("position", arithmetic.elements(shape[:-1])),
            ("hidden_unit", self.hidden_size),
            *((("gate", self.gates),) if self.gates > 1 else ()),
            ("feature", self.input_size + self.hidden_size),
        )


@dataclass(frozen=True, repr=False)
class RNNCell(_Cell):
    """One step of RNN. 2 operations per hidden unit."""

    gates = RNN.gates
    operations = RNN.operations
    unit_gradient_operations = RNN.unit_gradient_operations

    input_size: Size
    hidden_size: Size
    bias: bool = True
    nonlinearity: Literal["tanh", "relu"] = "tanh"

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, the output, and the initial state, a factor in the gradient of a weight."""
        return SavedTensors(input=True, output=True, elements=arithmetic.elements(output))


@dataclass(frozen=True, repr=False)
class LSTMCell(_Cell):
    """One step of LSTM. 22 operations per hidden unit."""

    returns_tuple = True
    unknown_memory = "CUDA's fused kernel decides which tensors {} saves"
    gates = LSTM.gates
    operations = LSTM.operations
    unit_gradient_operations = LSTM.unit_gradient_operations

    input_size: Size
    hidden_size: Size
    bias: bool = True


@dataclass(frozen=True, repr=False)
class GRUCell(_Cell):
    """One step of GRU. 17 operations per hidden unit."""

    unknown_memory = LSTMCell.unknown_memory
    gates = GRU.gates
    operations = GRU.operations
    unit_gradient_operations = GRU.unit_gradient_operations

    input_size: Size
    hidden_size: Size
    bias: bool = True
