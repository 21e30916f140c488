"""Backward from what a forward returned, leaving no gradient behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from convcost.tracing.tensors import tensors


def go_back(output: Any) -> bool:
    """Backward from every output that has a gradient; whether there was any tensor in `output`."""
    import torch

    found = [*tensors(output)]
    ends = [tensor for tensor in found if tensor.requires_grad]
    with _without_gradients(ends):
        if ends:
            torch.autograd.backward(ends, [torch.ones_like(end) for end in ends])
    return bool(found)


@contextmanager
def _without_gradients(ends: list[Any]) -> Iterator[None]:
    """Leaves that no module has as a parameter have their gradients as before, too."""
    before = [(leaf, leaf.grad) for leaf in _leaves(ends)]
    try:
        yield
    finally:
        for leaf, gradient in before:
            leaf.grad = gradient


def _leaves(ends: list[Any]) -> Iterator[Any]:
    """The tensors at which gradients arrive."""
    waiting = [end.grad_fn for end in ends]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting.extend(following for following, _ in node.next_functions)
        if hasattr(node, "variable"):
            yield node.variable
