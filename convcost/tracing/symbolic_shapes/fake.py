"""Torch's own tensors without data, whose sizes may be symbols."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import Any


@contextmanager
def shapes_only(environment: Any) -> Iterator[None]:
    """Tensors made in this block have shapes alone, whichever device they are said to be on."""
    from torch._dispatch.python import enable_python_dispatcher
    from torch._subclasses.fake_tensor import FakeTensorMode

    fakes = FakeTensorMode(allow_non_fake_inputs=True, shape_env=environment)
    with fakes, enable_python_dispatcher(), _unlogged("torch._subclasses.fake_tensor"):
        yield


@contextmanager
def _unlogged(name: str) -> Iterator[None]:
    """Torch writes down what it raises in any case."""
    logger = getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
