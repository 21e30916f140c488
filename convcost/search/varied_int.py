"""An int for a varied size, for evaluations with one value at a time."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class VariedInt(int):
    """The value of a varied size, or a result computed from it. Rules must not name this value."""

    __slots__ = ()

    def __neg__(self) -> VariedInt:
        return VariedInt(-int(self))

    def __abs__(self) -> VariedInt:
        return VariedInt(abs(int(self)))


def _of_two(compute: Callable[[int, int], int]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The method for an operator, and the reflected one."""

    def method(self: int, other: Any) -> Any:
        return VariedInt(compute(int(self), int(other))) if isinstance(other, int) else NotImplemented

    def reflected(self: int, other: Any) -> Any:
        return VariedInt(compute(int(other), int(self))) if isinstance(other, int) else NotImplemented

    return method, reflected


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow"):
    for _prefix, _method in zip(("", "r"), _of_two(getattr(operator, _name)), strict=True):
        setattr(VariedInt, f"__{_prefix}{_name}__", _method)
