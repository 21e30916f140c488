"""The JSON of match."""

from __future__ import annotations

from typing import TypedDict

from convcost.core.match import Metric, Range
from convcost.schemas.common import Convention, Formula, Head, Versions


class Reference(TypedDict):
    """The design whose cost is to be met."""

    name: str
    spec: str


class Choice(TypedDict):
    """Sizes, what the design costs with them, and by how much that is over the target."""

    sizes: dict[str, int]
    cost: Formula
    difference: Formula


class Searched(TypedDict):
    """The values of a size, all of which were tried, in even steps."""

    smallest: int
    largest: int
    count: int


class Matched(Head):
    """The JSON of `convcost match`."""

    symbols: dict[str, Formula]
    """The sizes by name; one that is left open stands for itself."""
    assumed: list[str]
    """The sizes that were taken as 1."""
    convention: Convention
    dtype: str
    versions: Versions
    metric: Metric
    budget: Formula
    """The target."""
    at_most: bool
    """Whether the target is not to be exceeded."""
    vary: list[str]
    ranges: dict[str, Range]
    searched: dict[str, Searched]
    name: str
    spec: str
    reference: Reference | None
    best: list[Choice]
    """The nearest; empty if no sizes fit."""
    below: Choice | None
    above: Choice | None
    choices: list[Choice]
    """With two sizes varied: the pairs that no other pair with one of the same sizes comes nearer than."""
    complete: bool
    """Whether all there is was tried."""
    notes: list[str]
