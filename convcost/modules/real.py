"""A model named on a command line, built with its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.modules.call import Target, forward_call
from convcost.modules.importing import importable
from convcost.modules.loading import load
from convcost.modules.making import module_of
from convcost.modules.target import maker_at

if TYPE_CHECKING:
    import torch


def with_data(target: Target) -> tuple[torch.nn.Module, tuple[Any, ...], Mapping[str, Any]]:
    """The module and what it is called with, in the memory that they take; raises as `profiled` does."""
    with importable(target.place.folder):
        found = load(target.place)
        module = module_of(target, found, "real")
        maker = maker_at(target.maker) if target.maker else None
        return module, *forward_call(target, module, maker, "real")
