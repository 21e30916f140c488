"""Networks of layers: runs chains and branches on input shapes, checks each layer, and makes the Report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple, Protocol, TypeAlias

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Requirement
from convcost.core.cost import MATMUL, Convention, Cost, Gradients, Shape, Size
from convcost.core.dtypes import ITEMSIZES, dtype_named, is_float_dtype
from convcost.core.errors import RequirementError
from convcost.core.report import Report
from convcost.core.row import InputShape, Row
from convcost.core.tensor_bytes import ElementType, TensorBytes
from convcost.core.units import plural
from convcost.layers.backward import with_gradients
from convcost.layers.interface import Layer, MultipleInputLayer


class Evaluator(Protocol):
    """Checks requirements of layers, and computes their outputs and costs."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if layer number `step` does not meet `requirement`."""

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """The output shape of `layer` for an input of `shape`."""

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """The cost of layer number `step` on an input of `shape`; RequirementError if it is too large."""

    def gradients(
        self, layer: Layer, shape: Shape, forward: Cost, needed: tuple[bool, ...], step: int
    ) -> Gradients:
        """The cost of its gradients, by the inputs that need one; RequirementError if it is too large."""


def requirement_error(requirement: Requirement, step: int) -> RequirementError:
    """The error for layer number `step`, which does not meet `requirement`."""
    return RequirementError(
        requirement.message, hint=requirement.hint, argument=requirement.argument, step=step
    )


class NumericEvaluator:
    """The evaluator for plain numbers: checks requirements immediately."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if `requirement` does not hold."""
        if not requirement.holds():
            raise requirement_error(requirement, step)

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """By the layer's formula."""
        return layer.output(shape)

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """By the layer's formula."""
        return layer.cost(shape)

    def gradients(
        self, layer: Layer, shape: Shape, forward: Cost, needed: tuple[bool, ...], step: int
    ) -> Gradients:
        """By the layer's formula."""
        return layer.gradients(shape, forward, needed)


NUMERIC = NumericEvaluator()


class LayerCall(NamedTuple):
    """A layer applied to the incoming tensor, or to the outputs of its `branches`, one per input.

    If `dtype` is given, the parameters, input and output have that dtype.
    """

    layer: Layer
    branches: tuple[Chain, ...] = ()
    dtype: str = ""


class InputTensor(NamedTuple):
    """A further input of the network; replaces the incoming tensor."""

    shape: Shape


Chain: TypeAlias = tuple[LayerCall | InputTensor, ...]
"""Calls in sequence, each on the output of the previous one; an empty chain returns its input."""


def chain_of(*layers: Layer) -> Chain:
    """The layers in sequence; the `further_inputs` of a layer become further inputs of the network."""
    return tuple(
        LayerCall(layer, ((), *((InputTensor(shape),) for shape in layer.further_inputs)))
        if layer.further_inputs
        else LayerCall(layer)
        for layer in layers
    )


def layers_of(chain: Chain) -> Iterator[Layer]:
    """All layers in execution order."""
    for call in chain:
        if isinstance(call, LayerCall):
            for branch in call.branches:
                yield from layers_of(branch)
            yield call.layer


