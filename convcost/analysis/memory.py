"""Memory use of a design for inference and training: exact bytes, or formulas in open sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from convcost.analysis.activation_memory import ActivationBytes, LargestOf, activation_bytes
from convcost.analysis.memory_layout import unknown_copies
from convcost.analysis.memory_steps import memory_steps
from convcost.api import design_report
from convcost.core.cost import Size
from convcost.core.dtypes import ITEMSIZES, dtype_named
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.float_dtype import with_float_dtype
from convcost.core.report import Report
from convcost.core.row import InputShape, Row
from convcost.core.trace import MemoryUse, RanOn, Trace
from convcost.core.type_checks import check_text, merge_sizes
from convcost.design import GivenDesign, as_design
from convcost.layers.composite import CompositeLayer
from convcost.layers.interface import Layer
from convcost.layers.joins import add, concat, einsum, matmul, mul

TRAINED = ("float64", "float32", "tfloat32", "float16", "bfloat16")


JOINS = add, mul, concat, matmul, einsum
"""Layers with several inputs whose saved tensors have rules."""


@dataclass(frozen=True)
class Memory:
    """Memory use in bytes, for floats in `dtype`. A None is explained in `reason`.

    Attributes:
        dtype: The dtype of floats.
        optimizer: The optimizer.
        parameters: Bytes of parameters.
        buffers: Bytes of buffers.
        gradients: Bytes of the gradients of parameters.
        optimizer_state: Bytes of the optimizer's state.
        master_copy: Bytes of the float32 copy of parameters in a smaller dtype.
        activations: Bytes of saved tensors, which the forward saves for the backward.
        forward_peak: The peak of a forward pass without gradients.
        training_peak: The peak of a training step, with gradients of all parameters and optimizer state.
        reason: Why a figure is not known.
        ran: What a torch module ran on for the measurement; None for a design with rules.
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


def memory(design: GivenDesign, /, dtype: str = "", optimizer: str = "adamw", **sizes: Size) -> Memory:
    """The memory use of a design for inference and training.

    Args:
        design: A spec, a report, or a torch module with its inputs, (module, "f32[8,16]"), which runs twice
            for the measurement. The report of a module must be made with Profiler(footprint="bf16").
        dtype: The dtype of floats; by default that of the design.
        optimizer: The optimizer, such as "adamw", "sgd" or "none".
        sizes: Values of sizes, by name.

    Raises:
        UsageError: If a module's report has no measurement, the dtype can't be used for training, or the
            optimizer is unknown.

    >>> memory("[1, 10] -> Linear(10, 10)", "bf16").gradients
    220
    """
    stated = as_design(design)
    check_text("dtype", dtype, "bfloat16")
    optimizer = optimizer_named(optimizer)
    measured_in = trainable_dtype(dtype) if dtype else ""
    report = design_report(stated, merge_sizes(sizes), footprint=measured_in)
    name = _dtype(report, dtype)
    if report.trace:
        held = _measured_memory(report, report.trace, name)
        return _memory(held, name, optimizer)
    _check_layers(report)
    return _memory(_design_memory(report, name, is_asked=bool(dtype)), name, optimizer)


def _unknown_reason(report: Report) -> str:
    """Why the saved tensors of the layers can't be known; "" if they can."""
    rows = (row for row in report.rows if not (row.further_inputs or isinstance(row.layer, CompositeLayer)))
    return ", ".join(dict.fromkeys(filter(None, map(_unknown_memory, rows))))


def _unknown_memory(row: Row) -> str:
    return row.layer.unknown_memory.format(row.kind) if isinstance(row.layer, Layer) else ""


def _unruled_reason(report: Report) -> str:
    """Why the saved tensors must be measured; "" if all layers have rules."""
    for row in report.rows:
        if row.further_inputs and not isinstance(row.layer, JOINS):
            return f"no rule for the saved tensors of {row.kind} with several inputs"
        if reason := _unknown_memory(row):
            return reason
    return unknown_copies(report.rows)


