"""ONNX operators as torch calls, by name; those of other domains by domain and name.

To add an operator, add a line to its family's file.
"""

from __future__ import annotations

from convcost.tracing.sources.onnx_files.operators import (
    attention,
    contraction,
    elementwise,
    movement,
    normalization,
    pooling,
    quantized,
    recurrent,
    reductions,
    sequences,
)
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule

OPERATORS: dict[str, TorchRule] = {
    **movement.OPERATORS,
    **elementwise.OPERATORS,
    **reductions.OPERATORS,
    **normalization.OPERATORS,
    **pooling.OPERATORS,
    **contraction.OPERATORS,
    **attention.OPERATORS,
    **recurrent.OPERATORS,
    **quantized.OPERATORS,
    **sequences.OPERATORS,
}
