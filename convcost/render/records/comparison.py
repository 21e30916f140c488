"""A comparison as a record: candidates, ratios, break-even points, and differences by part."""

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
    "RatiosRecord",
    "Every quantity divided by the first candidate's.",
    ratio_fields(),
    fields_of(EstimateRatios),
)


class BreakEvenRecord(Record):
    """Where two candidates cost the same."""

    size: Annotated[
        str | None, describe("The size that decides which is cheaper; null if several do, or none.")
    ]
    crossings: Annotated[
        list[Formula | float], describe("The values of that size at which both cost the same.")
    ]
    about: list[float]
    cheaper: Annotated[
        list[str | None],
        describe("The cheaper candidate below, between and above the crossings; null if both cost the same."),
    ]
    condition: Annotated[
        str | None, describe("Where the second candidate is cheaper, if no single size decides.")
    ]
    equal_where: Annotated[str | None, describe("Where both cost the same, if no single size decides.")]
    exact: bool


class StretchRecord(Record):
    """A range of a size, from `start` to `end`, in which the same candidates are cheapest."""

    start: int
    end: Annotated[int | None, describe("Null if the range has no end.")]
    candidates: Annotated[list[str], describe("The cheapest candidates; several if they tie.")]
    is_decided: Annotated[
        bool,
        describe("False if one of several candidates is the cheapest, but which one depends on the sizes."),
    ]


class CheapestRecord(Record):
    """The cheapest candidates in one quantity, over all values of the open sizes."""

    sizes: Annotated[
        list[str],
        describe("The sizes that decide. Unless it is exactly one, a single stretch has all values."),
    ]
    stretches: Annotated[
        list[StretchRecord], describe("In ascending order; empty if no value fits all candidates.")
    ]


class ContributionRecord(Record):
    """The FLOPs of one part in both candidates; null where a candidate has no such part."""

    part: str
    first: int | None
    other: int | None
    difference: int


class DifferenceRecord(Record):
    """The difference between a candidate's FLOPs and the first one's, by part."""

    name: str
    parts: list[ContributionRecord]


class ComparisonRecord(Context):
    """The output of convcost compare --json."""

    candidates: list[Annotated[Any, one_of("DesignRecord", "ModuleRecord", "WeightsRecord")]]
    ratios: Annotated[Any, one_of("RatiosRecord"), describe("Ratios of the second candidate to the first.")]
    break_even: Annotated[
        dict[str, BreakEvenRecord] | UnsetType, describe("Break-even points by quantity, if sizes are open.")
    ] = UNSET
    cheapest: Annotated[
        dict[str, CheapestRecord] | UnsetType,
        describe("The cheapest candidates by quantity, if sizes are open."),
    ] = UNSET
    notes: Annotated[list[str] | UnsetType, describe("Notes on these candidates.")] = UNSET
    differences: Annotated[
        list[DifferenceRecord] | UnsetType, describe("Differences by part, if torch modules are compared.")
    ] = UNSET


def record(comparison: Comparison) -> ComparisonRecord:
    """The comparison; `ratios` are the second candidate's, and further candidates have their own."""
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
    """The record of a candidate: a design, a module, or a file of weights."""
    if isinstance(found, WeightsReport):
        return weights.candidate(found, **others)
    return report.candidate(found, **others)


def _row(found: Report) -> dict[str, Any]:
    if isinstance(found, WeightsReport):
        return {"name": found.name, "spec": found.spec, "params": found.params, "bytes": found.bytes}
    return report.row(found)


def rows(comparison: Comparison, style: Style) -> list[dict[str, Any]]:
    """A row for each candidate; with open sizes, also where it is the cheapest."""
    envelopes = comparison.cheapest_by_metric() if comparison.is_open else {}
    return [
        _row(each)
        | {f"least_{metric}": _condition(envelope, each.name) for metric, envelope in envelopes.items()}
        for each in comparison.candidates
    ]


def _condition(envelope: LowerEnvelope, name: str) -> str:
    """The sizes for which a candidate is the cheapest, as code: 1 <= L <= 4 or L >= 9; empty if none."""
    stretches = [stretch for stretch in envelope.stretches if name in stretch.candidates]
    return " or ".join(_range_condition(envelope.sizes, stretch) for stretch in stretches)


def _range_condition(sizes: tuple[str, ...], stretch: Stretch) -> str:
    """A range as a condition, with a question mark if its cheapest candidate is undecided."""
    mark = "" if stretch.is_decided else "?"
    if len(sizes) != 1:
        return f"{', '.join(sizes)}?" if mark else "always"
    if stretch.end is None:
        return f"{sizes[0]} >= {stretch.start}{mark}"
    if stretch.start == stretch.end:
        return f"{sizes[0]} == {stretch.start}{mark}"
    return f"{stretch.start} <= {sizes[0]} <= {stretch.end}{mark}"


def ratios(comparison: Comparison, other: Report) -> Record:
    """Every quantity of `other` divided by the first candidate's."""
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
