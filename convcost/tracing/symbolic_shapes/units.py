"""Functions of torch that asked about sizes, run again on numbers: do their outputs' shapes come out alike?

What torch asks inside them mostly concerns strides. Where it decides a shape, as in x[:, :100], that shows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.cost import Shape
from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import substitute
from convcost.tracing.tensors import tensors

if TYPE_CHECKING:
    import torch

Point = Mapping[str, int]
"""A number for each open size."""

Answers = list[tuple[Point, bool | None]]


class Stand(NamedTuple):
    """What stands for a tensor."""

    shape: Shape
    dtype: torch.dtype


class Unit(NamedTuple):
    """A call of torch by the model, with stands for tensors, what shapes it yielded, and what it asked."""

    function: Callable[..., Any]
    args: Any
    kwargs: Any
    shapes: tuple[Shape, ...]
    questions: tuple[Any, ...]


def lifted(value: Any, formula: Callable[[Any], Any]) -> Any:
    """`value` with stands for tensors, and the `formula` of each of torch's sizes."""
    import torch

    if isinstance(value, torch.Tensor):
        return Stand(tuple(map(formula, value.shape)), value.dtype)
    if isinstance(value, torch.SymInt):
        return formula(value)
    if isinstance(value, torch.SymFloat | torch.SymBool):
        return value.node.hint
    return _inside(value, lambda part: lifted(part, formula))


def lowered(value: Any, point: Point) -> Any:
    """What `lifted` made, with numbers: tensors again."""
    import torch

    if isinstance(value, Stand):
        return torch.empty(
            [substitute(size, point) for size in value.shape], dtype=value.dtype, device="meta"
        )
    if isinstance(value, Formula):
        return substitute(value, point)
    if isinstance(value, torch.device):
        return torch.device("meta")
    return _inside(value, lambda part: lowered(part, point))


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, slice):
        return slice(change(value.start), change(value.stop), change(value.step))
    if isinstance(value, list | tuple):
        return [*map(change, value)] if isinstance(value, list) else tuple(map(change, value))
    return {name: change(part) for name, part in value.items()} if type(value) is dict else value


def answers_at(unit: Unit, points: Iterable[Point]) -> Answers:
    """Whether shapes are as their formulas say at each of `points`; None where torch refuses the sizes."""
    return [(point, _agrees(unit, point)) for point in points]


def _agrees(unit: Unit, point: Point) -> bool | None:
    import torch

    try:
        expected = [tuple(substitute(size, point) for size in shape) for shape in unit.shapes]
        with torch.device("meta"):
            output = unit.function(*lowered(unit.args, point), **lowered(unit.kwargs, point))
    except Exception:
        return None
    return [tuple(tensor.shape) for tensor in tensors((output,))] == expected


def distinct(units: Iterable[Unit]) -> list[Unit]:
    """Each call on the same stands once."""
    found: dict[Any, Unit] = {}
    for unit in units:
        found.setdefault((unit.function, _frozen(unit.args), _frozen(unit.kwargs)), unit)
    return list(found.values())


def _frozen(value: Any) -> Any:
    if isinstance(value, slice):
        return slice, _frozen(value.start), _frozen(value.stop), _frozen(value.step)
    if isinstance(value, dict):
        return tuple((name, _frozen(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return value if isinstance(value, Hashable) else id(value)
