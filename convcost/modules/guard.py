"""Leaving a model, its tensors and torch's random state as they were."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from convcost.modules.anatomy import Anatomy

CONTAINERS = (dict, list, set)


@contextmanager
def unchanged(parts: Anatomy) -> Iterator[None]:
    """Put back every submodule's attributes, whatever happens inside, and torch's random state.

    Attributes are restored by reference, containers among them by their elements; the values of tensors
    are not copied, so nothing inside may write to them.
    """
    saved = [(part.__dict__, _contents(part.__dict__)) for part in parts.submodules.values()]
    flags = [(tensor, tensor.requires_grad, tensor.grad) for tensor in parts.parameters.values()]
    try:
        with _undrawn():
            yield
    finally:
        for attributes, contents in saved:
            _restore(attributes, contents)
        for parameter, requires_grad, gradient in flags:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient


@contextmanager
def _undrawn() -> Iterator[None]:
    """Put back the random states of torch, Python and, where it is loaded, NumPy."""
    import torch

    numpy = sys.modules.get("numpy.random")
    states = torch.get_rng_state(), random.getstate(), numpy.get_state() if numpy else None
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        if numpy:
            numpy.set_state(states[2])


def _contents(attributes: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Any, Any]]]:
    """The attributes themselves, and each container among them with what it holds."""
    held = [
        (value, value.copy() if value else None)
        for value in attributes.values()
        if isinstance(value, CONTAINERS)
    ]
    return attributes.copy(), held


def _restore(attributes: dict[str, Any], saved: tuple[dict[str, Any], list[tuple[Any, Any]]]) -> None:
    before, held = saved
    attributes.clear()
    attributes.update(before)
    for container, content in held:
        if container:
            container.clear()
        if content:
            (container.extend if isinstance(container, list) else container.update)(content)
