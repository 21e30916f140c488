"""Torch's operators as they are dispatched: which formula counts each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from convcost.operators import OPERATORS
from convcost.operators.backward import unlisted
from convcost.operators.interface import FREE, Operator, each_element, each_input_element

KEEPING_SHAPE = frozenset(
    (
        *("add", "sub", "mul", "div", "rsub", "neg", "exp", "sqrt", "rsqrt", "square", "sin", "cos", "erf"),
        *("gelu", "relu", "silu", "sigmoid", "tanh", "clamp", "maximum", "minimum"),
    )
)
"""Elementwise on floating-point tensors: the result is as the widest argument, if dtypes agree."""

OF_TORCH = ("aten", "flex_lib")
"""Whose operators are known by their bare names; flex_lib has what the backward of flex_attention calls."""

SPACES_OF_TORCH = frozenset((*OF_TORCH, "prim", "prims", "inductor", "profiler"))
"""Namespaces whose operators do what their schemas say, and nothing where they take no tensor."""


NUMBERS = (int, float, bool, complex)


class Dispatched(NamedTuple):
    """An operator overload: its name, the names of its arguments, and its formula if there is one."""

    name: str
    names: tuple[str, ...]
    operator: Operator | None
    is_composite: bool
    writes: tuple[int, ...]
    returns: bool
    keeps_shape: bool
    is_view: bool

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name."""
        return {**dict(zip(self.names, args, strict=False)), **kwargs}


@cache
def dispatched(overload: Any) -> Dispatched:
    """What is known of an operator overload."""
    namespace, _, name = overload._schema.name.partition("::")
    arguments = overload._schema.arguments
    return Dispatched(
        f"{namespace}::{name}",
        tuple(argument.name for argument in arguments),
        _operator(overload, (name if namespace in OF_TORCH else f"{namespace}::{name}").rstrip("_")),
        _is_composite(overload),
        tuple(place for place, argument in enumerate(arguments) if _is_written(argument)),
        bool(overload._schema.returns),
        name in KEEPING_SHAPE and overload._overloadname not in {"out", "Tensor_mode"},
        namespace in SPACES_OF_TORCH and is_view(overload),
    )


def with_tensors(overload: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call by a script, whose constant tensors arrive as numbers."""
    import torch

    kinds = (str(argument.type) for argument in overload._schema.arguments)
    return tuple(
        torch.tensor(value) if kind == "Tensor" and isinstance(value, NUMBERS) else value
        for value, kind in zip(args, kinds, strict=False)
    )


def _operator(overload: Any, name: str) -> Operator | None:
    import torch

    if name in OPERATORS:
        return OPERATORS[name]
    views = is_view(overload) or torch.Tag.inplace_view in overload.tags
    if overload.namespace == "prim" or (views and overload.namespace in SPACES_OF_TORCH):
        return FREE
    if torch.Tag.pointwise in _tags(overload):
        return each_element(1)
    if torch.Tag.reduction in overload.tags:
        return _of_first(overload._schema.arguments[0].name)
    return unlisted(name) if "::" not in name else None


def _tags(overload: Any) -> set[Any]:
    """Its own, and where it writes in place those of the operator that returns anew: torch has fewer here."""
    import torch

    anew = getattr(torch.ops.aten, overload._schema.name.removeprefix("aten::").rstrip("_"), None)
    return {*overload.tags, *getattr(getattr(anew, overload._overloadname, None), "tags", ())}


def _of_first(name: str) -> Operator:
    rule = each_input_element(1).cost
    return Operator(lambda **arguments: rule(self=arguments[name]))


def _is_composite(overload: Any) -> bool:
    import torch

    name, key = overload.name(), "CompositeImplicitAutograd"
    # An operator without any kernel, such as aten::sym_size, is none that torch can be asked about.
    return torch._C._dispatch_has_kernel(name) and torch._C._dispatch_has_kernel_for_dispatch_key(name, key)


def is_view(overload: Any) -> bool:
    """Whether what it returns shares memory with an argument that it does not write to."""
    returned = [result.alias_info for result in overload._schema.returns]
    return bool(returned) and all(alias is not None and not alias.is_write for alias in returned)


def _is_written(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write
