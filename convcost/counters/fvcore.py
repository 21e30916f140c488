"""fvcore's FlopCountAnalysis: MACs, called flops, counted on a trace."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CONTRACTING, Reading, Unit

if TYPE_CHECKING:
    import torch

CONTRACTIONS = ("conv", "linear", "addmm", "bmm", "baddbmm", "matmul", "mm", "einsum")
"""What fvcore calls the operators that multiply and accumulate; the rest of its count is elementwise."""

SAME_PADDING = "aten::_convolution_mode"


class Fvcore:
    """Counts a traced forward by the operators' shapes."""

    name = "fvcore"
    title = "fvcore"
    package = "fvcore"
    unit: Unit = "MACs"
    runs_on_meta = False
    counts = "MACs of convolutions and matrix products, under the name flops; norms and poolings beside them"
    blind_spots = "padding='same' (convcost supplies it), Bilinear, attention, LSTM; elementwise work"

    def read(self, module: torch.nn.Module, example: torch.Tensor) -> Reading:
        """Trace `module` on `example`, with the handle that fvcore lacks for padding='same'."""
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(module, example)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        same = _SamePadding()
        analysis.set_op_handle(SAME_PADDING, same)
        counted = {name: int(count) for name, count in analysis.by_operator().items()}
        missed = {name: calls for name, calls in analysis.unsupported_ops().items() if name in CONTRACTING}
        own = (*CONTRACTIONS, SAME_PADDING.removeprefix("aten::"))
        return Reading(
            operators={name: count for name, count in counted.items() if name in own},
            others={name: count for name, count in counted.items() if name not in own and count},
            missed=missed,
            note=same.note,
        )


class _SamePadding:
    """The formula for `aten::_convolution_mode`, and how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
        """Outputs × weights of each output; shapes [N, C_out, *] and [C_out, C_in / groups, *kernel]."""
        self.calls += 1
        output: list[int] = outputs[0].type().sizes()
        weight: list[int] = inputs[1].type().sizes()
        return prod(output) * prod(weight[1:])

    @property
    def note(self) -> str:
        """That a figure is not fvcore's alone."""
        if not self.calls:
            return ""
        return f"fvcore counts {SAME_PADDING} (padding='same') as 0; convcost gave it the formula"
