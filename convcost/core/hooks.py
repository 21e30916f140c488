"""What results can do that packages above know how: they say so, and core imports none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

_homes: dict[str, str] = {}


def register(homes: Mapping[str, str]) -> None:
    """Say where functions are, each as `package.module:function`; none is imported before it is called."""
    _homes.update(homes)


def hook(name: str) -> Callable[..., Any]:
    """The function that was registered by this name."""
    module, _, function = _homes[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
