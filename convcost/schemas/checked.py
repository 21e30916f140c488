"""The JSON of check."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from convcost.gate.result import BaselineStatus
from convcost.schemas.common import Convention, Formula, Head, Versions


class Check(TypedDict):
    """What a key of an entry asked, what was found, and whether that is so."""

    key: str
    line: int
    """Of the configuration."""
    metric: str
    """A quantity; of agree_with, the counter."""
    per: str | None
    """The entry that a ratio is to."""
    relation: Literal["<=", ">=", "="] | None
    found: Formula | float | None
    wanted: Formula | float | None
    passed: bool
    reason: str


class Pair(TypedDict):
    """A total before and now."""

    before: Formula
    after: Formula


class Figures(TypedDict):
    """What a layer or module has; figures that are 0 are left out."""

    path: str
    params: NotRequired[Formula]
    macs: NotRequired[Formula]
    valid_macs: NotRequired[Formula]
    bias_adds: NotRequired[Formula]
    elementwise: NotRequired[Formula]
    activations: NotRequired[Formula]


class RowChange(TypedDict):
    """A layer or module that was added, removed, or costs something else."""

    path: str
    kind: str
    change: str
    before: Figures | None
    after: Figures | None


class About(TypedDict):
    """What a baseline is of."""

    of: str
    sizes: dict[str, int]
    convention: Convention
    dtype: str


class Baseline(TypedDict):
    """How an entry stands to the lock file."""

    standing: BaselineStatus
    passed: bool
    tolerance: str
    growth_only: bool
    """Whether only a total that grows fails."""
    before: About | None
    totals: dict[str, Pair]
    """Those that changed."""
    rows: list[RowChange]


class Entry(TypedDict):
    """What came of an entry."""

    name: str
    line: int
    passed: bool
    spec: NotRequired[str]
    model: NotRequired[str]
    symbols: dict[str, Formula]
    assumed: list[str]
    convention: Convention
    dtype: str
    params: Formula
    trainable_params: Formula
    """Those that require a gradient. They are no part of the lock file."""
    macs: Formula
    valid_macs: Formula
    flops: Formula
    bias_adds: Formula
    elementwise: Formula
    output_elements: Formula
    activations: Formula
    bytes: Formula
    checks: list[Check]
    baseline: Baseline
    failures: list[str]


class Problem(TypedDict):
    """Why an entry could not be counted."""

    key: str
    line: int
    """Of the configuration."""
    message: str


class Checked(Head):
    """The JSON of `convcost check`."""

    versions: Versions
    config: str
    lock: str
    written: bool
    """Whether the lock file has what is now."""
    passed: bool
    entries: list[Entry]
    stale: list[str]
    """Entries of the lock file that are no more."""
    problems: list[Problem]
    skipped: list[str]
    """Entries with a model, where none was to be run."""
