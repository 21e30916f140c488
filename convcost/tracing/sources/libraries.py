"""The libraries that sources of models need, imported where one is used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from convcost.core.errors import UsageError
from convcost.tracing.user_error import target_error


def import_library(name: str, wanted: str, install: str = "") -> ModuleType:
    """The library called `name`, which `wanted` needs; UsageError that says how to install it.

    TargetError where it is installed and can't be imported.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise target_error(f"{name} could not be imported", error) from None
        raise UsageError(f"{wanted[:80]} needs {name}: pip install {install or name}") from None
    except BaseException as error:
        raise target_error(f"{name} could not be imported", error) from None
