"""The module that a target stands for: as it is, or as its class or function makes it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError
from convcost.tracing.module_construction import Way, constructed
from convcost.tracing.origin import check_callable
from convcost.tracing.target_call import Target, check_call
from convcost.tracing.user_error import fault

if TYPE_CHECKING:
    import torch

HOW_TO_ARGUE = "Arguments are given as --arg num_classes=10."


def module_of(target: Target, found: Any, way: Way) -> torch.nn.Module:
    """The module as it is, or as the class or function builds it, in the mode that was asked for."""
    import torch

    module = found if isinstance(found, torch.nn.Module) else _built(target, found, way)
    if not isinstance(module, torch.nn.Module):
        does = f"is {_kind(found)}" if module is found else f"returned {_kind(module)}"
        raise UsageError(f"{target.place} {does}; a torch.nn.Module is needed, or what makes one")
    if module is found and target.arguments:
        raise UsageError(f"{target.place} is a module already; --arg is for a class or a function")
    with suppress(NotImplementedError):  # an exported program has one mode
        module.train(target.train)
    return module


def _built(target: Target, found: Any, way: Way) -> Any:
    import torch

    if not callable(found) or (isinstance(found, type) and not issubclass(found, torch.nn.Module)):
        return found
    check_callable(str(target.place), found)
    check_call(str(target.place), found, kwargs=target.arguments, hint=HOW_TO_ARGUE)
    try:
        return constructed(partial(found, **target.arguments), way)
    except BaseException as error:
        raise fault(f"{target} could not be built", error) from None


def _kind(value: Any) -> str:
    """`a dict`, `an int`; a class by its name."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