def _dtype(report: Report, dtype: str) -> str:
    own = report.trace.held.dtype if report.trace and report.trace.held else report.dtype
    return trainable_dtype(dtype or own)


def trainable_dtype(dtype: str) -> str:
    """The dtype with this full or short name; UsageError if it can't be used for training."""
    name = dtype_named(dtype)
    if name not in TRAINED:
        raise UsageError(f"{name} can't be used for training", hint=f"Choose from {', '.join(TRAINED)}.")
    return name


def _check_layers(report: Report) -> None:
    if not all(isinstance(row.layer, Layer) for row in report.rows):
        message = f"{report.name} is a sum of modules, whose memory is only known separately"
        raise UsageError(message)


def _measured_memory(report: Report, trace: Trace, dtype: str) -> MemoryUse:
    """The measured memory; UsageError if it was not measured in `dtype`."""
    if trace.held and trace.held.dtype == dtype:
        return trace.held
    hint = 'Give the module and its inputs: memory((module, "f32[1,8]")).'
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


def _design_memory(report: Report, dtype: str, is_asked: bool) -> MemoryUse:
    """Memory by the rules of the layers; without rules, measured if all sizes have values."""
    counted = with_float_dtype(report, dtype) if is_asked else report
    itemsize = ITEMSIZES[dtype]
    trainable: Counter[int] = Counter()
    for row in counted.rows:
        trainable[row.output_itemsize(itemsize) if row.stored else itemsize] += row.params
    stored = sum(size * count for size, count in trainable.items())
    held = MemoryUse(dtype, stored, 0, 0, dict(trainable))
    if reason := _unknown_reason(report):
        return held._replace(reason=reason)
    if reason := _unruled_reason(report):
        return _measured_design(report, held, dtype if is_asked else "", reason)
    return held._replace(**_layer_activations(counted, itemsize)._asdict())


def _measured_design(report: Report, held: MemoryUse, dtype: str, reason: str) -> MemoryUse:
    """`held` with measured activations of the design's module; or with the `reason` if it can't run."""
    if report.open_names:
        return held._replace(reason=f"{reason}; give every size a value, and they are measured")
    from convcost.analysis.measured_memory import measured_activations

    measured = measured_activations(report, dtype)
    if measured is None:
        return held._replace(reason=reason)
    return held._replace(**measured._asdict(), ran="shapes")


def _layer_activations(report: Report, itemsize: int) -> ActivationBytes:
    """Activation memory by the rules of the layers."""

    def compute(rows: Sequence[Row], inputs: Sequence[InputShape], largest: LargestOf) -> ActivationBytes:
        return activation_bytes(memory_steps(rows, inputs, itemsize), largest)

    if not report.open_names:
        return compute(report.rows, report.inputs, max)
    from convcost.symbolic.report import compute_rows

    return ActivationBytes(*compute_rows(report, compute))


FLOAT32 = 4
"""The minimum bytes per element of optimizer state, and of a master copy."""

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
"""State per parameter, with torch's defaults. `momentum` is SGD with momentum, `none` no optimizer."""


def optimizer_named(text: str) -> str:
    """The optimizer of this name, ignoring case; UsageError if there is none."""
    name = check_text("optimizer", text, "adamw").lower()
    if name not in MOMENTS:
        message = f"no optimizer is called {text[:40]}{did_you_mean(name, MOMENTS)}"
        raise UsageError(message, hint=f"Choose from {', '.join(MOMENTS)}.")
    return name


def state_bytes(optimizer: str, itemsize: int) -> int:
    """Optimizer state in bytes for a parameter of `itemsize` bytes."""
    return MOMENTS[optimizer] * max(itemsize, FLOAT32)


def master_bytes(optimizer: str, itemsize: int) -> int:
    """Bytes of the float32 master copy of a parameter of fewer bytes; 0 if it needs none."""
    return FLOAT32 if itemsize < FLOAT32 and optimizer != "none" else 0
