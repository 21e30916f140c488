"""Ints that stand for sizes that have other values elsewhere, where no formula holds for all of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class VariedInt(int):
    """The value of a varied size, or what is computed from it: a rule about it is not to name this one."""

    __slots__ = ()

    def __neg__(self) -> VariedInt:
        return VariedInt(-int(self))

    def __abs__(self) -> VariedInt:
        return VariedInt(abs(int(self)))


def _of_two(compute: Callable[[int, int], int]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The method for the operator, and that for sides that changed places."""

    def method(self: int, other: Any) -> Any:
        return VariedInt(compute(int(self), int(other))) if isinstance(other, int) else NotImplemented

    def reflected(self: int, other: Any) -> Any:
        return VariedInt(compute(int(other), int(self))) if isinstance(other, int) else NotImplemented

    return method, reflected


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow"):
    for _prefix, _method in zip(("", "r"), _of_two(getattr(operator, _name)), strict=True):
        setattr(VariedInt, f"__{_prefix}{_name}__", _method)
