"""A verification as data: everything but the single agreements."""

from __future__ import annotations

from collections import Counter as Tally
from typing import Any

from convcost.core.diagnosis import CauseKind
from convcost.counters import COUNTERS
from convcost.render.records import PACKAGES, installed
from convcost.render.style import Style
from convcost.schemas import verified as records
from convcost.verify.result import FindingGroup, Outcome, Reference, VerificationResult


def reason(group: FindingGroup) -> str:
    """Causes by the phrases that they have elsewhere."""
    phrases = {str(kind): kind.phrase for kind in CauseKind}
    return ", ".join(phrases.get(part, part) for part in group.example.reason.split(", "))


def command(result: VerificationResult, group: FindingGroup) -> str:
    """What shows it again: the spec alone, where `layer` asks that counter."""
    found = group.example
    if found.check in COUNTERS:
        return f'convcost layer "{found.spec}" --counters {found.check}'
    if found.check in ("torch", "model"):
        return f'convcost layer "{found.spec}" --counters none'
    options = f"--kinds {found.kind} --cases {result.cases} --seed {result.seed}"
    return f"convcost verify {options} --counters {found.check}"


def verified_record(result: VerificationResult) -> records.Verified:
    """Everything but the single agreements."""
    return {
        "schema": "convcost/1",
        "versions": {package: installed(package) for package in PACKAGES},
        "agrees": result.agrees,
        "cases": result.cases,
        "seed": result.seed,
        "checks": [_check(heading) for heading in result.references],
        "layers": [{"kind": kind, "checks": _tallies(result, kind)} for kind in result.kinds],
        "new": [{**_group(group), "command": command(result, group)} for group in result.new],
        "known": [_group(group) for group in result.known],
        "cured": [_group(group) for group in result.resolved],
    }


def _check(heading: Reference) -> records.Check:
    return {"name": heading.name, "title": heading.title, "version": installed(heading.package)}


def _tallies(result: VerificationResult, kind: str) -> dict[str, records.Tally]:
    return {heading.name: _tally(result.outcome_counts[kind, heading.name]) for heading in result.references}


def _tally(tally: Tally[Outcome]) -> records.Tally:
    return {"agrees": tally["agrees"], "known": tally["known"], "new": tally["new"]}


def _group(group: FindingGroup) -> records.Group:
    return {
        "check": group.example.check,
        "kinds": list(group.kinds),
        "cases": group.cases,
        "reason": reason(group),
        "spec": group.example.spec,
    }


def verified_rows(result: VerificationResult, style: Style) -> list[dict[str, Any]]:
    """A line for each kind of layer and check."""
    return [
        {"kind": kind, "check": name, **tallies}
        for kind in result.kinds
        for name, tallies in _tallies(result, kind).items()
    ]
