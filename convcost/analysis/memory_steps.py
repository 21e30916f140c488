"""A design as steps of one operator each: tensors that it reads, makes and saves, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast

from convcost.core import arithmetic
from convcost.core.cost import Shape, Size
from convcost.core.row import InputShape, Row
from convcost.layers import functions
from convcost.layers.broadcasting import broadcast_shape
from convcost.layers.interface import Layer
from convcost.layers.joins import add, concat, mul

GradientMemory: TypeAlias = Literal["own", "output's", "none"]


class InputGradient(NamedTuple):
    """The gradient by an input: in its own memory, a view of the output's gradient, or none.

    It takes `bytes`, and while it is computed `computed` bytes, if given: for a padded input, or if it
    `is_summed` because its input was broadcast.
    """

    memory: GradientMemory = "none"
    bytes: Size = 0
    computed: Size | None = None
    is_summed: bool = False


class MemoryStep(NamedTuple):
    """An operator on numbered tensors: the inputs of the design, then the output of each step.

    Attributes:
        inputs: The tensors that it reads.
        held: Tensors that its caller holds meanwhile.
        output: Bytes of the output.
        saved: Existing tensors that it saves for the backward pass.
        own_saved: Bytes of tensors that it makes for the backward pass.
        shares_in_evaluation: Whether the output shares the memory of the first input in evaluation mode.
        shares_in_training: The same for training mode.
        gradients: The gradients by its inputs.
        is_used: Whether the output of the design depends on it.
    """

    inputs: tuple[int, ...]
    held: tuple[int, ...]
    output: Size
    saved: tuple[int, ...]
    own_saved: Size
    shares_in_evaluation: bool
    shares_in_training: bool
    gradients: tuple[InputGradient, ...]
    is_used: bool = True


class MemorySteps(NamedTuple):
    """Bytes of a design's inputs, and its steps."""

    inputs: tuple[Size, ...]
    steps: tuple[MemoryStep, ...]

    @property
    def has_branches(self) -> bool:
        """Whether a step reads several tensors."""
        return any(len(step.inputs) > 1 for step in self.steps)


def memory_steps(rows: Sequence[Row], inputs: Sequence[InputShape], itemsize: int) -> MemorySteps:
    """The steps of `rows`, at `itemsize` bytes per element of the design's dtype.

    As in a torch module, the tensor that branches start from is held until they are joined.
    """
    steps: list[MemoryStep] = []
    outputs: list[int] = []
    used = _used_rows(rows)
    for number, row in enumerate(rows):
        tensors = tuple(_tensor(source, outputs) for source in row.sources)
        held = () if row.branch_source is None else (_tensor(row.branch_source, outputs),)
        size = row.output_itemsize(itemsize)
        row_steps = _row_steps(row, tensors, held, size, len(inputs) + len(steps))
        steps += (step._replace(is_used=number in used) for step in row_steps)
        outputs.append(len(inputs) + len(steps) - 1)
    return MemorySteps(tuple(tensor.bytes(itemsize) for tensor in inputs), tuple(steps))


def _tensor(source: int, outputs: Sequence[int]) -> int:
    return outputs[source] if source >= 0 else -1 - source


def _used_rows(rows: Sequence[Row]) -> set[int]:
    """The numbers of the rows that the last one depends on."""
    used = {len(rows) - 1}
    for number in reversed(range(len(rows))):
        if number in used:
            used.update(rows[number].sources)
    return used


def _row_steps(
    row: Row, tensors: tuple[int, ...], held: tuple[int, ...], itemsize: int, first_new: int
) -> Iterator[MemoryStep]:
    layer = cast("Layer", row.layer)
    if isinstance(layer, add | mul):
        yield from _elementwise_steps(layer, row, tensors, held, itemsize, first_new)
        return
    saved = layer.saved_tensors(row.input, row.output)
    yield MemoryStep(
        tensors,
        held,
        arithmetic.elements(row.output) * itemsize,
        (*(tensors if saved.input else ()), *((first_new,) if saved.output else ())),
        saved.own_bytes(itemsize),
        layer.shares_memory(training=False),
        layer.shares_memory(training=True),
        tuple(_gradients(layer, row, itemsize)),
    )


def _gradients(layer: Layer, row: Row, itemsize: int) -> Iterator[InputGradient]:
    shapes = (row.input, *(tensor.shape for tensor in row.further_inputs))
    is_view = (layer.is_view and not isinstance(layer, functions.select)) or isinstance(
        layer, concat | functions.sum
    )
    for number, shape in enumerate(shapes):
        if layer.input_dtype(number):
            yield InputGradient()
        elif is_view:
            yield InputGradient("output's")
        else:
            elements = arithmetic.elements(shape)
            padded = elements if number else layer.input_elements(shape)
            yield InputGradient("own", elements * itemsize, padded * itemsize)


def _elementwise_steps(
    layer: add | mul, row: Row, tensors: tuple[int, ...], held: tuple[int, ...], itemsize: int, first_new: int
) -> Iterator[MemoryStep]:
    """Steps on two tensors at a time; all inputs are held until the end."""
    is_product = isinstance(layer, mul)
    shape, tensor = row.input, tensors[0]
    for number, other in enumerate(row.further_inputs, start=1):
        output = broadcast_shape(shape, other.shape)
        pair = tensor, tensors[number]
        yield MemoryStep(
            pair,
            (*held, *tensors),
            arithmetic.elements(output) * itemsize,
            pair if is_product else (),
            0,
            False,
            False,
            tuple(_pair_gradient(each, output, is_product, itemsize) for each in (shape, other.shape)),
        )
        shape, tensor = output, first_new + number - 1


def _pair_gradient(shape: Shape, output: Shape, is_product: bool, itemsize: int) -> InputGradient:
    """The gradient by one operand of a sum or product; summed if the operand was broadcast."""
    elements, whole = (arithmetic.elements(each) * itemsize for each in (shape, output))
    if shape == output:
        return InputGradient("own", elements) if is_product else InputGradient("output's")
    return InputGradient("own", elements, whole if is_product else 0, is_summed=True)
