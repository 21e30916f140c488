"""The result of `convcost check` as a record: entries, their checks, and changes from the lock file."""

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
    """One check of an entry: the limit, the value found, and whether it passed."""

    key: str
    line: Annotated[int, describe("The line in the configuration.")]
    metric: Annotated[str, describe("The quantity; for agree_with, the counter.")]
    per: Annotated[str | None, describe("For a ratio, the entry that it is relative to.")]
    relation: Literal["<=", ">=", "="] | None
    found: Formula | float | None
    wanted: Formula | float | None
    passed: bool
    reason: str


class TotalChangeRecord(Record):
    """A total in the lock file, and now."""

    before: Formula
    after: Formula


FiguresRecord = record_type(
    "FiguresRecord",
    "The quantities of a layer or module; those that are 0 are left out.",
    [("path", str)],
    [(name, Formula, UNSET) for name in ROW_METRICS],
)


class RowChangeRecord(Record):
    """A layer or module that was added or removed, or whose cost changed."""

    path: str
    kind: str
    change: str
    before: Annotated[Any, one_of("FiguresRecord", None)]
    after: Annotated[Any, one_of("FiguresRecord", None)]


class BaselineSubjectRecord(Record):
    """What a baseline was counted from."""

    of: str
    sizes: dict[str, int]
    convention: ConventionRecord
    dtype: str


class BaselineRecord(Record):
    """An entry compared with its baseline in the lock file."""

    standing: BaselineStatus
    passed: bool
    tolerance: str
    growth_only: Annotated[bool, describe("Whether only growth of a total fails.")]
    before: BaselineSubjectRecord | None
    totals: Annotated[dict[str, TotalChangeRecord], describe("The totals that changed.")]
    rows: list[RowChangeRecord]


class EntryHead(Record, kw_only=True):
    """The first fields of an EntryRecord: the design, its sizes and its convention."""

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
    """The last fields of an EntryRecord: the checks and the baseline."""

    trainable_params: Annotated[
        Formula, describe("Parameters that require a gradient; not in the lock file.")
    ]
    checks: list[CheckRecord]
    baseline: BaselineRecord
    failures: list[str]


TOTALS: list[Field] = [
    (name, Annotated[Formula, describe(BY_NAME[name].sentence)]) for name in BASELINE_METRICS
]

EntryRecord = record_type(
    "EntryRecord",
    "An entry with its totals, checks and baseline.",
    fields_of(EntryHead),
    TOTALS,
    fields_of(EntryTail),
)


class IssueRecord(Record):
    """Why an entry could not be counted."""

    key: str
    line: Annotated[int, describe("The line in the configuration.")]
    message: str


class GateRecord(Head):
    """The output of convcost check --json."""

    versions: Versions
    config: str
    lock: str
    written: Annotated[bool, describe("Whether the lock file was updated.")]
    passed: bool
    entries: list[Annotated[Any, one_of("EntryRecord")]]
    stale: Annotated[list[str], describe("Entries in the lock file that are no longer configured.")]
    problems: list[IssueRecord]
    skipped: Annotated[list[str], describe("Entries that run a model, skipped with --specs-only.")]


def record(result: GateResult) -> GateRecord:
    """All results of a check."""
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
    """The entry compared with its baseline, with the totals and rows that changed."""
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
    """A row for each check of each entry."""
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
