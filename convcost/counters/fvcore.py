"""fvcore's FlopCountAnalysis: MACs, called flops, counted on a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.einsum import order_share
from convcost.counters.interface import Reading, Unit, Watches, contracting
from convcost.counters.notes import Notes, Shares, called

if TYPE_CHECKING:
    import torch

SAME_PADDING = "aten::_convolution_mode"

NOTE = f"fvcore counts {SAME_PADDING} (padding='same') as 0; convcost gave it the formula"


class Fvcore:
    """Counts a traced forward by the operators' shapes."""

    name = "fvcore"
    title = "fvcore"
    package = "fvcore"
    install = "pip install fvcore"
    unit: Unit = "MACs"
    watches: Watches = "operators"
    runs_on_meta = False
    counts = "MACs of convolutions and matrix products, under the name flops; norms and poolings beside them"
    blind_spots = "padding='same' (convcost supplies it), Bilinear, attention, LSTM; elementwise work"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Trace `module`, with a handle on each operator that notes what was counted, and where."""
        from fvcore.nn import FlopCountAnalysis

        prefix = "module." if kwargs else ""
        analysis = FlopCountAnalysis(called(module, args, kwargs) if kwargs else module, args)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        notes = Notes()
        handles = {
            name: _counting(notes, prefix, name, handle) for name, handle in analysis._op_handles.items()
        }
        unknown = {f"aten::{name}" for name in contracting()} - handles.keys() - {SAME_PADDING}
        handles |= {name: _missing(notes, prefix, name) for name in unknown}
        analysis.set_op_handle(**handles, **{SAME_PADDING: _same_padding(notes, prefix)})
        total = analysis.total()
        return notes.reading(total, note=NOTE if notes.supplied else "")


Handle = Callable[[Sequence[Any], Sequence[Any]], Any]
"""Takes the values that go into a traced operator and those that come out, and returns a count."""


def _counting(notes: Notes, prefix: str, name: str, handle: Handle) -> Handle:
    def counting(inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        counts = handle(inputs, outputs)
        named = counts if isinstance(counts, Mapping) else {name.removeprefix("aten::"): counts}
        for operator, amount in named.items():
            shares = _einsum_shares(inputs, int(amount)) if operator == "einsum" else ()
            rule = _elementwise(operator, inputs, outputs)
            notes.count(_path(outputs, prefix), operator, amount, shares, rule)
        return counts

    return counting


ELEMENTWISE: Mapping[str, Callable[[int, int, Sequence[Any]], int]] = {
    "batch_norm": lambda given, _, values: _norm(given, values[1]) - 3 * given * (not values[5].toIValue()),
    "group_norm": lambda given, _, values: _norm(given, values[2]),
    "layer_norm": lambda given, _, values: _norm(given, values[2]),
    "instance_norm": lambda given, _, values: _norm(given, values[1]),
    "upsample_nearest2d": lambda _, output, __: output,
    "upsample_bilinear2d": lambda _, output, __: 4 * output,
    "adaptive_avg_pool2d": lambda given, _, __: given,
    "grid_sampler": lambda _, output, __: 4 * output,
}
"""What fvcore's rules for other work give, by the elements of the input and the output, and the operands.

https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/jit_handles.py
"""


def _norm(elements: int, weight: Any) -> int:
    """Five for each element, or four without a weight; batch norm in eval mode has three fewer."""
    return elements * (5 if weight.isCompleteTensor() else 4)


def _elementwise(operator: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """What `operator` counts by the rule for it: nothing, where there is none."""
    if operator not in ELEMENTWISE:
        return 0
    given, output = (prod(value.type().sizes()) for value in (inputs[0], outputs[0]))
    return ELEMENTWISE[operator](given, output, inputs)


def _einsum_shares(inputs: Sequence[Any], amount: int) -> Shares:
    shapes = [operand.type().sizes() for operand in inputs[1].node().inputs()]
    return order_share(inputs[0].toIValue(), shapes, amount, 1)


def _missing(notes: Notes, prefix: str, name: str) -> Handle:
    def missing(_: Sequence[Any], outputs: Sequence[Any]) -> int:
        notes.miss(_path(outputs, prefix), name)
        return 0

    return missing


def _same_padding(notes: Notes, prefix: str) -> Handle:
    """The formula for padding='same': outputs × weights of each output, beside fvcore's own total.

    Shapes are [N, C_out, *] and [C_out, C_in / groups, *kernel].
    """

    def same_padding(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
        output: list[int] = outputs[0].type().sizes()
        weight: list[int] = inputs[1].type().sizes()
        notes.supply(_path(outputs, prefix), SAME_PADDING, prod(output) * prod(weight[1:]))
        return 0

    return same_padding


def _path(outputs: Sequence[Any], prefix: str) -> str:
    """The submodule that a traced operator belongs to."""
    scope: str = outputs[0].node().scopeName().rpartition("/")[2]
    return "" if f"{scope}." == prefix else scope.removeprefix(prefix)
