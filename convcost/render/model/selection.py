"""Which modules of a tree are shown, where, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

from convcost.analysis.breakdown import Node, Share, around, folded
from convcost.core.cost import Convention
from convcost.render.interface import View

MOST_LINES = 40
"""What a reader looks through; a tree is shown as deep as it stays within."""

ITSELF = "(itself)"


class Shown(NamedTuple):
    """A module with its label, `depth` levels below the top of what is shown."""

    label: str
    depth: int
    node: Node


class Selection(NamedTuple):
    """The modules that are shown, and how many levels of the whole tree that is."""

    shown: tuple[Shown, ...]
    depth: int

    @property
    def together(self) -> Share:
        """All of them, those within another one not again."""
        paths = {shown.node.module.path for shown in self.shown}
        outermost = (shown.node for shown in self.shown if not paths & set(around(shown.node.module.path)))
        return reduce(Share.and_, (node.total for node in outermost), Share())


def selected(root: Node, view: View, convention: Convention) -> Selection:
    """The part of `root` that `view` asks for."""
    order = _order(view.sort, convention)
    if view.filter:
        return _matching(root, view, order)
    tree = folded(_with_itself(root, convention))
    depth = view.depth or _fitting(tree)
    return Selection(tuple(_below(tree, depth, order)), depth)


def every(root: Node, view: View, convention: Convention) -> tuple[Node, ...]:
    """As `selected`, with the model itself in front if there is no filter, and without a limit of lines."""
    found = _matching(root, view, _order(view.sort, convention)).shown
    return (*(() if view.filter else (root,)), *(shown.node for shown in found))


def _order(sort: str, convention: Convention) -> Callable[[Node], Any] | None:
    """What to sort by: the largest first, but paths from A to Z."""
    keys: dict[str, Callable[[Node], Any]] = {
        "macs": lambda node: -node.total.cost.macs,
        "flops": lambda node: -node.total.cost.flops(convention),
        "params": lambda node: -node.total.params,
        "activations": lambda node: -node.total.activations,
        "path": lambda node: node.module.path,
    }
    return keys.get(sort)


def _with_itself(node: Node, convention: Convention) -> Node:
    """`node` with what it costs apart from its children as one of them, so that they add up to it."""
    children = tuple(_with_itself(child, convention) for child in node.children)
    own = node.own
    counts = own.params or own.cost.flops(convention) or own.backward.flops(convention)
    if not counts or (node.module.path and not children):
        return replace(node, children=children)
    itself = Node(node.module, ITSELF, own)
    return replace(node, own=Share(), children=(itself, *children))


def _fitting(tree: Node) -> int:
    """The number of levels that stay within the lines there are; one at least."""
    depths = range(2, tree.depth + 1)
    fitting = (depth for depth in depths if len(tuple(_below(tree, depth, None))) <= MOST_LINES)
    return max(fitting, default=1)


def _below(node: Node, levels: int, order: Callable[[Node], Any] | None, depth: int = 0) -> Iterator[Shown]:
    children = sorted(node.children, key=order) if order else node.children
    for child in children:
        yield Shown(child.label, depth, child)
        if levels > 1:
            yield from _below(child, levels - 1, order, depth + 1)


def _matching(root: Node, view: View, order: Callable[[Node], Any] | None) -> Selection:
    """Every module with the text in its path or class, by its whole path."""
    text = view.filter.lower()
    deepest = view.depth or root.depth
    found = [
        Shown(shown.node.module.path, 0, shown.node)
        for shown in _below(root, deepest, None)
        if text in shown.node.module.path.lower() or text in shown.node.module.kind.lower()
    ]
    return Selection(tuple(sorted(found, key=lambda shown: order(shown.node)) if order else found), deepest)
