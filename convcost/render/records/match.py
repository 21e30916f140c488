"""A match as a record."""

from typing import Annotated, Any

from convcost.core.match import Choice, Match, Metric
from convcost.core.record_fields import describe
from convcost.render.records.context import HEAD, ConventionRecord, Head, Versions, versions
from convcost.render.records.record import Formula, Record, data, record_from, records_from
from convcost.render.style import Style


class RangeRecord(Record):
    """The multiples of `multiple_of` from `minimum` to `maximum`."""

    multiple_of: int
    minimum: int
    maximum: int


class ReferenceRecord(Record):
    """The design whose cost is the target."""

    name: str
    spec: str


class ChoiceRecord(Record):
    """Sizes, the cost of the design with them, and by how much it exceeds the target."""

    sizes: dict[str, int]
    cost: Formula
    difference: Formula


class SearchedRangeRecord(Record):
    """The values of a size that were tried, in even steps."""

    smallest: int
    largest: int
    count: int


class MatchRecord(Head):
    """The output of convcost match --json."""

    symbols: Annotated[
        dict[str, Formula], describe("The sizes by name; an open size has its name as its value.")
    ]
    assumed: Annotated[list[str], describe("The sizes that default to 1.")]
    convention: ConventionRecord
    dtype: str
    versions: Versions
    metric: Metric
    budget: Annotated[Formula, describe("The target.")]
    at_most: Annotated[bool, describe("Whether the target must not be exceeded.")]
    vary: list[str]
    ranges: dict[str, RangeRecord]
    searched: dict[str, SearchedRangeRecord]
    name: str
    spec: str
    reference: ReferenceRecord | None
    best: Annotated[list[ChoiceRecord], describe("The choices closest to the target; empty if no sizes fit.")]
    below: ChoiceRecord | None
    above: ChoiceRecord | None
    choices: Annotated[
        list[ChoiceRecord],
        describe(
            "With two sizes: pairs that don't exceed the target, each the closest of these for its first and "
            "for its second size."
        ),
    ]
    complete: Annotated[bool, describe("Whether every value in the range was tried.")]
    notes: list[str]


def record(match: Match) -> MatchRecord:
    """All results of a match."""
    reference = match.reference
    return record_from(
        MatchRecord,
        match,
        **HEAD,
        symbols={
            **(data(reference.sizes) if reference else {}),
            **{name: name for name in match.left_open},
            **match.sizes,
        },
        assumed=sorted({*match.assumed, *(reference.assumed if reference else ())}),
        convention=record_from(ConventionRecord, match.convention),
        versions=versions(),
        budget=match.target,
        ranges={name: record_from(RangeRecord, bounds) for name, bounds in match.ranges.items()},
        searched={
            name: SearchedRangeRecord(smallest=sizes[0], largest=sizes[-1], count=len(sizes))
            for name, sizes in match.searched.items()
        },
        reference=reference and record_from(ReferenceRecord, reference),
        best=records_from(ChoiceRecord, match.best),
        below=match.below and record_from(ChoiceRecord, match.below),
        above=match.above and record_from(ChoiceRecord, match.above),
        choices=records_from(ChoiceRecord, match.choices),
    )


def rows(match: Match, style: Style) -> list[dict[str, Any]]:
    """A row for each choice; `part` says which of best, below, above and choices it is in."""
    sides = {"below": match.below, "above": match.above}
    parts = [("best", choice) for choice in match.best]
    parts += [(part, choice) for part, choice in sides.items() if choice]
    parts += [("choice", choice) for choice in match.choices]
    return [_row(part, choice, match) for part, choice in parts]


def _row(part: str, choice: Choice, match: Match) -> dict[str, Any]:
    return {
        "part": part,
        **choice.sizes,
        "metric": match.metric,
        "budget": match.target,
        "cost": choice.cost,
        "difference": choice.difference,
    }
