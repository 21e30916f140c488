"""If, Loop and Scan: operators that run nested graphs.

An If with a known condition runs that branch; otherwise the costlier branch counts, as for torch.cond. A Loop
runs its stated number of trips; if that depends on data, one trip counts and the report says so. A Scan runs
one step for each slice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.values import NodeCall, Value, as_tensor, is_known, known_tensor

MOST_TRIPS = 10_000

UNBOUNDED = 2**31
"""The trip limit of a loop that states none."""

RunGraph = Callable[[Sequence[Value]], list[Value]]
"""Runs a graph on its inputs and returns its outputs."""


def run_if(call: NodeCall, graphs: Mapping[str, RunGraph]) -> Any:
    """If: the outputs of the branch that counts."""
    branches = {True: graphs["then_branch"], False: graphs["else_branch"]}
    if is_known(call.inputs[0]):
        return tuple(branches[bool(call.numbers(0)[0])]([]))

    def branch(which: bool) -> Any:
        return tuple(map(as_tensor, branches[which]([])))

    predicate = call.tensor(0).reshape(())
    return torch.cond(predicate, lambda: branch(True), lambda: branch(False), ())


def run_loop(call: NodeCall, graphs: Mapping[str, RunGraph]) -> Any:
    """Loop: the final loop-carried values, then the stacked outputs of all trips."""
    body, carried = graphs["body"], list(call.inputs[2:])
    limit = call.inputs[0] if call.has(0) else known_tensor([UNBOUNDED])
    condition = call.inputs[1] if call.has(1) else known_tensor([True], torch.bool).reshaped(())
    collected: list[list[Value]] = []
    trips = 0
    while True:
        if not is_known(limit) or not is_known(condition):
            return _one_trip(call, body, carried, condition if is_known(limit) else limit)
        if not isinstance(limit.numbers[0], int):
            raise UsageError("its trip count depends on an open size: give that size a number")
        if trips >= limit.numbers[0] or not condition.numbers[0]:
            break
        if trips == MOST_TRIPS:
            raise UsageError(f"it runs more than {MOST_TRIPS} times")
        condition, *rest = body([known_tensor([trips]).reshaped(()), condition, *carried])
        carried, outputs = rest[: len(carried)], rest[len(carried) :]
        collected.append(outputs)
        trips += 1
    return *carried, *(_stack(parts) for parts in zip(*collected, strict=True))


def _stack(parts: Sequence[Value], axis: int = 0) -> torch.Tensor:
    return torch.stack([as_tensor(part) for part in parts], axis)


def _one_trip(call: NodeCall, body: RunGraph, carried: list[Value], asked: Value) -> Any:
    """One trip of a loop whose trip count depends on data. UsageError if it stacks outputs: their length is
    unknown."""
    if call.outputs > len(carried):
        raise UsageError("its trip count depends on data, so the shape of its outputs is unknown")
    goes_on = as_tensor(asked).reshape(()).to(torch.bool)

    def trip(*values: Any) -> Any:
        _, *rest = body([torch.zeros((), dtype=torch.int64), goes_on, *values])
        return tuple(map(as_tensor, rest))

    from torch._higher_order_ops import while_loop

    run: Any = while_loop
    return tuple(run(lambda *_: goes_on, trip, tuple(map(as_tensor, carried))))


def run_scan(call: NodeCall, graphs: Mapping[str, RunGraph]) -> Any:
    """Scan: the final state, then the stacked outputs of all steps."""
    body, count = graphs["body"], call.get("num_scan_inputs", 1)
    carried, scanned = list(call.inputs[: len(call.inputs) - count]), call.inputs[len(call.inputs) - count :]
    axes = call.get("scan_input_axes", (0,) * count)
    tensors = [as_tensor(value) for value in scanned]
    length = tensors[0].shape[axes[0]]
    if not isinstance(length, int):
        raise UsageError("its number of steps depends on an open size: give that size a number")
    if length > MOST_TRIPS:
        raise UsageError(f"it runs more than {MOST_TRIPS} times")
    collected = []
    for step in range(length):
        found = body(
            [*carried, *(tensor.select(axis, step) for tensor, axis in zip(tensors, axes, strict=True))]
        )
        carried, outputs = found[: len(carried)], found[len(carried) :]
        collected.append(outputs)
    places = call.get("scan_output_axes") or (0,) * (call.outputs - len(carried))
    made = (_stack(parts, place) for parts, place in zip(zip(*collected, strict=True), places, strict=True))
    return *carried, *made


CONTROL_FLOW: dict[str, Callable[[NodeCall, Mapping[str, RunGraph]], Any]] = {
    **{"If": run_if, "Loop": run_loop, "Scan": run_scan},
    "function": lambda call, graphs: tuple(graphs["function"](call.inputs)),
}
"""Rules by operator; "function" is a call of a function that the file defines."""
