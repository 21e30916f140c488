"""Import the libraries that sources of models need, and refuse arguments that would load weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from convcost.core.errors import UsageError
from convcost.tracing.user_error import target_error


def import_library(name: str, wanted: str, install: str = "") -> ModuleType:
    """Import the library called `name`, which `wanted` needs.

    Raises:
        UsageError: It is not installed; the message says how to install it.
        TargetError: It is installed, but importing it failed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise target_error(f"{name} could not be imported", error) from None
        raise UsageError(f"{wanted[:80]} needs {name}: pip install {install or name}") from None
    except BaseException as error:
        raise target_error(f"{name} could not be imported", error) from None


def without_weights(model: str, arguments: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """`arguments` without those in `names`; UsageError if one of these asks for weights."""
    for name in names:
        if arguments.get(name):
            hint = "Leave it out: convcost builds models without weights, as costs do not depend on them."
            raise UsageError(f"{model[:80]}: {name} loads weights", hint=hint)
    return {name: value for name, value in arguments.items() if name not in names}
