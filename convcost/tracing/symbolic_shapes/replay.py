"""Functions of torch that asked about sizes, run again on numbers: do their outputs' shapes come out alike?

What torch asks inside them mostly concerns strides. Where it decides a shape, as in x[:, :100], that shows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, cast

import torch

from convcost.core.cost import Shape
from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import value_at
from convcost.tracing.tensors import tensors

Point = Mapping[str, int]
"""A number for each open size."""

Replays = list[tuple[Point, bool | None]]


class TensorSpec(NamedTuple):
    """What stands for a tensor."""

    shape: Shape
    dtype: torch.dtype


class TorchCall(NamedTuple):
    """A call of torch by the model, with stands for tensors, what shapes it yielded, and what it asked."""

    function: Callable[..., Any]
    args: Any
    kwargs: Any
    shapes: tuple[Shape, ...]
    expressions: tuple[Any, ...]


def to_specs(value: Any, formula: Callable[[Any], Any]) -> Any:
    """`value` with stands for tensors, and the `formula` of each of torch's sizes."""
    if isinstance(value, torch.Tensor):
        return TensorSpec(tuple(map(formula, value.shape)), value.dtype)
    if isinstance(value, torch.SymInt):
        return formula(value)
    if isinstance(value, torch.SymFloat | torch.SymBool):
        return value.node.hint
    return _map_parts(value, lambda part: to_specs(part, formula))


def to_tensors(value: Any, point: Point) -> Any:
    """What `lifted` made, with numbers: tensors again."""
    if isinstance(value, TensorSpec):
        return torch.empty(
            [cast("int", value_at(size, point)) for size in value.shape], dtype=value.dtype, device="meta"
        )
    if isinstance(value, Formula):
        return value_at(value, point)
    if isinstance(value, torch.device):
        return torch.device("meta")
    return _map_parts(value, lambda part: to_tensors(part, point))


def _map_parts(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, slice):
        return slice(change(value.start), change(value.stop), change(value.step))
    if isinstance(value, list | tuple):
        return [*map(change, value)] if isinstance(value, list) else tuple(map(change, value))
    return {name: change(part) for name, part in value.items()} if type(value) is dict else value


def replays_at(call: TorchCall, points: Iterable[Point]) -> Replays:
    """Whether shapes are as their formulas say at each of `points`; None where torch refuses the sizes."""
    return [(point, _agrees(call, point)) for point in points]


def _agrees(call: TorchCall, point: Point) -> bool | None:
    try:
        expected = [tuple(value_at(size, point) for size in shape) for shape in call.shapes]
        with torch.device("meta"):
            output = call.function(*to_tensors(call.args, point), **to_tensors(call.kwargs, point))
    except Exception:
        return None
    return [tuple(tensor.shape) for tensor in tensors((output,))] == expected


def distinct_calls(calls: Iterable[TorchCall]) -> list[TorchCall]:
    """Each call on the same stands once."""
    found: dict[Any, TorchCall] = {}
    for call in calls:
        found.setdefault((call.function, _hashable(call.args), _hashable(call.kwargs)), call)
    return list(found.values())


def _hashable(value: Any) -> Any:
    if isinstance(value, slice):
        return slice, _hashable(value.start), _hashable(value.stop), _hashable(value.step)
    if isinstance(value, dict):
        return tuple((name, _hashable(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else id(value)
