"""Which functions may be called because a text names them: the user's own, never Python's."""

from __future__ import annotations

import sys
from functools import partial
from types import BuiltinFunctionType
from typing import Any

from convcost.core.errors import UsageError

NOT_A_MODEL = frozenset({*sys.stdlib_module_names, "__main__", "convcost"})
"""Modules that no model is taken from: a function such as os.system would be run."""


def check_module(source: str) -> None:
    """UsageError for a module of Python's own; what is called so in a folder is named as a file."""
    top = source.partition(".")[0]
    if top in NOT_A_MODEL:
        owner = "convcost's" if top == "convcost" else "Python's"
        hint = f"A file of that name is ./{source.replace('.', '/')}.py."
        raise UsageError(f"{source[:80]} is {owner} own module, and has no model", hint=hint)


def check_callable(what: str, found: Any) -> None:
    """UsageError for a function, or an object that can be called, of Python's own; `what` names it."""
    _check_origin(what, found)
    call = type(found).__call__
    if isinstance(call, BuiltinFunctionType):  # a class of the user's own may take one of Python's for it
        _check_origin(what, call)


def _check_origin(what: str, found: Any) -> None:
    origin = _origin(found)
    if origin is None or origin.partition(".")[0] in NOT_A_MODEL:
        owner = f"Python's own, from {origin}" if origin else "built into Python or a library"
        hint = "A function that is called has to be your own, or that of an installed package."
        raise UsageError(f"{what} is {owner}: it is not called", hint=hint)


def _origin(found: Any) -> str | None:
    """The module that it is defined in; of a method the function's, of a partial that of what it calls."""
    for _ in range(100):
        if isinstance(found, partial):
            found = found.func
        elif hasattr(found, "__func__"):
            found = found.__func__
        else:
            break
    module = getattr(found, "__module__", None)
    return module if isinstance(module, str) else None
