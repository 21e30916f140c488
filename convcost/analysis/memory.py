"""The memory that a design takes to run and to train: exact bytes, or formulas in its open sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from convcost.core import arithmetic
from convcost.core.cost import Shape, Size
from convcost.core.dtypes import ITEMSIZES, dtype_named
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.report import Report, Row
from convcost.core.trace import MemoryUse, RanOn, Trace
from convcost.core.type_checks import REPORT, check_text, check_type
from convcost.layers.interface import Layer, SavedTensors

TRAINED = ("float64", "float32", "tfloat32", "float16", "bfloat16")


@dataclass(frozen=True)
class Memory:
    """Bytes in `dtype`. `activation_bytes` are what a forward keeps for its backward.

    The peaks are of a forward without gradients, and of a training step: with the gradients of all parameters
    and the optimiser's state there throughout. What is not known is None, and `reason` says why. `ran` says
    on what a torch module ran to be measured; a design has rules instead.
    """

    dtype: str
    optimizer: str
    parameters: Size
    buffers: Size
    gradients: Size
    optimizer_state: Size
    master_copy: Size
    activations: Size | None
    forward_peak: Size | None
    training_peak: Size | None
    reason: str = ""
    ran: RanOn | None = None


def memory(report: Report, dtype: str = "", optimizer: str = "adamw") -> Memory:
    """What `report`'s design takes to run and to train: memory(cost("Linear(10, 10)"), "bf16").

    In bytes of `dtype`, or else of the report's own. A torch module has to be profiled for it:
    memory(Profiler(footprint="bf16").profile(module, x)). Raises UsageError where it was not, for a dtype
    that nothing is trained in, and for an optimizer that is not known.
    """
    check_type("the report", report, Report, "a report", REPORT)
    check_text("dtype", dtype, "bfloat16")
    name, optimizer = _dtype(report, dtype), optimizer_named(optimizer)
    if report.trace:
        held = _measured_memory(report, report.trace, name)
        return _memory(held, name, optimizer)
    _check_layers(report)
    itemsize = ITEMSIZES[name]
    held = MemoryUse(name, report.params * itemsize, 0, 0, {itemsize: report.params})
    if reason := _unknown_reason(report):
        return _memory(held._replace(reason=reason), name, optimizer)
    return _memory(held._replace(**_layer_activations(report, itemsize)._asdict()), name, optimizer)


def _unknown_reason(report: Report) -> str:
    """Why it is not known what the layers keep; "" if it is known of all."""
    layers = (row.layer for row in report.rows if isinstance(row.layer, Layer))
    reasons = (layer.unknown_memory.format(type(layer).__name__) for layer in layers)
    return ", ".join(dict.fromkeys(filter(None, reasons)))


def _dtype(report: Report, dtype: str) -> str:
    own = report.trace.held.dtype if report.trace and report.trace.held else report.dtype
    return trainable_dtype(dtype or own)


def trainable_dtype(dtype: str) -> str:
    """The dtype that is called so, in full or in short; UsageError if there is none that models train in."""
    name = dtype_named(dtype)
    if name not in TRAINED:
        raise UsageError(f"nothing is trained in {name}", hint=f"There are {', '.join(TRAINED)}.")
    return name


def _check_layers(report: Report) -> None:
    if not all(isinstance(row.layer, Layer) for row in report.rows):
        message = f"{report.name} is put together of modules, and what these keep is known of each alone"
        raise UsageError(message)


def _measured_memory(report: Report, trace: Trace, dtype: str) -> MemoryUse:
    """As measured."""
    if trace.held and trace.held.dtype == dtype:
        return trace.held
    hint = f'Profile the module with Profiler(footprint="{dtype}").'
    raise UsageError(f"the memory of {report.name} in {dtype} was not measured", hint=hint)


def _memory(held: MemoryUse, dtype: str, optimizer: str) -> Memory:
    trainable = held.trainable.items()
    gradients = sum(count * itemsize for itemsize, count in trainable)
    state = sum(count * state_bytes(optimizer, itemsize) for itemsize, count in trainable)
    master = sum(count * master_bytes(optimizer, itemsize) for itemsize, count in trainable)
    stored = held.parameters + held.buffers + held.inputs
    trained = stored + gradients + state + master
    return Memory(
        dtype,
        optimizer,
        parameters=held.parameters,
        buffers=held.buffers,
        gradients=gradients,
        optimizer_state=state,
        master_copy=master,
        activations=held.kept,
        forward_peak=None if held.forward is None else stored + held.forward,
        training_peak=None if held.training is None else trained + held.training,
        reason=held.reason,
        ran=held.ran,
    )


def _layer_activations(report: Report, itemsize: int) -> ActivationBytes:
    """By the rules of the layers."""
    if not report.open_names:
        return activation_bytes(_chain_steps(report.rows), itemsize, max)
    from convcost.symbolic.report import compute_rows

    return ActivationBytes(
        *compute_rows(report, lambda rows, largest: activation_bytes(_chain_steps(rows), itemsize, largest))
    )


def _chain_steps(rows: Sequence[Row]) -> tuple[ChainStep, ...]:
    return tuple(
        ChainStep(cast("Layer", row.layer), row.input, row.output, row.input_itemsize) for row in rows
    )


LargestOf = Callable[[Sequence[Size]], Size]


class ChainStep(NamedTuple):
    """A layer on its input; indices, which are no floats, have an itemsize of their own."""

    layer: Layer
    input: Shape
    output: Shape
    input_itemsize: int | None = None


class ActivationBytes(NamedTuple):
    """Bytes: kept for backward; the most at once without gradients, and in training with those of tensors."""

    kept: Size
    forward: Size
    training: Size


def activation_bytes(steps: Sequence[ChainStep], itemsize: int, largest: LargestOf) -> ActivationBytes:
    """Of `steps` in a dtype of `itemsize` bytes."""
    kept, training = _training(steps, itemsize)
    return ActivationBytes(kept, largest([*_forward(steps, itemsize)]), largest(training))


def _forward(steps: Sequence[ChainStep], itemsize: int) -> Iterator[Size]:
    """At each layer: the chain's input, the layer's input and output, and what it makes beside these."""
    places, sizes = _tensor_memories(steps, itemsize, training=False)
    for number, step in enumerate(steps):
        there = {0, places[number], places[number + 1]}
        is_writing = not step.layer.shares_memory(training=False)
        own = step.layer.saved_tensors(step.input, step.output).own_bytes(itemsize) if is_writing else 0
        yield sum(sizes[place] for place in sorted(there)) + own


def _training(steps: Sequence[ChainStep], itemsize: int) -> tuple[Size, list[Size]]:
    """What all layers keep; and at each layer's backward: what it and those before it keep, and gradients.

    No layer's forward has more at once than its backward, as a gradient is as large as its tensor.
    """
    places, sizes = _tensor_memories(steps, itemsize, training=True)
    held: set[int] = set()
    total: Size = 0
    moments: list[Size] = []
    for number, step in enumerate(steps):
        kept = step.layer.saved_tensors(step.input, step.output)
        further = _saved_ends(kept, places[number : number + 2]) - held
        held |= further
        total += kept.own_bytes(itemsize) + sum(sizes[place] for place in sorted(further))
        ends = sum(sizes[place] for place in sorted({0, places[-1]} - held))
        moments.append(total + ends + _gradients(step, itemsize))
    return total, moments


def _saved_ends(kept: SavedTensors, places: Sequence[int]) -> set[int]:
    return {place for place, is_kept in zip(places, (kept.input, kept.output), strict=True) if is_kept}


def _tensor_memories(
    steps: Sequence[ChainStep], itemsize: int, training: bool
) -> tuple[list[int], list[Size]]:
    """For the input and each output the number of the memory it lies in; and the bytes of each memory."""
    places = [0]
    sizes = [arithmetic.elements(steps[0].input) * (steps[0].input_itemsize or itemsize)]
    for step in steps:
        if not step.layer.shares_memory(training):
            sizes.append(arithmetic.elements(step.output) * itemsize)
        places.append(len(sizes) - 1)
    return places, sizes


def _gradients(step: ChainStep, itemsize: int) -> Size:
    """That of the output, and that of what was worked on, unless it has none or is a view of the other."""
    of_output = arithmetic.elements(step.output) * itemsize
    has_own = step.input_itemsize is None and not step.layer.is_view
    return of_output + (step.layer.input_elements(step.input) * itemsize if has_own else 0)


FLOAT32 = 4
"""Bytes of a moment, and of a master copy, at least."""

MOMENTS = {
    "adamw": 2,
    "adam": 2,
    "amsgrad": 3,
    "nadam": 2,
    "radam": 2,
    "adamax": 2,
    "lion": 1,
    "rmsprop": 1,
    "adagrad": 1,
    "adadelta": 2,
    "momentum": 1,
    "sgd": 0,
    "none": 0,
}
"""Numbers that an optimiser remembers of each parameter, with torch's defaults; `momentum` is SGD with it,
`none` is no optimiser at all."""


def optimizer_named(text: str) -> str:
    """The optimiser that is called so, in any case; UsageError if none is."""
    name = check_text("optimizer", text, "adamw").lower()
    if name not in MOMENTS:
        message = f"no optimizer is called {text[:40]}{did_you_mean(name, MOMENTS)}"
        raise UsageError(message, hint=f"There are {', '.join(MOMENTS)}.")
    return name


def state_bytes(optimizer: str, itemsize: int) -> int:
    """What the optimiser remembers of a parameter of `itemsize` bytes."""
    return MOMENTS[optimizer] * max(itemsize, FLOAT32)


def master_bytes(optimizer: str, itemsize: int) -> int:
    """The float32 copy that a parameter of fewer bytes is trained by, as is usual; 0 where it needs none."""
    return FLOAT32 if itemsize < FLOAT32 and optimizer != "none" else 0
