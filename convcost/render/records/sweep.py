"""A sweep as a record."""

from typing import Annotated, Any

from convcost.core.record_fields import describe
from convcost.core.sweep import Objective, Sweep, SweepRow, plain_argument
from convcost.render.records.context import HEAD, ConventionRecord, Head, Versions, versions
from convcost.render.records.record import Quotient, Record, data, record_from, records_from
from convcost.render.style import Style


class SweptDesignRecord(Record):
    """A design as it was given."""

    name: str
    spec: str


class ObjectiveRecord(Record):
    """A quantity, a size or the ratio."""

    name: str
    largest: Annotated[bool, describe("Whether larger is better.")]


class SweepRowRecord(Record):
    """One design of the grid."""

    name: str
    sizes: dict[str, int]
    quantities: dict[str, int]
    ratio: Annotated[Quotient, describe("The quantity `ratio_of` divided by the reference's.")]
    spec: Annotated[
        str,
        describe("The design with its numbers put in; empty for a module that is not loaded from a file."),
    ]
    quotients: Annotated[
        dict[str, float | int | None],
        describe("Quantities that are not whole numbers, including lower bounds in seconds."),
    ]
    arguments: Annotated[
        dict[str, str | int | float | bool | None], describe("The swept arguments of the constructor.")
    ]


class SweepRecord(Head):
    """The output of convcost sweep --json."""

    symbols: Annotated[dict[str, int], describe("The sizes that are not swept, by name.")]
    assumed: Annotated[list[str], describe("The sizes that default to 1.")]
    convention: ConventionRecord
    dtype: str
    versions: Versions
    reference: SweptDesignRecord | None
    designs: list[SweptDesignRecord]
    over: Annotated[dict[str, str], describe("The values of each swept size, as they were given.")]
    over_arguments: Annotated[
        dict[str, str], describe("The values of each swept argument of a constructor, as they were given.")
    ]
    points: Annotated[int, describe("The number of combinations of these values.")]
    impossible: Annotated[dict[str, int], describe("The number of impossible designs, by reason.")]
    where: str
    matching: Annotated[int, describe("The number of designs that meet the condition.")]
    by: Annotated[ObjectiveRecord, describe("The quantity by which the rows are sorted.")]
    pareto: Annotated[
        list[ObjectiveRecord], describe("If not empty, the rows are the Pareto front in these quantities.")
    ]
    ratio_of: str
    columns: Annotated[list[str], describe("The quantities of each row.")]
    devices: Annotated[dict[str, str], describe("The device of each lower bound, by the quantity's name.")]
    found: Annotated[int, describe("The number of rows, including those that were not kept.")]
    warnings: Annotated[list[str], describe("Likely mistakes in a design.")]
    rows: list[SweepRowRecord]


def record(sweep: Sweep) -> SweepRecord:
    """All results of a sweep."""
    return record_from(
        SweepRecord,
        sweep,
        **HEAD,
        symbols=dict(sweep.sizes),
        convention=record_from(ConventionRecord, sweep.convention),
        versions=versions(),
        reference=sweep.reference and record_from(SweptDesignRecord, sweep.reference),
        designs=records_from(SweptDesignRecord, sweep.designs),
        devices=dict(sweep.bounds),
        by=_objective(sweep.by),
        pareto=[*map(_objective, sweep.pareto)],
        warnings=list(sweep.warnings),
        rows=[_row(row) for row in sweep.rows],
    )


def _objective(objective: Objective) -> ObjectiveRecord:
    return record_from(ObjectiveRecord, objective)


def _row(row: SweepRow) -> SweepRowRecord:
    quotients = data(row.quotients)
    return record_from(
        SweepRowRecord, row, ratio=data(row.ratio), quotients=quotients, arguments=_arguments(row)
    )


def _arguments(row: SweepRow) -> dict[str, Any]:
    return {name: plain_argument(value) for name, value in row.arguments.items()}


def rows(sweep: Sweep, style: Style) -> list[dict[str, Any]]:
    """A row for each design that was kept."""
    has_ratio = sweep.reference is not None
    return [
        {
            "design": row.name,
            **_arguments(row),
            **row.sizes,
            **{name: data(row.get(name)) for name in sweep.columns},
            **({"ratio": data(row.ratio)} if has_ratio else {}),
            "spec": row.spec,
        }
        for row in sweep.rows
    ]
