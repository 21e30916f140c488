"""fvcore's FlopCountAnalysis: counts MACs, called flops, on a trace."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import Adjustments, CounterReading, HookLevel, Unit, contractions
from convcost.counters.recorder import CallRecorder, bind_arguments, einsum_adjustments

if TYPE_CHECKING:
    import torch

SAME_PADDING = "aten::_convolution_mode"

NOTE = f"convcost supplied the formula for padding='same' ({SAME_PADDING}), which fvcore counts as 0"


class Fvcore:
    """Counts a traced forward pass by operator shapes."""

    name = "fvcore"
    title = "fvcore"
    package = "fvcore"
    install = "pip install fvcore"
    unit: Unit = "MACs"
    hook_level: HookLevel = "operators"
    runs_on_meta = False
    counts = "MACs of convolutions and matrix products, which it calls flops; also norms and poolings"
    blind_spots = "padding='same' (convcost supplies it), Bilinear, attention, LSTM; elementwise work"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Trace `module`, and record the count of each operator with its submodule."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # fvcore calls what newer torch deprecates
            from fvcore.nn import FlopCountAnalysis

        prefix = "module." if kwargs else ""
        analysis = FlopCountAnalysis(bind_arguments(module, args, kwargs) if kwargs else module, args)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        recorder = CallRecorder(module)
        handles = {
            name: _counting(recorder, prefix, name, handle) for name, handle in analysis._op_handles.items()
        }
        unknown = {f"aten::{name}" for name in contractions()} - handles.keys() - {SAME_PADDING}
        handles |= {name: _missing(recorder, prefix, name) for name in unknown}
        analysis.set_op_handle(**handles, **{SAME_PADDING: _same_padding(recorder, prefix)})
        total = analysis.total()
        return recorder.reading(total, note=NOTE if recorder.has_supplied else "")


Handle = Callable[[Sequence[Any], Sequence[Any]], Any]
"""Takes the input and output values of a traced operator. Returns a count."""


def _counting(recorder: CallRecorder, prefix: str, name: str, handle: Handle) -> Handle:
    def counting(inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        counts = handle(inputs, outputs)
        named = counts if isinstance(counts, Mapping) else {name.removeprefix("aten::"): counts}
        for operator, amount in named.items():
            adjustments = _einsum_adjustments(inputs, int(amount)) if operator == "einsum" else ()
            documented = _elementwise(operator, inputs, outputs)
            recorder.count(_path(outputs, prefix), operator, amount, adjustments, documented)
        return counts

    return counting


ELEMENTWISE: Mapping[str, Callable[[int, int, Sequence[Any]], int]] = {
    "batch_norm": lambda size, _, values: _norm(size, values[1]) - 3 * size * (not values[5].toIValue()),
    "group_norm": lambda size, _, values: _norm(size, values[2]),
    "layer_norm": lambda size, _, values: _norm(size, values[2]),
    "instance_norm": lambda size, _, values: _norm(size, values[1]),
    "upsample_nearest2d": lambda _, output, __: output,
    "upsample_bilinear2d": lambda _, output, __: 4 * output,
    "adaptive_avg_pool2d": lambda size, _, __: size,
    "grid_sampler": lambda _, output, __: 4 * output,
}
"""fvcore's rules for other work, by the elements of input and output, and the input values.

Source: https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/jit_handles.py
"""


def _norm(elements: int, weight: Any) -> int:
    """Five per element, or four without a weight; batch norm in eval mode has three fewer."""
    return elements * (5 if weight.isCompleteTensor() else 4)


def _elementwise(operator: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """The count of `operator` by its rule; 0 without one."""
    if operator not in ELEMENTWISE:
        return 0
    size, output_size = (prod(value.type().sizes()) for value in (inputs[0], outputs[0]))
    return ELEMENTWISE[operator](size, output_size, inputs)


def _einsum_adjustments(inputs: Sequence[Any], amount: int) -> Adjustments:
    shapes = [operand.type().sizes() for operand in inputs[1].node().inputs()]
    return einsum_adjustments(inputs[0].toIValue(), shapes, amount, 1)


def _missing(recorder: CallRecorder, prefix: str, name: str) -> Handle:
    def missing(_: Sequence[Any], outputs: Sequence[Any]) -> int:
        recorder.miss(_path(outputs, prefix), name)
        return 0

    return missing


def _same_padding(recorder: CallRecorder, prefix: str) -> Handle:
    """The formula for padding='same', not part of fvcore's total: output elements × weights per output.

    Shapes are [N, C_out, *] and [C_out, C_in / groups, *kernel].
    """

    def same_padding(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
        output: list[int] = outputs[0].type().sizes()
        weight: list[int] = inputs[1].type().sizes()
        recorder.supply(_path(outputs, prefix), SAME_PADDING, prod(output) * prod(weight[1:]))
        return 0

    return same_padding


def _path(outputs: Sequence[Any], prefix: str) -> str:
    """The submodule that a traced operator belongs to."""
    scope: str = outputs[0].node().scopeName().rpartition("/")[2]
    return "" if f"{scope}." == prefix else scope.removeprefix(prefix)
