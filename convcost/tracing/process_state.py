"""What a forward may change for the whole process, put back after it."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from convcost.tracing.object_state import preserved_attributes
from convcost.tracing.settings import numpy_settings, python_settings, random_states
from convcost.tracing.torch_settings import torch_settings


@contextmanager
def preserved_process_state() -> Iterator[None]:
    """Put back what the process had before: each setting that was changed, and the contents of tables."""
    settings = (*torch_settings(), *python_settings(), *numpy_settings())
    before = [(setting, setting.get()) for setting in settings]
    tables = [(table, dict(table)) for table in _tables()]
    states = [(setting, setting.get()) for setting in random_states()]
    try:
        with preserved_attributes(_classes()):
            yield
    finally:
        for setting, value in before:
            with suppress(Exception):
                if setting.get() != value:
                    setting.set(value)
        for table, content in tables:
            if dict(table) != content:
                _refill(table, content)
        for setting, value in states:
            setting.set(value)


def _classes() -> tuple[type, ...]:
    """Those of torch that people patch."""
    import torch

    return torch.Tensor, torch.nn.Module


def _tables() -> Iterator[MutableMapping[Any, Any]]:
    """Hooks of all modules, functions of torch that people patch, and the environment."""
    import torch
    from torch.nn.modules import module

    hooks = (table for name, table in vars(module).items() if name.startswith("_global_"))
    yield from (table for table in hooks if isinstance(table, MutableMapping))
    yield vars(torch.nn.functional)
    yield os.environ


def _refill(table: MutableMapping[Any, Any], content: dict[Any, Any]) -> None:
    for key in set(table) - set(content):
        del table[key]
    table.update(content)