@dataclass(frozen=True)
class Network:
    """A chain of layers with its input, and its sizes by name."""

    chain: Chain
    input: Shape
    name: str = ""
    text: str = ""
    sizes: Mapping[str, Size] | None = None
    assumed: tuple[str, ...] = ()
    divisions: tuple[Requirement, ...] = ()
    input_is_inferred: bool = False
    definitions: tuple[tuple[str, str], ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers in execution order."""
        return tuple(layers_of(self.chain))

    @property
    def is_open(self) -> bool:
        """Whether a size has no value."""
        return not all(isinstance(size, int) for size in (self.sizes or {}).values())

    def report(
        self,
        convention: Convention = MATMUL,
        dtype: str = "float32",
        evaluator: Evaluator = NUMERIC,
        backward: bool = False,
    ) -> Report:
        """The costs of all layers, with those of the backward pass if `backward`.

        Raises:
            RequirementError: If a layer does not accept its input.
        """
        dtype = dtype_named(dtype)
        for division in self.divisions:
            evaluator.require(division, 0)
        run = _Run(evaluator, dtype)
        run.chain(self.chain, run.input(self.input, self.input_is_inferred))
        rows = with_gradients(run.rows, evaluator.gradients) if backward else tuple(run.rows)
        return Report(
            name=self.name,
            spec=self.text,
            rows=rows,
            inputs=tuple(run.inputs),
            sizes=self.sizes or {},
            assumed=self.assumed,
            input_is_inferred=self.input_is_inferred,
            definitions=self.definitions,
            convention=convention,
            dtype=dtype,
        )


OF_DESIGN = "of the design's dtype"


class _Tensor(NamedTuple):
    """A tensor's shape and dtype, and the number of the row that made it; −1, −2, … for inputs."""

    shape: Shape
    source: int
    dtype: str = ""


class _Run:
    """A run of a network on shapes: makes a row for each layer, using an evaluator.

    A dtype of "" is the design's dtype.
    """

    def __init__(self, evaluator: Evaluator, dtype: str) -> None:
        self.evaluator = evaluator
        self.dtype = dtype
        self.rows: list[Row] = []
        self._inferred: Shape = ()
        self.inputs: list[InputShape] = []
        self._known: dict[tuple[int, tuple[_Tensor, ...], str], Row] = {}

    def input(self, shape: Shape, is_inferred: bool = False) -> _Tensor:
        """A new input of the network; one that is inferred is checked after the arguments of the layer."""
        if is_inferred:
            self._inferred = shape
        else:
            self._check_sizes(shape)
        self.inputs.append(InputShape(shape))
        return _Tensor(shape, -len(self.inputs))

    def _check_sizes(self, shape: Shape) -> None:
        for size in shape:
            self.evaluator.require(AtLeast(size, 1, "a dimension of the input"), len(self.rows))

    def chain(self, chain: Chain, tensor: _Tensor, path: str = "") -> _Tensor:
        """The output of `chain` on `tensor`; the paths of its layers start with `path`."""
        for number, call in enumerate(chain):
            if isinstance(call, InputTensor):
                tensor = self.input(call.shape)
            else:
                tensor = self._call(call, tensor, f"{path}{number}")
        return tensor

    def _branch(self, branch: Chain, tensor: _Tensor, path: str) -> _Tensor:
        if len(branch) == 1 and isinstance(branch[0], LayerCall):
            return self._call(branch[0], tensor, path)
        return self.chain(branch, tensor, f"{path}.")

    def _call(self, call: LayerCall, incoming: _Tensor, path: str) -> _Tensor:
        tensors = [self._branch(branch, incoming, f"{path}.{n}") for n, branch in enumerate(call.branches)]
        tensors = tensors or [incoming]
        if call.dtype == self.dtype:
            call = call._replace(dtype="")
        inputs = tuple(
            tensor._replace(source=0, dtype=self._input_dtype(call, number, tensor))
            for number, tensor in enumerate(tensors)
        )
        key = id(call.layer), inputs, call.dtype
        if key not in self._known:
            self._known[key] = self._row(call, inputs)
        row = self._known[key]._replace(
            path=path,
            sources=tuple(tensor.source for tensor in tensors),
            branch_source=incoming.source if call.branches else None,
        )
        self.rows.append(row)
        return _Tensor(row.output, len(self.rows) - 1, _output_dtype(call, inputs[0].dtype))

    def _input_dtype(self, call: LayerCall, number: int, tensor: _Tensor) -> str:
        """The dtype of a layer's input; the network's inputs get the dtype that their first layer takes."""
        if tensor.source >= 0:
            return tensor.dtype
        number_of_input = -1 - tensor.source
        dtype = self.inputs[number_of_input].dtype or call.layer.input_dtype(number) or call.dtype
        self.inputs[number_of_input] = self.inputs[number_of_input]._replace(dtype=dtype)
        return dtype

    def _row(self, call: LayerCall, tensors: tuple[_Tensor, ...]) -> Row:
        shape, *others = (tensor.shape for tensor in tensors)
        layer, step = _with_inputs(call.layer, tuple(others)), len(self.rows)
        dtypes = [tensor.dtype for tensor in tensors]
        for requirement in chain(_call_requirements(call, dtypes), layer.requirements(shape)):
            self.evaluator.require(requirement, step)
        self._check_sizes(self._inferred)
        self._inferred = ()
        output, parameters = self.evaluator.output(layer, shape), layer.parameters()
        count = sum(map(arithmetic.elements, parameters.values()))
        return Row(
            path="",
            kind=type(layer).__name__,
            layer=layer,
            input=shape,
            output=output,
            parameters=parameters,
            cost=self.evaluator.cost(layer, shape, step),
            activations=layer.activations(shape, output),
            input_type=_element_type(dtypes[0]),
            output_type=_element_type(_output_dtype(call, dtypes[0])),
            stored=TensorBytes(count, count * ITEMSIZES[call.dtype]) if call.dtype else None,
            further_inputs=tuple(map(InputShape, others, dtypes[1:])),
            warnings=tuple(layer.warnings(shape)),
        )


def _element_type(dtype: str) -> ElementType | None:
    """The type of elements in `dtype`; None for the dtype of the design."""
    return ElementType(ITEMSIZES[dtype], is_float_dtype(dtype)) if dtype else None


def _output_dtype(call: LayerCall, dtype: str) -> str:
    """The dtype of the layer, if it has one or takes indices; otherwise that of its first input."""
    return call.dtype if call.layer.has_dtype or call.layer.input_dtype(0) else dtype


def _call_requirements(call: LayerCall, dtypes: list[str]) -> Iterator[ArgumentCheck]:
    """Requires an accepted number of inputs, of the layer's dtype."""
    counts, count = call.layer.input_counts, len(dtypes)
    wanted = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    message = f"it has {count} {plural(count, 'input')}; expected {wanted}"
    hint = call.layer.further_inputs_hint
    if count < counts[0] and not hint:
        hint = f"Give every input: [...] -> {call.layer}({', '.join(['x', *['[...]'] * (counts[0] - 1)])})"
    yield ArgumentCheck(count in counts, message, hint=hint)
    for number, dtype in enumerate(dtypes):
        expected = call.layer.input_dtype(number) or (call.dtype if call.layer.has_dtype else dtypes[0])
        message = f"the input is {dtype or OF_DESIGN}, but the layer is {expected or OF_DESIGN}"
        hint = f"Give the layer the same dtype: dtype={dtype}." if dtype and call.layer.has_dtype else ""
        yield ArgumentCheck(dtype == expected, message, f"inputs[{number}]", hint)


def _with_inputs(layer: Layer, others: tuple[Shape, ...]) -> Layer:
    return replace(layer, further_inputs=others) if isinstance(layer, MultipleInputLayer) else layer
