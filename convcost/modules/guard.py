"""Leaving a model and its tensors as they were."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.modules.anatomy import Anatomy
from convcost.modules.environment import undisturbed

if TYPE_CHECKING:
    import torch

CONTAINERS = (dict, list, set)


class State(NamedTuple):
    """What can be seen of a tensor besides its values."""

    tensor: torch.Tensor
    requires_grad: bool
    grad: torch.Tensor | None
    version: int | None

    def restore(self) -> None:
        """A write that went elsewhere counts in `version`, by which autograd knows what it saved."""
        import torch

        self.tensor.requires_grad_(self.requires_grad)
        self.tensor.grad = self.grad
        if self.version is not None and self.tensor._version != self.version:
            torch._C._autograd._unsafe_set_version_counter((self.tensor,), (self.version,))


@contextmanager
def unchanged(parts: Anatomy) -> Iterator[None]:
    """Put back every submodule's attributes, whatever happens inside, and what torch has for the process.

    Attributes are restored by reference, containers among them by their elements; the values of tensors
    are not copied, so nothing inside may write to them.
    """
    saved = [(part.__dict__, _contents(part.__dict__)) for part in parts.submodules.values()]
    scripted = [(held, dict(held.items())) for held in _held_by_scripts(parts)]
    states = [_state(tensor) for tensor in parts.tensors]
    try:
        with undisturbed():
            yield
    finally:
        for attributes, contents in saved:
            _restore(attributes, contents)
        for held, tensors in scripted:
            for name, tensor in tensors.items():
                held[name] = tensor
        for state in states:
            state.restore()


def _state(tensor: torch.Tensor) -> State:
    version = None if tensor.is_inference() else tensor._version
    return State(tensor, tensor.requires_grad, tensor.grad if tensor.is_leaf else None, version)


def _held_by_scripts(parts: Anatomy) -> Iterator[MutableMapping[str, Any]]:
    """The tensors of compiled submodules, which are no attributes of Python's."""
    import torch

    for part in parts.submodules.values():
        if isinstance(part, torch.jit.ScriptModule):
            held: tuple[Any, Any] = part._parameters, part._buffers
            yield from held


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
