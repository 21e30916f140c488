"""The JSON of verify."""

from __future__ import annotations

from typing import TypedDict

from convcost.schemas.common import Head, Versions


class Check(TypedDict):
    """What formulas were checked against."""

    name: str
    title: str
    version: str | None


class Tally(TypedDict):
    """How many cases agree, show a known blind spot, or a new disagreement."""

    agrees: int
    known: int
    new: int


class Layer(TypedDict):
    """What each check found in one kind of layer, by the check's name."""

    kind: str
    checks: dict[str, Tally]


class Group(TypedDict):
    """Findings that are alike; `spec` is the simplest layer that shows it."""

    check: str
    kinds: list[str]
    cases: int
    reason: str
    spec: str


class Disagreement(Group):
    """A new one, and the command that shows it again."""

    command: str


class Verified(Head):
    """The JSON of `convcost verify`."""

    versions: Versions
    agrees: bool
    """Whether there is no new disagreement."""
    cases: int
    """For each argument of a layer."""
    seed: int
    checks: list[Check]
    layers: list[Layer]
    new: list[Disagreement]
    known: list[Group]
    cured: list[Group]
    """Known blind spots that are none any more."""
