"""A module's text with the sizes of its inputs put in: (x=f32[1,3,64,64]) -> net.py:Net."""

from __future__ import annotations

from convcost.core.report import Report
from convcost.core.trace import TensorInfo
from convcost.spec.spec_format import SpecFormat
from convcost.tracing.declared_inputs import SHORT_NAMES
from convcost.tracing.target.module_text import is_module_text

SHORT = {name: short for short, name in reversed(SHORT_NAMES.items())}
"""The shortest name of each dtype."""


def module_format(report: Report) -> SpecFormat | None:
    """The format of a module given by its file, with the inputs of its run.

    None if it can't be written: a module without a file, an input without a name, or a size such as 2*H.
    """
    inputs = report.trace.inputs if report.trace else ()
    texts = ["("]
    names: list[str] = []
    for place, tensor in enumerate(inputs):
        if not _can_be_written(tensor, report):
            return None
        texts[-1] += f"{', ' if place else ''}{tensor.name}={SHORT.get(tensor.dtype, tensor.dtype)}["
        for dimension, size in enumerate(tensor.shape):
            texts[-1] += "," if dimension else ""
            if isinstance(size, int):
                texts[-1] += str(size)
            else:
                names.append(str(size))
                texts.append("")
        texts[-1] += "]"
    texts[-1] += f") -> {report.spec}"
    return SpecFormat(tuple(texts), tuple(names)) if inputs and is_module_text(report.spec) else None


def _can_be_written(tensor: TensorInfo, report: Report) -> bool:
    sizes = (isinstance(size, int) or str(size) in report.open_names for size in tensor.shape)
    return tensor.name.isidentifier() and all(sizes)
