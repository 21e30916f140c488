"""The document of a verification: results by layer and reference, blind spots, disagreements."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator

from convcost.core.diagnosis import CauseKind
from convcost.core.units import exact
from convcost.counters import COUNTERS, installed_version
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.style import Style
from convcost.render.texts import CommandText
from convcost.verify.result import FindingGroup, Outcome, Reference, VerificationResult

LEGEND = (
    "Numbers are cases that agree. torch: output shapes, MACs and bias adds, from running layers on ones. "
    "model: all quantities, from counting the module. Counters: FLOPs as 2 × MACs. In brackets: cases in a "
    "known blind spot; blind: all cases."
)

SEVERAL = 4
"""The most kinds to name; else their number."""


def verify_document(result: VerificationResult, style: Style) -> Document:
    """A line for each kind of layer, and notes on blind spots and disagreements."""
    return Document(
        heading=(("verified", _versions(result)),),
        facts=(Fact("cases", _cases_text(result)), Fact("result", _verdict(result))),
        costs=Section((_table(result),), tuple(_notes(result))),
    )


def _versions(result: VerificationResult) -> str:
    """The versions of torch and the counters' packages."""
    packages = dict.fromkeys(heading.package for heading in result.references)
    return ", ".join(f"{package} {installed_version(package)}" for package in packages)


def _verdict(result: VerificationResult) -> str:
    if result.agrees:
        return "every formula agrees, except in known blind spots"
    number = len(result.new)
    return f"{number} new disagreement{'s' * (number != 1)}"


def _cases_text(result: VerificationResult) -> str:
    number = len(result.kinds)
    kinds = f"{number} kind{'s' * (number != 1)} of layer"
    return f"{exact(_cases(result))} for {kinds}, up to {result.cases} per argument, seed {result.seed}"


def _cases(result: VerificationResult) -> int:
    """The number of cases: the first check runs on each."""
    return sum(finding.check == result.references[0].name for finding in result.findings)


def _table(result: VerificationResult) -> Table:
    lines = (
        Line(kind, tuple(_cell(result.outcome_counts[kind, heading.name]) for heading in result.references))
        for kind in result.kinds
    )
    return Table(("layer", *map(_column, result.references)), tuple(lines))


def _column(heading: Reference) -> str:
    """A short heading, so that the columns fit: profiler for torch.profiler."""
    return heading.title.rpartition(".")[2]


def _cell(tally: Tally[Outcome]) -> str:
    """56; blind; 30 (26) if 26 are in a blind spot; followed by 1 new."""
    if set(tally) == {"known"}:
        return "blind"
    parts = [exact(tally["agrees"])] if tally["agrees"] else []
    parts += [f"({exact(tally['known'])})"] if tally["known"] else []
    return " ".join([*parts, *([f"{exact(tally['new'])} new"] if tally["new"] else [])])


def _notes(result: VerificationResult) -> Iterator[str]:
    """The notes; new disagreements come last, next to the prompt."""
    short = {_column(heading): heading.title for heading in result.references}
    yield " ".join((LEGEND, *(f"{name}: {title}." for name, title in short.items() if name != title)))
    yield from (f"Known: {_group_text(result, group)}." for group in result.known)
    yield from (f"Resolved: {_group_text(result, group)}." for group in result.resolved)
    for group in result.new:
        yield f"New: {_group_text(result, group)}. To reproduce:"
        yield CommandText(command(result, group))


def _group_text(result: VerificationResult, group: FindingGroup) -> str:
    return f"{_reference(result, group).title}, {_kinds(group)}: {reason(group)}"


def _kinds(group: FindingGroup) -> str:
    """Conv1d (56 cases)."""
    few = len(group.kinds) <= SEVERAL
    kinds = ", ".join(group.kinds) if few else f"{len(group.kinds)} kinds"
    return f"{kinds} ({exact(group.cases)} case{'s' * (group.cases != 1)})"


def _reference(result: VerificationResult, group: FindingGroup) -> Reference:
    return next(heading for heading in result.references if heading.name == group.example.check)


def reason(group: FindingGroup) -> str:
    """Causes by the phrases that they have elsewhere."""
    phrases = {str(kind): kind.phrase.removesuffix(" for") for kind in CauseKind}
    return ", ".join(phrases.get(part, part) for part in group.example.reason.split(", "))


def command(result: VerificationResult, group: FindingGroup) -> str:
    """The command that reproduces a finding; `layer` if it can run that check."""
    found = group.example
    if found.check in COUNTERS:
        return f'convcost layer "{found.spec}" --counters {found.check}'
    if found.check in ("torch", "model"):
        return f'convcost layer "{found.spec}" --counters none'
    options = f"--kinds {found.kind} --cases {result.cases} --seed {result.seed}"
    return f"convcost verify {options} --counters {found.check}"
