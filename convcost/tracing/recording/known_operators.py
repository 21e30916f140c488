"""Find the formula for a function of torch, or for an operator that torch dispatches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from inspect import signature
from types import BuiltinFunctionType, CellType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any, NamedTuple

import torch

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.backward import estimated_backward
from convcost.operators.interface import FREE, CostRule, Operator, each_element, each_input_element
from convcost.tracing.tensors import flat_tensors, has_sparse
from convcost.tracing.torch_versions import is_reduction

SHAPE_PRESERVING = frozenset(
    (
        *("add", "sub", "mul", "div", "rsub", "neg", "exp", "sqrt", "rsqrt", "square", "sin", "cos", "erf"),
        *("gelu", "relu", "silu", "sigmoid", "tanh", "clamp", "maximum", "minimum"),
    )
)
"""Elementwise operators: on floating-point tensors of one dtype, the result is like the widest argument."""

BARE_NAMESPACES = ("aten", "flex_lib")
"""Namespaces whose operators have formulas by bare name. flex_lib is for the backward of flex_attention."""

TORCH_NAMESPACES = frozenset((*BARE_NAMESPACES, "prim", "prims", "inductor", "profiler"))
"""Namespaces whose schemas can be trusted, and whose operators cost nothing if they take no tensor."""

COLLECTIVE_NAMESPACES = frozenset(("c10d", "_c10d_functional", "_dtensor"))
"""Namespaces of collectives."""

NUMBERS = (int, float, bool, complex)

PYTHON_MODULES = ("torch.nn.functional", "torch.functional", "torch.autograd", "torch._tensor")

OVERRIDE_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")

CPP_FUNCTIONS = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
"""Python types of torch's functions and methods in C++. Operators of torch.ops have other types."""

DISPATCH_CLOSURE = tuple(sorted(("arg_index", "arg_name", "default", "if_false", "if_true")))
"""The closure of torch functions that choose between two others by an argument, such as max_pool2d."""

DECOMPOSED = frozenset(("einsum", "__matmul__", "__rmatmul__"))
"""Functions that are counted as the products that torch decomposes them into, in torch's order."""

ATEN_NAMES = {"__matmul__": "matmul", "__rmatmul__": "matmul"}
"""ATen's names for methods that are called differently."""


class KnownOverload(NamedTuple):
    """Facts about an operator overload.

    Attributes:
        overload: The overload.
        name: Its name with the namespace.
        names: The names of its arguments.
        operator: Its formula; None if there is none.
        is_composite: Whether ATen decomposes it.
        writes: The indices of arguments that it writes to.
        returns: Whether it returns anything.
        preserves_shape: Whether its result has the shape of its widest argument.
        is_view: Whether its result is a view of an argument.
        is_collective: Whether it is a collective.
    """

    overload: Any
    name: str
    names: tuple[str, ...]
    operator: Operator | None
    is_composite: bool
    writes: tuple[int, ...]
    returns: bool
    preserves_shape: bool
    is_view: bool
    is_collective: bool

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name."""
        return {**dict(zip(self.names, args, strict=False)), **kwargs}

    def mutated(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
        """The tensors that a call writes to."""
        if not self.writes:
            return []
        by_place = [args[place] for place in self.writes if place < len(args)]
        names = [self.names[place] for place in self.writes] if kwargs else []
        return list(flat_tensors((*by_place, *(kwargs[name] for name in names if name in kwargs))))


@cache
def known_overload(overload: Any) -> KnownOverload:
    """The facts about an operator overload."""
    namespace, _, name = overload._schema.name.partition("::")
    arguments = overload._schema.arguments
    return KnownOverload(
        overload,
        f"{namespace}::{name}",
        tuple(argument.name for argument in arguments),
        _operator(overload, (name if namespace in BARE_NAMESPACES else f"{namespace}::{name}").rstrip("_")),
        _is_composite(overload),
        tuple(place for place, argument in enumerate(arguments) if _is_mutated(argument)),
        bool(overload._schema.returns),
        name in SHAPE_PRESERVING and overload._overloadname not in {"out", "Tensor_mode"},
        namespace in TORCH_NAMESPACES and is_view(overload),
        namespace in COLLECTIVE_NAMESPACES,
    )


def numbers_as_tensors(overload: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call in TorchScript, which passes constant tensors as numbers."""
    kinds = (str(argument.type) for argument in overload._schema.arguments)
    return tuple(
        torch.tensor(value) if kind == "Tensor" and isinstance(value, NUMBERS) else value
        for value, kind in zip(args, kinds, strict=False)
    )


def _operator(overload: Any, name: str) -> Operator | None:
    if name in OPERATORS:
        return OPERATORS[name]
    views = is_view(overload) or torch.Tag.inplace_view in overload.tags
    if overload.namespace == "prim" or (views and overload.namespace in TORCH_NAMESPACES):
        return FREE
    backward = estimated_backward(name) if "::" not in name else None
    if backward is not None:
        return backward
    if torch.Tag.pointwise in _tags(overload):
        return each_element(1)
    if is_reduction(overload):
        return _each_element_of(overload._schema.arguments[0].name)
    return None


