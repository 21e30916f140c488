"""Limits on running a counter with data: open sizes, memory, and FLOPs."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core import arithmetic
from convcost.core.cost import FLOPS_PER_MAC, Shape, Size
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.units import binary, human

MAX_FLOPS = 10**12
"""The most FLOPs that a counter may compute with data: seconds on a CPU."""

META_BREAK_EVEN = 10**10
"""FLOPs up to which a run with data is faster than the first use of the meta device, which takes 1 s."""

ADDRESSABLE_BYTES = 2**63
"""The limit on the bytes of a tensor in torch, also on the meta device."""

REAL_ITEMSIZE = 4

CHANNEL_BLOCK = 16
"""The largest block of channels in oneDNN's layouts: the floats of an AVX-512 register."""


def obstacle(report: Report) -> str:
    """Why counters can't run; "" if they can."""
    if report.open_names:
        return f"counters need values for {', '.join(report.open_names)}"
    if report.generation and report.generation.phase == "decode":
        return "counters call a module without its cache"
    if largest_tensor(report) >= ADDRESSABLE_BYTES:
        return f"torch does not support a tensor of {human(largest_tensor(report), 'B')}"
    return ""


def real_run_obstacle(report: Report, memory: int, has_gradients: bool = False) -> str:
    """Why a counter can't run with data; "" if it can. With gradients, all outputs stay in memory."""
    needed, flops = real_bytes(report), FLOPS_PER_MAC * report.macs
    if has_gradients:
        needed += REAL_ITEMSIZE * sum(row.calls * arithmetic.elements(row.output) for row in report.rows)
    if needed > memory:
        return f"a run with data would need {binary(needed)}; --max-memory allows {binary(memory)}"
    if flops > MAX_FLOPS:
        amount, limit = human(flops, "FLOPs"), human(MAX_FLOPS, "FLOPs")
        return f"a run with data would compute {amount}; the limit is {limit}"
    return ""


def is_quick(report: Report, memory: int) -> bool:
    """Whether a run with data is faster than loading the meta device."""
    return real_bytes(report) <= memory and FLOPS_PER_MAC * report.macs <= META_BREAK_EVEN


def real_bytes(report: Report) -> Size:
    """An estimate of the memory of a forward pass: the parameters, and the tensors of the largest layer."""
    waiting = _waiting_elements(report)
    working = (_working_elements(row) + held for row, held in zip(report.rows, waiting, strict=True))
    return REAL_ITEMSIZE * (report.params + max(working))


def _working_elements(row: Row) -> Size:
    further = sum(arithmetic.elements(tensor.shape) for tensor in row.further_inputs)
    return arithmetic.elements(row.input) + further + arithmetic.elements(row.output) + _workspace(row)


def _waiting_elements(report: Report) -> Iterator[Size]:
    """For each layer, the elements of other tensors that later layers need."""
    last = {source: number for number, row in enumerate(report.rows) for source in _held(row)}
    inputs = range(-1, -1 - len(report.inputs), -1)
    last.update(dict.fromkeys(inputs, len(report.rows)))
    waiting = {source: arithmetic.elements(report.inputs[-1 - source].shape) for source in inputs}
    for number, row in enumerate(report.rows):
        yield sum(size for source, size in waiting.items() if source not in row.sources)
        waiting[number] = arithmetic.elements(row.output)
        waiting = {source: size for source, size in waiting.items() if last.get(source, 0) > number}


def _held(row: Row) -> tuple[int, ...]:
    return row.sources if row.branch_source is None else (*row.sources, row.branch_source)


def _workspace(row: Row) -> Size:
    """The most that torch may allocate on the CPU for a convolution, beyond its input and output.

    The padded input, and the larger of two: the unfolded input of a group, with the output of each group; or
    input and output with their channels in blocks, for oneDNN.
    """
    weight = row.parameters.get("weight", ())
    channels = 1 - len(weight)
    if not row.kind.startswith("Conv") or min(len(row.input), len(row.output)) < -channels or len(weight) < 3:
        return 0
    unfolded = row.input if "Transpose" in row.kind else row.output
    positions = arithmetic.elements(unfolded) // max(unfolded[channels], 1)
    columns = positions * arithmetic.elements(weight[1:]) + arithmetic.elements(row.output)
    return arithmetic.elements(row.input) + max(
        columns, _blocked(row.input, channels) + _blocked(row.output, channels)
    )


def _blocked(shape: Shape, channels: int) -> Size:
    """Elements of a tensor whose dimension `channels` is padded to a multiple of a block."""
    padded = -(-shape[channels] // CHANNEL_BLOCK) * CHANNEL_BLOCK
    return arithmetic.elements(shape) // max(shape[channels], 1) * padded


def largest_tensor(report: Report) -> Size:
    """Bytes of the largest tensor, in double precision."""
    weights = (shape for row in report.rows for shape in row.parameters.values())
    inputs = (tensor.shape for tensor in report.inputs)
    shapes = (report.input, *inputs, *(row.output for row in report.rows), *weights)
    return REAL_ITEMSIZE * 2 * max(map(arithmetic.elements, shapes))
