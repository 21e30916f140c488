"""The JSON of explain."""

from __future__ import annotations

from typing import Any, TypedDict

from convcost.schemas.common import Context, Formula


class Sentence(TypedDict):
    """A line of words."""

    sentence: str


class Equation(TypedDict):
    """What something is, first as a formula, then with numbers, and what it comes to."""

    name: str
    sides: list[str]
    value: Any
    """Exact where it is a number or a shape; a text where it is none."""


class Loop(TypedDict):
    """One of the loops around a multiply–accumulate."""

    name: str
    formula: Formula
    extent: Formula


class Nest(TypedDict):
    """The loops around a multiply–accumulate, outermost first."""

    loops: list[Loop]


class Step(TypedDict):
    """Lines about one quantity."""

    title: str
    lines: list[Sentence | Equation | Nest]


class Part(TypedDict):
    """Steps about one layer, or about a whole design."""

    title: str
    steps: list[Step]


class Design(TypedDict):
    """A design with its derivation."""

    name: str
    spec: str
    macs: Formula
    flops: Formula | None
    params: Formula
    trainable_params: Formula
    """All of them."""
    parts: list[Part]


class Explained(Context):
    """The JSON of `convcost explain`."""

    designs: list[Design]
    comparison: list[Part]
    notes: list[str]
