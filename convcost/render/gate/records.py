"""A check as plain data: what JSON and CSV write."""

from __future__ import annotations

from typing import Any

from convcost.gate.check import LimitCheck
from convcost.gate.diff import Placed, RowChange
from convcost.gate.keys import Relation
from convcost.gate.rows import Baseline
from convcost.gate.verdict import Checked, Judged
from convcost.render.formulas import data
from convcost.render.gate.words import failures, percent
from convcost.render.records import PACKAGES, SCHEMA, installed
from convcost.render.style import Style

Record = dict[str, Any]

RELATIONS: dict[Relation, str] = {"≤": "<=", "≥": ">=", "=": "="}


def checked_record(checked: Checked) -> Record:
    """The whole check."""
    return {
        "schema": SCHEMA,
        "versions": {package: installed(package) for package in PACKAGES},
        "config": checked.config.source.name,
        "lock": checked.lock,
        "written": checked.written,
        "passed": checked.passed,
        "entries": [_entry(checked, judged) for judged in checked.entries],
        "stale": list(checked.stale),
        "problems": [
            {"key": problem.key, "line": problem.line, "message": problem.message}
            for problem in checked.problems
        ],
        "skipped": list(checked.skipped),
    }


def _entry(checked: Checked, judged: Judged) -> Record:
    entry, report = judged.entry, judged.report
    return {
        "name": entry.name,
        "line": checked.config.line(entry.name),
        "passed": judged.passed,
        entry.key: entry.text,
        "symbols": {name: data(size) for name, size in report.sizes.items()},
        "assumed": list(report.assumed),
        "convention": {"count": report.convention.count, "padding": report.convention.padding},
        "dtype": report.dtype,
        **judged.now.totals,
        "trainable_params": data(report.trainable_params),
        "checks": [_check(checked, judged, check) for check in judged.checks],
        "baseline": _baseline(judged),
        "failures": [text for _, text in failures(judged)],
    }


def _check(checked: Checked, judged: Judged, check: LimitCheck) -> Record:
    return {
        "key": check.key,
        "line": checked.config.line(judged.entry.name, check.key),
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


def _baseline(judged: Judged) -> Record:
    """How the entry stands to it; what it was counted as, and the totals and rows that changed."""
    changes = judged.changes
    return {
        "standing": judged.standing,
        "passed": judged.keeps_baseline,
        "tolerance": percent(judged.entry.tolerance),
        "growth_only": judged.entry.growth_only,
        "before": _about(judged.before) if judged.before else None,
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
        "path": change.placed.path,
        "kind": change.placed.row.kind,
        "change": change.what,
        "before": _figures(change.before),
        "after": _figures(change.after),
    }


def _figures(placed: Placed | None) -> Record | None:
    return {"path": placed.path, **dict(placed.row.figures)} if placed else None


def check_rows(checked: Checked, style: Style) -> list[Record]:
    """A line for each check of each entry."""
    return [
        {"entry": judged.entry.name, **_check(checked, judged, check)}
        for judged in checked.entries
        for check in (*judged.checks, *_as_checks(judged))
    ]


def _as_checks(judged: Judged) -> list[LimitCheck]:
    """The baseline as one more check."""
    return [LimitCheck("baseline", "", judged.keeps_baseline, judged.standing)] * (
        judged.standing != "unlocked"
    )
