"""A comparison as a record: candidates, ratios, where they cost the same, what a difference is made of."""

from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from convcost.analysis.breakdown import contributions
from convcost.core.breakeven import BreakEven, LowerEnvelope, Stretch
from convcost.core.comparison import Comparison
from convcost.core.record_fields import describe, one_of
from convcost.core.report import Report
from convcost.core.weights import WeightsReport
from convcost.render.records import report, weights
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


class StretchRecord(Record):
    """Values of a size, from `start` to `end`, for which the same candidates cost least."""

    start: int
    end: Annotated[int | None, describe("Null where there is no end.")]
    candidates: Annotated[list[str], describe("Those that cost least; several that cost the same.")]
    is_decided: Annotated[
        bool, describe("Whether these cost the same; if not, it is one or another of them that costs least.")
    ]


class CheapestRecord(Record):
    """Which candidates have the least of a quantity, over all values of the open sizes."""

    sizes: Annotated[
        list[str], describe("Those that decide; unless it is one, there is one stretch, for all values.")
    ]
    stretches: Annotated[list[StretchRecord], describe("In order; none where no value fits all candidates.")]


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

    candidates: list[Annotated[Any, one_of("DesignRecord", "ModuleRecord", "WeightsRecord")]]
    ratios: Annotated[Any, one_of("RatiosRecord"), describe("Of the second candidate.")]
    break_even: Annotated[
        dict[str, BreakEvenRecord] | UnsetType, describe("By quantity, where sizes are open.")
    ] = UNSET
    cheapest: Annotated[
        dict[str, CheapestRecord] | UnsetType,
        describe("Of all candidates, by quantity, where sizes are open."),
    ] = UNSET
    notes: Annotated[list[str] | UnsetType, describe("What is special about these candidates.")] = UNSET
    differences: Annotated[
        list[DifferenceRecord] | UnsetType, describe("Where torch modules are compared.")
    ] = UNSET


def record(comparison: Comparison) -> ComparisonRecord:
    """The whole comparison; `ratios` are the second candidate's, each further one has its own."""
    first, second, *others = comparison.candidates
    return ComparisonRecord(
        **context(comparison.candidates),
        candidates=[
            *map(_candidate, (first, second)),
            *(_candidate(other, ratios=ratios(comparison, other)) for other in others),
        ],
        ratios=ratios(comparison, second),
        break_even=_break_evens(comparison, second) if comparison.is_open else UNSET,
        cheapest=_cheapest(comparison) if comparison.is_open else UNSET,
        notes=[*comparison.notes] or UNSET,
        differences=_differences(comparison) if any(each.trace for each in comparison.candidates) else UNSET,
    )


def _candidate(found: Report, **others: Any) -> Record:
    """A candidate by what it is: a design, a module, or weights alone."""
    if isinstance(found, WeightsReport):
        return weights.candidate(found, **others)
    return report.candidate(found, **others)


def _row(found: Report) -> dict[str, Any]:
    if isinstance(found, WeightsReport):
        return {"name": found.name, "spec": found.spec, "params": found.params, "bytes": found.bytes}
    return report.row(found)


def rows(comparison: Comparison, style: Style) -> list[dict[str, Any]]:
    """A line for each candidate; where sizes are open, with those for which it costs least."""
    envelopes = comparison.cheapest_by_metric() if comparison.is_open else {}
    return [
        _row(each)
        | {f"least_{metric}": _condition(envelope, each.name) for metric, envelope in envelopes.items()}
        for each in comparison.candidates
    ]


def _condition(envelope: LowerEnvelope, name: str) -> str:
    """For which sizes a candidate costs least, as a program has it: 1 <= L <= 4 or L >= 9.

    Nothing for one that never costs less than all others.
    """
    stretches = [stretch for stretch in envelope.stretches if name in stretch.candidates]
    return " or ".join(_range_condition(envelope.sizes, stretch) for stretch in stretches)


def _range_condition(sizes: tuple[str, ...], stretch: Stretch) -> str:
    """A stretch in which it is not decided has a question mark."""
    mark = "" if stretch.is_decided else "?"
    if len(sizes) != 1:
        return f"{', '.join(sizes)}?" if mark else "always"
    if stretch.end is None:
        return f"{sizes[0]} >= {stretch.start}{mark}"
    if stretch.start == stretch.end:
        return f"{sizes[0]} == {stretch.start}{mark}"
    return f"{stretch.start} <= {sizes[0]} <= {stretch.end}{mark}"


def ratios(comparison: Comparison, other: Report) -> Record:
    """Every quantity of `other` over the first one's."""
    estimates = estimate_ratios(comparison.first, other)
    return RatiosRecord(**data(comparison.ratios(other)), **estimates)


def _break_evens(comparison: Comparison, other: Report) -> dict[str, BreakEvenRecord]:
    found = comparison.break_evens(other)
    return {metric: _break_even(comparison, other, each) for metric, each in found.items()}


def _cheapest(comparison: Comparison) -> dict[str, CheapestRecord]:
    return {
        metric: CheapestRecord(
            sizes=list(found.sizes), stretches=records_from(StretchRecord, found.stretches)
        )
        for metric, found in comparison.cheapest_by_metric().items()
    }


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
