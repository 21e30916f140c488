"""What memory figures mean, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.memory import Memory
from convcost.core.cost import quotient
from convcost.core.report import Report
from convcost.core.units import human, ratio
from convcost.render.numbers import is_number

Found = list[tuple[Report, Memory]]

ESTIMATE = (
    "An estimate: input and output are held throughout, gradients and the optimizer's state throughout a "
    "step; kept is what CUDA's kernels keep. Left out: what a layer makes for a moment, workspace of "
    "libraries, what an allocator rounds up or can't reuse, CUDA's own."
)

RAN = {
    "shapes": "{names}: what is kept was seen in a run forward and backward, in training, on shapes alone.",
    "data": "{names}: what is kept was seen in a run on real data, on the CPU, whose kernels may keep more.",
}

OF_DESIGNS = "A design's input has a gradient too, as inside a network; its buffers are left out."


def memory_notes(found: Found) -> tuple[str, ...]:
    """How the candidates compare, what is not known, what the figures rest on."""
    return (*_comparisons(found), *_unknown(found), *_master(found), *_measured(found), ESTIMATE)


def _comparisons(found: Found) -> Iterator[str]:
    """conv keeps 2.00× as much as dense for its backward, and a step of training takes 0.61× as much."""
    (first, base), *others = found
    for other, memory in others:
        pairs = ((base.activations, memory.activations), (base.training_peak, memory.training_peak))
        if all(is_number(value) and value for pair in pairs for value in pair):
            kept, peak = (ratio(quotient(value or 0, whole or 1)) for whole, value in pairs)
            yield (
                f"{other.name} keeps {kept} as much as {first.name} for its backward; a training step takes "
                f"{peak} its memory ({_human(memory.training_peak)} against {_human(base.training_peak)})."
            )


def _human(value: int | None) -> str:
    return human(value or 0, "B")


def _unknown(found: Found) -> Iterator[str]:
    for report, memory in found:
        if memory.reason:
            yield f"What {report.name} keeps for its backward is unknown, and so are peaks: {memory.reason}."


def _master(found: Found) -> Iterator[str]:
    for dtype in sorted({memory.dtype for _, memory in found if memory.master_copy != 0}):
        yield (
            f"With {dtype}, the optimizer's state and a master copy of the parameters are in float32, as is "
            f"usual in mixed precision."
        )


def _measured(found: Found) -> Iterator[str]:
    for ran, text in RAN.items():
        if names := [report.name for report, memory in found if memory.ran == ran]:
            yield text.format(names=" and ".join(names))
    if not all(report.trace for report, _ in found):
        yield OF_DESIGNS
