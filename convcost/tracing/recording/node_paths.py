"""Which submodule made an autograd node, so that the node's backward counts with that submodule.

torch numbers the nodes that a thread makes. The numbers are marked where another submodule starts or goes on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import torch

from convcost.core.cost import Shape

Edge = tuple[Any, int]
"""A node, and the place of a gradient among those that it receives."""


def _next_number() -> int:
    return torch._C._autograd._get_sequence_nr()


@dataclass
class NodeMarks:
    """The marks of one thread: nodes from each number in `starts` on are made by the submodule in `paths`."""

    starts: list[int] = field(default_factory=lambda: [_next_number()])
    paths: list[str] = field(default_factory=lambda: [""])

    def mark(self, path: str) -> None:
        """Assign nodes that this thread makes from now on to the submodule at `path`."""
        if path != self.paths[-1]:
            self.starts.append(_next_number())
            self.paths.append(path)

    def path_of(self, number: int, is_open: bool) -> str | None:
        """The path for the node with this number; None before the first mark.

        Unless the marks are open, also None after the last mark, where the thread may have made no node.
        """
        place = bisect_right(self.starts, number) - 1
        is_inside = place >= 0 and (is_open or place < len(self.starts) - 1)
        return self.paths[place] if is_inside else None


def path_of_node(node: Any, marks: NodeMarks, of_other_threads: Iterable[NodeMarks]) -> str:
    """The path of the submodule that made `node`, by the marks of this thread and of others.

    It is empty, for the model itself, if threads made nodes of the same number in different submodules.
    """
    number = node._sequence_nr()
    paths = {marks.path_of(number, is_open=True), *(each.path_of(number, False) for each in of_other_threads)}
    paths.discard(None)
    return paths.pop() or "" if len(paths) == 1 else ""


def graph_nodes(ends: Iterable[Any]) -> Iterator[Any]:
    """The autograd nodes that a backward from the tensors `ends` reaches."""
    waiting = [end.grad_fn for end in ends]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(following for following, _ in node.next_functions)
            yield node


def summing_edges(node: Any, shape: Shape) -> list[Edge]:
    """Where autograd may add up gradients of this shape after `node` has run.

    A function in Python may add tensors in its own backward, so it has none, unless its class has the
    attribute `runs_no_operators`.
    """
    is_python = isinstance(node, torch.autograd.function.BackwardCFunction)
    if is_python and not hasattr(getattr(node, "_forward_cls", None), "runs_no_operators"):
        return []
    edges = ((following, place) for following, place in node.next_functions if following is not None)
    return [edge for edge in edges if _gradient_shape(*edge) == shape]


def _gradient_shape(node: Any, place: int) -> Shape | None:
    """The shape of a gradient that `node` receives; None for a nested tensor, and in older torch."""
    metadata = getattr(node, "_input_metadata", ())
    if place >= len(metadata) or metadata[place].is_nested_tensor:
        return None
    return tuple(metadata[place].shape)


def common_path(paths: Sequence[str]) -> str:
    """The path of the innermost module that contains all of these; empty for the model itself."""
    shared = takewhile(
        lambda names: len({*names}) == 1, zip(*(path.split(".") for path in paths), strict=False)
    )
    return ".".join(names[0] for names in shared)
