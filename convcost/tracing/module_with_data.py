"""A model named on a command line, built with its data."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from convcost.tracing.importing import importable
from convcost.tracing.loading import load
from convcost.tracing.module_factory import module_of
from convcost.tracing.target import maker_at
from convcost.tracing.target_call import Target, forward_call
from convcost.tracing.user_error import fault

if TYPE_CHECKING:
    import torch


Value = TypeVar("Value")


def own_copy(value: Value) -> Value:
    """A copy; TargetError where the user's own code keeps it from being made."""
    try:
        return deepcopy(value)
    except Exception as error:  # whatever a user's __deepcopy__ raises
        raise fault("the module can't be copied, and what runs on data is a copy", error) from None


def with_data(target: Target) -> tuple[torch.nn.Module, tuple[Any, ...], Mapping[str, Any]]:
    """A module of its own and what it is called with, in the memory that they take.

    Raises as `profiled` does.
    """
    import torch

    with importable(target.place.folder, target.place.is_file):
        found = load(target.place)
        is_module = isinstance(found, torch.nn.Module)
        module = module_of(target, own_copy(found) if is_module else found, "real")
        maker = maker_at(target.maker) if target.maker else None
        return module, *forward_call(target, module, maker, "real")
