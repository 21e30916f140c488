"""The functions that an exported graph may call, by name.

Names are looked up only in these tables and namespaces, so that an archive can't call anything else.
Operators that take a file name are refused.
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
    """base ** exponent; ValueError for an exponent so large that the result could fill memory."""
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
"""Functions of numbers."""


class CalledFunction(NamedTuple):
    """The function that a node calls, and the names of its keyword-only arguments."""

    function: Callable[..., Any]
    keywords: frozenset[str] = frozenset()


@cache
def function_by_name(target: str) -> CalledFunction:
    """The function called `target`; UsageError if it is not an operator of torch.

    A composite operator of ATen, such as linear, is called as the torch function of that name, as a module
    calls it. Counters then see one operator, not its parts.
    """
    if target in FUNCTIONS:
        return CalledFunction(FUNCTIONS[target])
    found = OPERATOR.fullmatch(target)
    if not found or found["namespace"] not in NAMESPACES:
        hint = f"convcost runs operators of {', '.join(sorted(NAMESPACES))}."
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
    """The torch function for a composite operator that has its own formula; None for other operators."""
    is_composite = torch._C._dispatch_has_kernel_for_dispatch_key(
        overload.name(), "CompositeImplicitAutograd"
    )
    if overload.namespace != "aten" or name not in OPERATORS or not is_composite:
        return None
    homes: tuple[Any, ...] = (torch._C._nn, torch._C._VariableFunctions)
    return next((getattr(home, name) for home in homes if hasattr(home, name)), None)
