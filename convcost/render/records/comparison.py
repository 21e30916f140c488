"""A comparison as a record: candidates, ratios, where they cost the same, what a difference is made of."""

from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from convcost.analysis.breakdown import contributions
from convcost.core.breakeven import BreakEven
from convcost.core.record_fields import describe, one_of
from convcost.core.report import Comparison, Report
from convcost.render.records import report
from convcost.render.records.context import Context, context
from convcost.render.records.estimates import EstimateRatios, estimate_ratios
from convcost.render.records.quantities import ratio_fields
from convcost.render.records.record import (
    Formula,
    Record,
    data,
    fields_of,
    record_from,
    record_type,
    records_from,
)
from convcost.render.style import Style

RatiosRecord = record_type(
    "RatiosRecord", "Every quantity over the first candidate's.", ratio_fields(), fields_of(EstimateRatios)
)


class BreakEvenRecord(Record):
    """Where two candidates cost the same."""

    size: Annotated[str | None, describe("The one size that decides.")]
    crossings: Annotated[list[Formula | float], describe("The sizes at which they cost the same.")]
    about: list[float]
    cheaper: Annotated[
        list[str | None],
        describe("Who is, below the first crossing, between each two, and above the last; null for neither."),
    ]
    condition: Annotated[
        str | None, describe("When the first candidate is cheaper, where no single size decides.")
    ]
    equal_where: str | None
    exact: bool


class ContributionRecord(Record):
    """What a part adds to a difference, in FLOPs; null where a candidate has no such part."""

    part: str
    first: int | None
    other: int | None
    difference: int


class DifferenceRecord(Record):
    """What a candidate's FLOPs differ by from the first one's."""

    name: str
    parts: list[ContributionRecord]


class ComparisonRecord(Context):
    """The JSON of convcost compare."""

    candidates: list[Annotated[Any, one_of("DesignRecord", "ModuleRecord")]]
    ratios: Annotated[Any, one_of("RatiosRecord"), describe("Of the second candidate.")]
    break_even: Annotated[
        dict[str, BreakEvenRecord] | UnsetType, describe("By quantity, where sizes are open.")
    ] = UNSET
    differences: Annotated[
        list[DifferenceRecord] | UnsetType, describe("Where torch modules are compared.")
    ] = UNSET


def record(comparison: Comparison) -> ComparisonRecord:
    """The whole comparison; `ratios` are the second candidate's, each further one has its own."""
    first, second, *others = comparison.candidates
    return ComparisonRecord(
        **context(comparison.candidates),
        candidates=[
            *map(report.candidate, (first, second)),
            *(report.candidate(other, ratios=ratios(comparison, other)) for other in others),
        ],
        ratios=ratios(comparison, second),
        break_even=_break_evens(comparison, second) if comparison.is_open else UNSET,
        differences=_differences(comparison) if any(each.trace for each in comparison.candidates) else UNSET,
    )


def rows(comparison: Comparison, style: Style) -> list[dict[str, Any]]:
    """A line for each candidate."""
    return list(map(report.row, comparison.candidates))


def ratios(comparison: Comparison, other: Report) -> Record:
    """Every quantity of `other` over the first one's."""
    estimates = estimate_ratios(comparison.first, other)
    return RatiosRecord(**data(comparison.ratios(other)), **estimates)


def _break_evens(comparison: Comparison, other: Report) -> dict[str, BreakEvenRecord]:
    found = comparison.break_evens(other)
    return {metric: _break_even(comparison, other, each) for metric, each in found.items()}


def _break_even(comparison: Comparison, other: Report, found: BreakEven) -> BreakEvenRecord:
    from convcost.symbolic.sympy_text import program

    cheaper = {-1: other.name, 0: None, 1: comparison.first.name}
    return record_from(
        BreakEvenRecord,
        found,
        size=found.size or None,
        about=[float(crossing) for crossing in found.crossings],
        cheaper=[cheaper[sign] for sign in found.signs],
        condition=found.condition.text(program) if found.condition else None,
        equal_where=found.equality.text(program) if found.equality else None,
    )


def _differences(comparison: Comparison) -> list[DifferenceRecord]:
    return [
        DifferenceRecord(name=other.name, parts=records_from(ContributionRecord, parts))
        for other, parts in contributions(comparison)
    ]
