"""The JSON of counters."""

from __future__ import annotations

from typing import TypedDict

from convcost.schemas.common import Head


class Counter(TypedDict):
    """A counter: what it counts, and what it is blind to."""

    name: str
    title: str
    version: str | None
    install: str
    """The command that installs it."""
    unit: str
    counts: str
    blind_spots: str


class Counters(Head):
    """The JSON of `convcost counters`."""

    counters: list[Counter]
