"""A run of a model on inputs that are nothing but shapes, some of their sizes open."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.report import Report
from convcost.operators.interface import Operator
from convcost.tracing.inputs import Declared, Inputs
from convcost.tracing.interrupts import interruptible
from convcost.tracing.isolation import Call, isolated
from convcost.tracing.model_parts import anatomy, unused
from convcost.tracing.modes import recorded
from convcost.tracing.paths import followed
from convcost.tracing.summarize import report_of
from convcost.tracing.symbolic_shapes.fake import shapes_only
from convcost.tracing.symbolic_shapes.recorder import OpenRecorder, OpenTape
from convcost.tracing.symbolic_shapes.sizes import Sizes
from convcost.tracing.symbolic_shapes.units import Unit
from convcost.tracing.target_call import named

if TYPE_CHECKING:
    import torch


class Ran(NamedTuple):
    """The report of a run, and the calls of torch that asked about sizes."""

    report: Report
    units: tuple[Unit, ...]


def run(module: torch.nn.Module, inputs: Inputs, sizes: Sizes, formulas: Mapping[str, Operator]) -> Ran:
    """What `module` costs on `inputs`: costs are our formulas, sizes may still be torch's.

    Raises what the model raises, and ValueAskedError where it needs the value of an open size.
    """
    import torch

    with ExitStack() as stack:
        stack.enter_context(shapes_only(sizes.environment))
        model, _, _ = stack.enter_context(isolated(Call(module, (), {}), as_shape, as_shape))
        stack.enter_context(torch.no_grad())
        with sizes.inquiry.inside_torch():
            args, kwargs = opened(inputs, sizes)
        parts = anatomy(model)
        tape = OpenTape(followed(parts.submodules), formulas, sizes=sizes)
        recorder = OpenRecorder(tape)
        with recorded(recorder):
            output = interruptible(model, *args, **kwargs)
        left = unused(parts, tape.used)
    return Ran(
        report_of(parts, tape, named(model, args, kwargs), output, "shapes", left), tuple(recorder.units)
    )


def as_shape(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor like it of shapes alone."""
    import torch

    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="cpu")


def opened(inputs: Inputs, sizes: Sizes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a forward is called with, its sizes open."""
    import torch

    def tensor(declared: Declared) -> torch.Tensor:
        dtype = getattr(torch, declared.dtype) if declared.dtype else torch.get_default_dtype()
        return torch.empty(tuple(map(sizes.named, declared.shape)), dtype=dtype, device="cpu")

    args = tuple(map(tensor, inputs.args))
    return args, {name: tensor(declared) for name, declared in inputs.kwargs.items()}
