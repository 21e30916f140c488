"""Import optional libraries that sources of models need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

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
