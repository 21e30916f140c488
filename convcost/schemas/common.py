"""What several JSON outputs have: sizes, conventions, versions."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypedDict

from convcost.core.cost import Count, Padding


class Alias(NamedTuple):
    """A name for a type in the schemas, and what it is."""

    name: str
    about: str


Formula = Annotated[
    int | str,
    Alias("formula", "A whole number of any size; a formula such as 20*B*E**2*S where sizes are open."),
]

Quotient = Annotated[
    float | str | None,
    Alias("quotient", "A number; a formula where sizes are open; null for something over nothing."),
]

Versions = dict[str, str | None]


class Convention(TypedDict):
    """What FLOPs are."""

    count: Count
    """2 × MACs; with bias adds; with elementwise work too."""
    padding: Padding
    """All taps of a kernel, or only those on real data."""


class Head(TypedDict):
    """What every result begins with."""

    schema: Literal["convcost/1"]


class Context(Head):
    """What the numbers rest on."""

    symbols: dict[str, Formula]
    """The sizes by name; one that is left open stands for itself."""
    assumptions: list[str]
    """What formulas take for granted of the sizes left open."""
    assumed: list[str]
    """The sizes that were taken as 1."""
    convention: Convention
    versions: Versions
    """Of convcost, and of what it checks against; null for what is not installed."""


class Costs(TypedDict):
    """A cost, in quantities that are never mixed."""

    macs: Formula
    """Multiply–accumulates, those on padding included."""
    valid_macs: Formula | None
    """Multiply–accumulates on real data; null where they have no formula."""
    flops: Formula | None
    """Floating-point operations under the convention; null where they have no formula."""
    bias_adds: Formula
    elementwise: Formula
    """Elementwise operations: activations, normalisations, poolings."""
