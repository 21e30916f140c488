"""A check as plain data: what JSON and CSV write."""

from __future__ import annotations

from typing import Any

from convcost.gate.baseline import Baseline, LocatedRow, RowChange
from convcost.gate.checks import EntryCheck
from convcost.gate.limit import Relation
from convcost.gate.result import EntryResult, GateResult
from convcost.render.formulas import data
from convcost.render.gate.words import failures, percent
from convcost.render.records import PACKAGES, SCHEMA, installed
from convcost.render.style import Style

Record = dict[str, Any]

RELATIONS: dict[Relation, str] = {"≤": "<=", "≥": ">=", "=": "="}


def checked_record(gate_result: GateResult) -> Record:
    """The whole check."""
    return {
        "schema": SCHEMA,
        "versions": {package: installed(package) for package in PACKAGES},
        "config": gate_result.config.source.name,
        "lock": gate_result.lock,
        "written": gate_result.written,
        "passed": gate_result.passed,
        "entries": [_entry(gate_result, entry_result) for entry_result in gate_result.entries],
        "stale": list(gate_result.stale),
        "problems": [
            {"key": problem.key, "line": problem.line, "message": problem.message}
            for problem in gate_result.problems
        ],
        "skipped": list(gate_result.skipped),
    }


def _entry(gate_result: GateResult, entry_result: EntryResult) -> Record:
    entry, report = entry_result.entry, entry_result.report
    return {
        "name": entry.name,
        "line": gate_result.config.line(entry.name),
        "passed": entry_result.passed,
        entry.key: entry.text,
        "symbols": {name: data(size) for name, size in report.sizes.items()},
        "assumed": list(report.assumed),
        "convention": {"count": report.convention.count, "padding": report.convention.padding},
        "dtype": report.dtype,
        **entry_result.now.totals,
        "trainable_params": data(report.trainable_params),
        "checks": [_check(gate_result, entry_result, check) for check in entry_result.checks],
        "baseline": _baseline(entry_result),
        "failures": [text for _, text in failures(entry_result)],
    }


def _check(gate_result: GateResult, entry_result: EntryResult, check: EntryCheck) -> Record:
    return {
        "key": check.key,
        "line": gate_result.config.line(entry_result.entry.name, check.key),
        "metric": check.metric,
        "per": check.per or None,
        "relation": RELATIONS[check.relation] if check.relation else None,
        "found": _value(check.found),
        "wanted": _value(check.wanted),
        "passed": check.passed,
        "reason": check.reason,
    }


def _value(value: Any) -> Any:
    return value if isinstance(value, str) else data(value)


def _baseline(entry_result: EntryResult) -> Record:
    """How the entry stands to it; what it was counted as, and the totals and rows that changed."""
    changes = entry_result.changes
    return {
        "standing": entry_result.standing,
        "passed": entry_result.keeps_baseline,
        "tolerance": percent(entry_result.entry.tolerance),
        "growth_only": entry_result.entry.growth_only,
        "before": _about(entry_result.before) if entry_result.before else None,
        "totals": {metric: _pair(*pair) for metric, pair in changes.totals.items()} if changes else {},
        "rows": list(map(_row, changes.rows)) if changes else [],
    }


def _about(baseline: Baseline) -> Record:
    convention = {"count": baseline.convention.count, "padding": baseline.convention.padding}
    return {
        "of": baseline.of,
        "sizes": dict(baseline.sizes),
        "convention": convention,
        "dtype": baseline.dtype,
    }


def _pair(before: Any, after: Any) -> Record:
    return {"before": before, "after": after}


def _row(change: RowChange) -> Record:
    return {
        "path": change.located.path,
        "kind": change.located.row.kind,
        "change": change.kind,
        "before": _figures(change.before),
        "after": _figures(change.after),
    }


def _figures(placed: LocatedRow | None) -> Record | None:
    return {"path": placed.path, **dict(placed.row.figures)} if placed else None


def check_rows(gate_result: GateResult, style: Style) -> list[Record]:
    """A line for each check of each entry."""
    return [
        {"entry": entry_result.entry.name, **_check(gate_result, entry_result, check)}
        for entry_result in gate_result.entries
        for check in (*entry_result.checks, *_as_checks(entry_result))
    ]


def _as_checks(entry_result: EntryResult) -> list[EntryCheck]:
    """The baseline as one more check."""
    return [EntryCheck("baseline", "", entry_result.keeps_baseline, entry_result.standing)] * (
        entry_result.standing != "unlocked"
    )
