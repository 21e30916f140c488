"""The memory that a report's design takes, in bytes, as exact numbers or formulas in its open sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from convcost.analysis.memory.chain import Activations, Step, activations
from convcost.analysis.memory.optimizers import master_bytes, optimizer_named, state_bytes
from convcost.core.arguments import REPORT, instance, text
from convcost.core.cost import Size
from convcost.core.dtypes import ITEMSIZES, dtype_named
from convcost.core.errors import UsageError
from convcost.core.report import Report, Row
from convcost.core.trace import Held, Ran, Trace
from convcost.layers.interface import Layer

TRAINED = ("float64", "float32", "tfloat32", "float16", "bfloat16")


@dataclass(frozen=True)
class Memory:
    """Bytes in `dtype`. `activations` are what a forward keeps for its backward.

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
    ran: Ran | None = None


def memory(report: Report, dtype: str = "", optimizer: str = "adamw") -> Memory:
    """What `report`'s design takes to run and to train: memory(cost("Linear(10, 10)"), "bf16").

    In bytes of `dtype`, or else of the report's own. A torch module has to be profiled for it:
    memory(Profiler(footprint="bf16").profile(module, x)). Raises UsageError where it was not, for a dtype
    that nothing is trained in, and for an optimizer that is not known.
    """
    instance("the report", report, Report, "a report", REPORT)
    text("dtype", dtype, "bfloat16")
    name, optimizer = _dtype(report, dtype), optimizer_named(optimizer)
    if report.trace:
        held = _held(report, report.trace, name)
        return _memory(held, name, optimizer)
    _check_layers(report)
    itemsize = ITEMSIZES[name]
    found = _activations(report, itemsize)
    held = Held(name, report.params * itemsize, 0, 0, {itemsize: report.params}, *found)
    return _memory(held, name, optimizer)


def _dtype(report: Report, dtype: str) -> str:
    own = report.trace.held.dtype if report.trace and report.trace.held else report.dtype
    return trained(dtype or own)


def trained(dtype: str) -> str:
    """The dtype that is called so, in full or in short; UsageError if there is none that models train in."""
    name = dtype_named(dtype)
    if name not in TRAINED:
        raise UsageError(f"nothing is trained in {name}", hint=f"There are {', '.join(TRAINED)}.")
    return name


def _check_layers(report: Report) -> None:
    if not all(isinstance(row.layer, Layer) for row in report.rows):
        message = f"{report.name} is put together of modules, and what these keep is known of each alone"
        raise UsageError(message)


def _held(report: Report, trace: Trace, dtype: str) -> Held:
    """As measured."""
    if trace.held and trace.held.dtype == dtype:
        return trace.held
    hint = f'Profile the module with Profiler(footprint="{dtype}").'
    raise UsageError(f"the memory of {report.name} in {dtype} was not measured", hint=hint)


def _memory(held: Held, dtype: str, optimizer: str) -> Memory:
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


def _activations(report: Report, itemsize: int) -> Activations:
    """By the rules of the layers."""
    if not report.open_names:
        return activations(_steps(report.rows), itemsize, max)
    from convcost.symbolic.maximum import compute_rows

    return Activations(
        *compute_rows(report, lambda rows, largest: activations(_steps(rows), itemsize, largest))
    )


def _steps(rows: Sequence[Row]) -> tuple[Step, ...]:
    return tuple(Step(cast("Layer", row.layer), row.input, row.output, row.input_itemsize) for row in rows)
