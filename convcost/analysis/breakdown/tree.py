"""A model's cost as a tree of its submodules, each with what is inside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from convcost.core.cost import Cost, Size
from convcost.core.report import Report
from convcost.core.trace import Module, Trace


class Share(NamedTuple):
    """What a part of a model owns and costs; `backward` is all gradients, and recomputation."""

    params: Size = 0
    trainable_params: Size = 0
    cost: Cost = Cost()
    activations: Size = 0
    backward: Cost = Cost()

    def and_(self, other: Share) -> Share:
        """Both together."""
        return Share(
            self.params + other.params,
            self.trainable_params + other.trainable_params,
            self.cost + other.cost,
            self.activations + other.activations,
            self.backward + other.backward,
        )


@dataclass(frozen=True)
class Node:
    """A submodule that ran: its own share, apart from that of its children, which are in order of running.

    `label` is its path from its parent; `copies` is how many neighbours of the same cost it stands for.
    """

    module: Module
    label: str
    own: Share
    children: tuple[Node, ...] = ()
    copies: int = 1

    @cached_property
    def total(self) -> Share:
        """Its own share and its children's."""
        total = self.own
        for child in self.children:
            total = total.and_(child.total)
        return total

    @property
    def depth(self) -> int:
        """How many levels there are below it."""
        return 1 + max((child.depth for child in self.children), default=-1)

    def walk(self) -> Iterator[Node]:
        """Everything below it, in order of running."""
        for child in self.children:
            yield child
            yield from child.walk()


def tree(report: Report) -> Node:
    """The model itself as a node; a module that did not run, as a list, is no parent of what is in it."""
    trace = report.trace
    assert trace
    modules = {module.path: module for module in trace.modules}
    within: dict[str, list[str]] = defaultdict(list)
    for path in modules:
        if path:
            within[next((outer for outer in around(path) if outer in modules), "")].append(path)
    shares = _shares(report, trace)

    def node(path: str, parent: str) -> Node:
        label = path.removeprefix(f"{parent}.") if parent else path
        children = tuple(node(child, path) for child in within[path])
        return Node(modules[path], label, shares.get(path, Share()), children)

    return node("", "")


def around(path: str) -> Iterator[str]:
    """The paths of what `path` is within, the innermost first, but for the model itself."""
    while path := path.rpartition(".")[0]:
        yield path


def _shares(report: Report, trace: Trace) -> dict[str, Share]:
    """Each module's own share, by path."""
    backward: dict[str, Cost] = defaultdict(Cost)
    for operation in trace.operations:
        if operation.phase != "forward":
            backward[operation.path] += operation.cost
    shares = {
        row.path: Share(
            row.params, row.trainable_params, row.cost, row.activations, backward.pop(row.path, Cost())
        )
        for row in report.rows
    }
    return {**shares, **{path: Share(backward=cost) for path, cost in backward.items()}}
