"""A verification: layers by what they were checked against, known blind spots, new disagreements."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from typing import Any

from convcost.counters import COUNTERS
from convcost.formats.document import Document, Fact, Line, Section, Table
from convcost.formats.records import PACKAGES, installed
from convcost.formats.refereed.phrases import PHRASES
from convcost.schemas import verified as records
from convcost.units import exact
from convcost.verifying.result import Group, Heading, Outcome, Verified

LEGEND = (
    "Numbers are cases that agree: with torch's shapes and its products of ones; with convcost's own count "
    "of the module; with counters, by 2 × MACs. In brackets, or blind: known blind spots."
)

SEVERAL = 4
"""More kinds than these are counted, not named."""


def verification(result: Verified) -> Document:
    """A line for each kind of layer, and below what is blind or new."""
    return Document(
        heading=(("verified", _versions(result)),),
        facts=(Fact("cases", _drawn(result)), Fact("result", _verdict(result))),
        costs=Section((_table(result),), tuple(_notes(result))),
        counters=Section((), ()),
    )


def _versions(result: Verified) -> str:
    """Against which torch, and counters of which packages."""
    packages = dict.fromkeys(heading.package for heading in result.headings)
    return ", ".join(f"{package} {installed(package)}" for package in packages)


def _verdict(result: Verified) -> str:
    if result.agrees:
        return "nothing new: every formula agrees, but for known blind spots"
    number = len(result.new)
    return f"{number} new disagreement{'s' * (number != 1)}"


def _drawn(result: Verified) -> str:
    return f"{exact(_cases(result))} of {len(result.kinds)} kinds, seed {result.seed}"


def _cases(result: Verified) -> int:
    """Each case is looked at by the first check."""
    return sum(finding.check == result.headings[0].name for finding in result.findings)


def _table(result: Verified) -> Table:
    lines = (
        Line(kind, tuple(_cell(result.tallies[kind, heading.name]) for heading in result.headings))
        for kind in result.kinds
    )
    return Table(("layer", *map(_column, result.headings)), tuple(lines))


def _column(heading: Heading) -> str:
    """Short, so that the usual ones have room side by side: profiler for torch.profiler."""
    return heading.title.rpartition(".")[2]


def _cell(tally: Tally[Outcome]) -> str:
    """56, blind, or 30 (26) where 26 are blind; with 1 new behind it."""
    if set(tally) == {"known"}:
        return "blind"
    parts = [exact(tally["agrees"])] if tally["agrees"] else []
    parts += [f"({exact(tally['known'])})"] if tally["known"] else []
    return " ".join([*parts, *([f"{exact(tally['new'])} new"] if tally["new"] else [])])


def _notes(result: Verified) -> Iterator[str]:
    yield from (
        f"New: {_said(result, group)}. It shows in: {_command(result, group)}" for group in result.new
    )
    yield from (f"Known: {_said(result, group)}." for group in result.known)
    yield from (f"No longer so: {_said(result, group)}." for group in result.cured)
    yield LEGEND


def _said(result: Verified, group: Group) -> str:
    return f"{_heading(result, group).title}, {_kinds(group)}: {_reason(group)}"


def _kinds(group: Group) -> str:
    """Conv1d (56 cases)."""
    few = len(group.kinds) <= SEVERAL
    kinds = ", ".join(group.kinds) if few else f"{len(group.kinds)} kinds"
    return f"{kinds} ({exact(group.cases)} case{'s' * (group.cases != 1)})"


def _reason(group: Group) -> str:
    """Causes by the phrases that they have elsewhere."""
    phrases = {str(kind): phrase for kind, phrase in PHRASES.items()}
    return ", ".join(phrases.get(part, part) for part in group.example.reason.split(", "))


def _heading(result: Verified, group: Group) -> Heading:
    return next(heading for heading in result.headings if heading.name == group.example.check)


def _command(result: Verified, group: Group) -> str:
    """What shows it again: the spec alone, where `layer` asks that counter."""
    found = group.example
    if found.check in COUNTERS:
        return f'convcost layer "{found.spec}" --counters {found.check}'
    if found.check in ("torch", "model"):
        return f'convcost layer "{found.spec}" --counters none'
    options = f"--kinds {found.kind} --cases {result.cases} --seed {result.seed}"
    return f"convcost verify {options} --counters {found.check}"


def verified_record(result: Verified) -> records.Verified:
    """Everything but the single agreements."""
    return {
        "schema": "convcost/1",
        "versions": {package: installed(package) for package in PACKAGES},
        "agrees": result.agrees,
        "cases": result.cases,
        "seed": result.seed,
        "checks": [_check(heading) for heading in result.headings],
        "layers": [{"kind": kind, "checks": _tallies(result, kind)} for kind in result.kinds],
        "new": [{**_group(group), "command": _command(result, group)} for group in result.new],
        "known": [_group(group) for group in result.known],
        "cured": [_group(group) for group in result.cured],
    }


def _check(heading: Heading) -> records.Check:
    return {"name": heading.name, "title": heading.title, "version": installed(heading.package)}


def _tallies(result: Verified, kind: str) -> dict[str, records.Tally]:
    return {heading.name: _tally(result.tallies[kind, heading.name]) for heading in result.headings}


def _tally(tally: Tally[Outcome]) -> records.Tally:
    return {"agrees": tally["agrees"], "known": tally["known"], "new": tally["new"]}


def _group(group: Group) -> records.Group:
    return {
        "check": group.example.check,
        "kinds": list(group.kinds),
        "cases": group.cases,
        "reason": _reason(group),
        "spec": group.example.spec,
    }


def verified_rows(result: Verified) -> list[dict[str, Any]]:
    """A line for each kind of layer and check."""
    return [
        {"kind": kind, "check": name, **tallies}
        for kind in result.kinds
        for name, tallies in _tallies(result, kind).items()
    ]
