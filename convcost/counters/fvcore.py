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
            notes.count(_path(outputs, prefix), operator, amount, shares)
        return counts

    return counting


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
