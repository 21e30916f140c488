"""Torch's functions as models call them: which are counted whole, and which are looked into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import signature
from types import BuiltinFunctionType, CellType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any, NamedTuple

from convcost.operators import OPERATORS
from convcost.operators.interface import FREE, Operator

OPENED_MODULES = ("torch.nn.functional", "torch.functional", "torch.autograd", "torch._tensor")

CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")

OF_TORCH = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
"""What torch's functions and methods in C++ are in Python; operators by name, the user's too, are others."""

ALTERNATIVES = tuple(sorted(("arg_index", "arg_name", "default", "if_false", "if_true")))
"""What a function of torch holds that chooses between two others, such as max_pool2d, by an argument."""

TAKEN_APART = frozenset(("einsum", "__matmul__", "__rmatmul__"))
"""Counted as the products that torch makes of them, whose order it chooses."""

SPELLINGS = {"__matmul__": "matmul", "__rmatmul__": "matmul"}
"""ATen's names of methods that have another."""


class Whole(NamedTuple):
    """A function that is counted as one operator, and the names of its arguments in order."""

    name: str
    names: tuple[str, ...]
    operator: Operator
    in_place: bool
    is_taken_apart: bool = False
    is_composite: bool = False

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by ATen's names; methods call the first one `input` as well."""
        named = dict(zip(self.names, args, strict=False))
        named.update(kwargs)
        if "input" in kwargs and "self" in self.names:
            named["self"] = named.pop("input")
        return named


@cache
def whole(function: Any) -> Whole | None:
    """What is known of a function that is counted as one operator; None for all others."""
    if isinstance(function, FunctionType):
        return _in_python(function, function.__name__)
    return _builtin(function.__name__) if isinstance(function, OF_TORCH) else None


def _in_python(function: FunctionType, name: str) -> Whole | None:
    """Only what ATen has no operator for: the others come to one when they are opened."""
    import torch

    operator = OPERATORS.get(name)
    if operator is None or function.__module__ != "torch.nn.functional" or hasattr(torch.ops.aten, name):
        return None
    return Whole(name, tuple(signature(function).parameters), operator, False)


def _builtin(name: str) -> Whole | None:
    import torch

    in_place = name.endswith("_") and not name.endswith("__")
    bare = name.rstrip("_") if in_place else SPELLINGS.get(name, name)
    operator = OPERATORS.get(bare)
    packet = getattr(torch.ops.aten, bare, None)
    if operator is None or packet is None or operator.gradients is None:
        return None
    schema = getattr(packet, packet.overloads()[0])._schema
    names = tuple(argument.name for argument in schema.arguments)
    return Whole(bare, names, operator, in_place, name in TAKEN_APART, is_composite(bare))


@cache
def composite(function: Any, name: str) -> Whole | None:
    """What is known of a function that ATen makes others of, or of an operator of that kind."""
    import torch

    is_by_name = isinstance(function, torch._ops.OpOverload | torch._ops.OpOverloadPacket)
    if not (isinstance(function, OF_TORCH) or (is_by_name and str(function).startswith("aten."))):
        return None
    if not is_composite(name):
        return None
    packet = getattr(torch.ops.aten, name)
    schema = getattr(packet, packet.overloads()[0])._schema
    names = tuple(argument.name for argument in schema.arguments)
    return Whole(name, names, OPERATORS.get(name, FREE._replace(gradients=None)), False)


@cache
def is_composite(name: str) -> bool:
    """Whether ATen's operator of that name is made of others."""
    import torch

    packet = getattr(torch.ops.aten, name, None)
    if packet is None:
        return False
    overload = getattr(packet, packet.overloads()[0]).name()
    return torch._C._dispatch_has_kernel_for_dispatch_key(overload, "CompositeImplicitAutograd")


@cache
def opened(function: Any) -> Callable[..., Any] | None:
    """A function of torch that is written in Python, without its first step of handing itself to a mode."""
    if not isinstance(function, FunctionType) or function.__module__ not in OPENED_MODULES:
        return None
    names = {**function.__globals__, **dict.fromkeys(CHECKS, _never)}
    cells = function.__closure__
    if cells and function.__code__.co_freevars == ALTERNATIVES:
        cells = tuple(map(_opened_cell, cells))
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _opened_cell(cell: CellType) -> CellType:
    """One of two functions that another chooses from is opened with it."""
    inner = opened(cell.cell_contents)
    return CellType(inner) if inner else cell


def _never(*_: Any) -> bool:
    return False
