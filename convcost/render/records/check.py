"""A check as a record: entries, their checks, how they stand to the lock file."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from convcost.core.metrics import BY_NAME
from convcost.core.record_fields import describe, one_of
from convcost.gate.baseline import BASELINE_METRICS, ROW_METRICS, Baseline, LocatedRow, RowChange
from convcost.gate.limit import Relation
from convcost.gate.result import BaselineStatus, EntryCheck, EntryResult, GateResult
from convcost.render.gate.check_texts import failure_sentences, tolerance_text
from convcost.render.records.context import HEAD, ConventionRecord, Head, Versions, versions
from convcost.render.records.record import (
    Field,
    Formula,
    Record,
    data,
    field_values,
    fields_of,
    record_from,
    record_type,
    records_from,
)
from convcost.render.style import Style

RELATIONS: dict[Relation, str] = {"≤": "<=", "≥": ">=", "=": "="}


class CheckRecord(Record):
    """What a key of an entry asked, what was found, and whether that is so."""

    key: str
    line: Annotated[int, describe("Of the configuration.")]
    metric: Annotated[str, describe("A quantity; of agree_with, the counter.")]
    per: Annotated[str | None, describe("The entry that a ratio is to.")]
    relation: Literal["<=", ">=", "="] | None
    found: Formula | float | None
    wanted: Formula | float | None
    passed: bool
    reason: str


class TotalChangeRecord(Record):
    """A total before and now."""

    before: Formula
    after: Formula


FiguresRecord = record_type(
    "FiguresRecord",
    "What a layer or module has; figures that are 0 are left out.",
    [("path", str)],
    [(name, Formula, UNSET) for name in ROW_METRICS],
)


class RowChangeRecord(Record):
    """A layer or module that was added, removed, or costs something else."""

    path: str
    kind: str
    change: str
    before: Annotated[Any, one_of("FiguresRecord", None)]
    after: Annotated[Any, one_of("FiguresRecord", None)]


class BaselineSubjectRecord(Record):
    """What a baseline is of."""

    of: str
    sizes: dict[str, int]
    convention: ConventionRecord
    dtype: str


class BaselineRecord(Record):
    """How an entry stands to the lock file."""

    standing: BaselineStatus
    passed: bool
    tolerance: str
    growth_only: Annotated[bool, describe("Whether only a total that grows fails.")]
    before: BaselineSubjectRecord | None
    totals: Annotated[dict[str, TotalChangeRecord], describe("Those that changed.")]
    rows: list[RowChangeRecord]


class EntryHead(Record, kw_only=True):
    """What an entry is."""

    name: str
    line: int
    passed: bool
    spec: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    symbols: dict[str, Formula]
    assumed: list[str]
    convention: ConventionRecord
    dtype: str


class EntryTail(Record):
    """What came of it."""

    trainable_params: Annotated[Formula, describe("Those that require a gradient; not in the lock file.")]
    checks: list[CheckRecord]
    baseline: BaselineRecord
    failures: list[str]


TOTALS: list[Field] = [
    (name, Annotated[Formula, describe(BY_NAME[name].sentence)]) for name in BASELINE_METRICS
]

EntryRecord = record_type(
    "EntryRecord", "What came of an entry.", fields_of(EntryHead), TOTALS, fields_of(EntryTail)
)


class IssueRecord(Record):
    """Why an entry could not be counted."""

    key: str
    line: Annotated[int, describe("Of the configuration.")]
    message: str


class GateRecord(Head):
    """The JSON of convcost check."""

    versions: Versions
    config: str
    lock: str
    written: Annotated[bool, describe("Whether the lock file has what is now.")]
    passed: bool
    entries: list[Annotated[Any, one_of("EntryRecord")]]
    stale: Annotated[list[str], describe("Entries of the lock file that are no more.")]
    problems: list[IssueRecord]
    skipped: Annotated[list[str], describe("Entries with a model, where none was to be run.")]


def record(result: GateResult) -> GateRecord:
    """The whole check."""
    return record_from(
        GateRecord,
        result,
        **HEAD,
        versions=versions(),
        config=result.config.source.name,
        entries=[_entry(result, entry_result) for entry_result in result.entries],
        problems=records_from(IssueRecord, result.problems),
    )


def _entry(result: GateResult, entry_result: EntryResult) -> Record:
    report = entry_result.report
    return EntryRecord(
        name=entry_result.entry.name,
        line=result.config.line(entry_result.entry.name),
        passed=entry_result.passed,
        **{entry_result.entry.key: entry_result.entry.text},
        symbols=data(report.sizes),
        assumed=list(report.assumed),
        convention=record_from(ConventionRecord, report.convention),
        dtype=report.dtype,
        **entry_result.now.totals,
        trainable_params=data(report.trainable_params),
        checks=[_check(result, entry_result, check) for check in entry_result.checks],
        baseline=_baseline(entry_result),
        failures=[text for _, text in failure_sentences(entry_result)],
    )


def _check(result: GateResult, entry_result: EntryResult, check: EntryCheck) -> CheckRecord:
    return record_from(
        CheckRecord,
        check,
        line=result.config.line(entry_result.entry.name, check.key),
        per=check.ratio_to or None,
        relation=RELATIONS[check.relation] if check.relation else None,
    )


def _baseline(entry_result: EntryResult) -> BaselineRecord:
    """How the entry stands to it; what it was counted as, and the totals and rows that changed."""
    changes = entry_result.changes
    totals = changes.totals.items() if changes else ()
    return BaselineRecord(
        standing=entry_result.status,
        passed=entry_result.keeps_baseline,
        tolerance=tolerance_text(entry_result.entry.tolerance),
        growth_only=entry_result.entry.growth_only,
        before=entry_result.before and _counted_as(entry_result.before),
        totals={name: TotalChangeRecord(before=before, after=after) for name, (before, after) in totals},
        rows=list(map(_row, changes.rows)) if changes else [],
    )


def _counted_as(baseline: Baseline) -> BaselineSubjectRecord:
    return record_from(
        BaselineSubjectRecord, baseline, convention=record_from(ConventionRecord, baseline.convention)
    )


def _row(change: RowChange) -> RowChangeRecord:
    return RowChangeRecord(
        path=change.located.path,
        kind=change.located.row.kind,
        change=change.kind,
        before=_figures(change.before),
        after=_figures(change.after),
    )


def _figures(located: LocatedRow | None) -> Record | None:
    return FiguresRecord(path=located.path, **dict(located.row.figures)) if located else None


def rows(result: GateResult, style: Style) -> list[dict[str, Any]]:
    """A line for each check of each entry."""
    return [
        {"entry": entry_result.entry.name, **field_values(_check(result, entry_result, check))}
        for entry_result in result.entries
        for check in (*entry_result.checks, *_as_checks(entry_result))
    ]


def _as_checks(entry_result: EntryResult) -> list[EntryCheck]:
    """The baseline as one more check."""
    return [EntryCheck("baseline", "", entry_result.keeps_baseline, entry_result.status)] * (
        entry_result.status != "unlocked"
    )