def _tags(overload: Any) -> set[Any]:
    """The overload's tags; for one that writes in place, also those of its functional form."""
    functional = getattr(torch.ops.aten, overload._schema.name.removeprefix("aten::").rstrip("_"), None)
    return {*overload.tags, *getattr(getattr(functional, overload._overloadname, None), "tags", ())}


def _each_element_of(name: str) -> Operator:
    rule = each_input_element(1).cost
    return Operator(lambda **arguments: rule(self=arguments[name]))


def _is_composite(overload: Any) -> bool:
    name, key = overload.name(), "CompositeImplicitAutograd"
    # torch can't be asked about an operator without kernels, such as aten::sym_size.
    return torch._C._dispatch_has_kernel(name) and torch._C._dispatch_has_kernel_for_dispatch_key(name, key)


def is_view(overload: Any) -> bool:
    """Whether its results share memory with arguments that it does not write to."""
    returned = [result.alias_info for result in overload._schema.returns]
    return bool(returned) and all(alias is not None and not alias.is_write for alias in returned)


def _is_mutated(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write


def rule_for(operator: Operator, operands: Iterable[Any]) -> CostRule | None:
    """The formula for a call on these tensors; None if there is none for their layouts."""
    if not operator.contracts or not has_sparse(operands):
        return operator.cost
    return _without_modes(operator.sparse) if operator.sparse else None


def _without_modes(rule: CostRule) -> CostRule:
    """`rule` outside the recording modes: it may read entries of sparse tensors."""

    def cost(**arguments: Any) -> Cost | None:
        with torch._C._DisableTorchDispatch():
            return rule(**arguments)

    return cost


class KnownFunction(NamedTuple):
    """A function that is counted as one operator; `names` are those of its arguments in order."""

    name: str
    names: tuple[str, ...]
    operator: Operator
    in_place: bool
    is_decomposed: bool = False
    is_composite: bool = False

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by ATen's names. Methods may call the first one `input`."""
        named = dict(zip(self.names, args, strict=False))
        named.update(kwargs)
        if "input" in kwargs and "self" in self.names:
            named["self"] = named.pop("input")
        return named


@cache
def known_function(function: Any) -> KnownFunction | None:
    """The facts about a function that is counted as one operator; None for all others."""
    if isinstance(function, FunctionType):
        return _python_function(function, function.__name__)
    return _builtin_function(function.__name__) if isinstance(function, CPP_FUNCTIONS) else None


def _python_function(function: FunctionType, name: str) -> KnownFunction | None:
    """Only for functions without an ATen operator of that name: the others call it."""
    operator = OPERATORS.get(name)
    if operator is None or function.__module__ != "torch.nn.functional" or hasattr(torch.ops.aten, name):
        return None
    return KnownFunction(name, tuple(signature(function).parameters), operator, False)


def _builtin_function(name: str) -> KnownFunction | None:
    in_place = name.endswith("_") and not name.endswith("__")
    bare = name.rstrip("_") if in_place else ATEN_NAMES.get(name, name)
    operator = OPERATORS.get(bare)
    overload = None if operator is None else _first_overload(bare)
    if operator is None or overload is None or operator.gradients is None:
        return None
    names = known_overload(overload).names
    return KnownFunction(bare, names, operator, in_place, name in DECOMPOSED, is_composite(bare))


@cache
def known_composite(function: Any, name: str) -> KnownFunction | None:
    """The facts about a composite function or operator of ATen; None for all others."""
    is_by_name = isinstance(function, torch._ops.OpOverload | torch._ops.OpOverloadPacket)
    if not (isinstance(function, CPP_FUNCTIONS) or (is_by_name and str(function).startswith("aten."))):
        return None
    if not is_composite(name):
        return None
    names = known_overload(_first_overload(name)).names
    return KnownFunction(name, names, OPERATORS.get(name, FREE._replace(gradients=None)), False)


@cache
def is_composite(name: str) -> bool:
    """Whether ATen decomposes the operator called `name`."""
    overload = _first_overload(name)
    return overload is not None and _is_composite(overload)


def _first_overload(name: str) -> Any:
    packet = getattr(torch.ops.aten, name, None)
    return packet and getattr(packet, packet.overloads()[0])


@cache
def without_override_check(function: Any) -> Callable[..., Any] | None:
    """A Python function of torch without its check for overrides, by which it would call the mode again."""
    if not isinstance(function, FunctionType) or function.__module__ not in PYTHON_MODULES:
        return None
    names = {**function.__globals__, **dict.fromkeys(OVERRIDE_CHECKS, _return_false)}
    cells = function.__closure__
    if cells and function.__code__.co_freevars == DISPATCH_CLOSURE:
        cells = tuple(map(_cell_without_override_check, cells))
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _cell_without_override_check(cell: CellType) -> CellType:
    """The same for one of the two functions that another function chooses from."""
    inner = without_override_check(cell.cell_contents)
    return CellType(inner) if inner else cell


def _return_false(*_: Any) -> bool:
    return False
