"""The functions that a graph of torch.export may call, by the names that it has for them.

A name is looked up in these tables and in these namespaces alone: an archive is no reason to call anything
else. What takes the name of a file is left out.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch

from convcost.core.errors import UsageError
from convcost.operators import OPERATORS

NAMESPACES = frozenset(("aten", "prims", "quantized", "quantized_decomposed", "torchvision"))

OPERATOR = re.compile(
    r"torch\.ops\.(?P<namespace>[a-z_]+)\.(?P<name>[A-Za-z_]\w*)\.(?P<overload>\w+)", re.ASCII
)

HIGHER_ORDER = re.compile(r"torch\.ops\.higher_order\.(?P<name>\w+)", re.ASCII)

FILE_ARGUMENTS = frozenset(("filename", "file", "path"))

MOST_EXPONENT = 64


def bounded_power(base: Any, exponent: Any) -> Any:
    """base ** exponent; ValueError for an exponent that would take all memory."""
    if isinstance(exponent, int) and abs(exponent) > MOST_EXPONENT:
        raise ValueError(f"an exponent of more than {MOST_EXPONENT}")
    return operator.pow(base, exponent)


def bounded_shift(number: Any, bits: Any) -> Any:
    """number << bits; ValueError for more than 64 bits."""
    if isinstance(bits, int) and abs(bits) > MOST_EXPONENT:
        raise ValueError(f"a shift by more than {MOST_EXPONENT} bits")
    return operator.lshift(number, bits)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        f"_operator.{name}": getattr(operator, name)
        for name in (
            *("add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pos", "eq", "ne", "lt", "le", "gt"),
            *("ge", "and_", "or_", "not_", "rshift", "getitem"),
        )
    },
    "_operator.pow": bounded_power,
    "_operator.lshift": bounded_shift,
    **{f"math.{name}": getattr(math, name) for name in ("trunc", "ceil", "floor", "sqrt")},
    **{
        f"torch.{name}": found
        for name in ("sym_int", "sym_float", "sym_max", "sym_min", "sym_not", "sym_ite", "sym_sum")
        if (found := getattr(torch, name, None))
    },
}  # fmt: skip
"""Those of numbers."""


class CalledFunction(NamedTuple):
    """What a node calls, and the names of the arguments that it takes by name alone."""

    function: Callable[..., Any]
    keywords: frozenset[str] = frozenset()


@cache
def function_named(target: str) -> CalledFunction:
    """What a node calls; UsageError for what is none of torch's operators.

    An operator that ATen makes of others is called as a function of torch, as a module calls it: what
    counts a linear layer or attention as one operator then sees one.
    """
    if target in FUNCTIONS:
        return CalledFunction(FUNCTIONS[target])
    found = OPERATOR.fullmatch(target)
    if not found or found["namespace"] not in NAMESPACES:
        hint = f"Operators of {', '.join(sorted(NAMESPACES))} are run."
        raise UsageError(f"the graph calls {target[:100]!a}, which convcost does not run", hint=hint)
    try:
        overloads = getattr(getattr(torch.ops, found["namespace"]), found["name"])
        function: Any = getattr(overloads, found["overload"])
        arguments = function._schema.arguments
    except (AttributeError, RuntimeError):
        raise UsageError(
            f"the graph calls {target[:100]}, which this version of torch does not have"
        ) from None
    if FILE_ARGUMENTS.intersection(argument.name for argument in arguments):
        raise UsageError(
            f"the graph calls {target[:100]}, which reads or writes files, so convcost does not run it"
        )
    keywords = frozenset(argument.name for argument in arguments if argument.kwarg_only)
    return CalledFunction(_torch_function(function, found["name"]) or function, keywords)


def _torch_function(overload: Any, name: str) -> Callable[..., Any] | None:
    """The function of torch for an operator that is made of others, and has a formula of its own."""
    is_composite = torch._C._dispatch_has_kernel_for_dispatch_key(
        overload.name(), "CompositeImplicitAutograd"
    )
    if overload.namespace != "aten" or name not in OPERATORS or not is_composite:
        return None
    homes: tuple[Any, ...] = (torch._C._nn, torch._C._VariableFunctions)
    return next((getattr(home, name) for home in homes if hasattr(home, name)), None)
