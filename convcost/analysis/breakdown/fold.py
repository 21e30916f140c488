"""Neighbours of the same cost as one: twelve equal blocks of a transformer on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from itertools import groupby
from typing import Any

from convcost.analysis.breakdown.tree import Node, Share

NUMBERED = re.compile(r"(.*?)(\d+)")
"""A label that ends in a number: `0`, `layers.11`, `encoder_layer_3`."""


def folded(node: Node) -> Node:
    """`node` with each run of alike children as one child, and so on below."""
    children = tuple(map(folded, node.children))
    runs = (tuple(run) for _, run in groupby(children, key=_kept_apart_by))
    return replace(node, children=tuple(map(_as_one, runs)))


def _kept_apart_by(node: Node) -> Any:
    """What neighbours have to have in common: all but the number that their labels end in."""
    numbered = NUMBERED.fullmatch(node.label)
    return numbered[1] if numbered else (node.label,), _likeness(node)


def _likeness(node: Node) -> Any:
    module = node.module._replace(path="")
    return module, node.own, node.copies, tuple((child.label, _likeness(child)) for child in node.children)


def _as_one(run: tuple[Node, ...]) -> Node:
    """Alike neighbours as one node; what is inside them is summed up child by child."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    children = zip(*(node.children for node in run), strict=True)
    return Node(
        first.module,
        f"{first.label}–{last.label.removeprefix(_stem(first.label))}",
        _together(node.own for node in run),
        tuple(replace(_as_one(alike), label=alike[0].label) for alike in children),
        first.copies * len(run),
    )


def _stem(label: str) -> str:
    numbered = NUMBERED.fullmatch(label)
    return numbered[1] if numbered else ""


def _together(shares: Iterable[Share]) -> Share:
    return reduce(Share.and_, shares)
