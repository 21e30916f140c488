"""From a check to the document that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from convcost.gate.rows import Baseline
from convcost.gate.verdict import Checked, Judged, Standing
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.gate.changes import change_tables, fitted
from convcost.render.gate.words import failures, found, label, percent, wanted
from convcost.render.style import Style

UPDATE = "convcost check --update"

MOST_IN_FULL = 12
"""Entries whose checks are all listed; of more, only those of entries that failed."""

FOUND: dict[Standing, str] = {"new": "none yet", "same": "as it was", "changed": "changed", "unlocked": ""}


def gate(checked: Checked, style: Style) -> Document:
    """A table of the verdicts, a table for each baseline that changed, and what to do about it."""
    changes = chain.from_iterable(change_tables(judged, style.width) for judged in checked.entries)
    return Document(
        heading=(("config", checked.config.source.name),),
        facts=(Fact("result", _result(checked)),),
        costs=Section((_verdicts(checked, style.width), *changes), tuple(_notes(checked))),
        counters=Section((), ()),
    )


def _result(checked: Checked) -> str:
    number, failed = len(checked.entries), len(checked.failed)
    entries = "entry" if number == 1 else "entries"
    unknown = f"; {len(checked.problems)} could not be counted" if checked.problems else ""
    skipped = f"; {len(checked.skipped)} skipped" if checked.skipped else ""
    result = f"{failed} of {number} {entries} failed" if failed else f"passed, {number} {entries}"
    return result + unknown + skipped


def _verdicts(checked: Checked, width: int) -> Table:
    """Of many entries those that passed have a line each."""
    is_long = len(checked.entries) > MOST_IN_FULL
    lines = chain.from_iterable(_lines(judged, is_long and judged.passed) for judged in checked.entries)
    skipped = (Line(name, ("", "", "skipped")) for name in checked.skipped)
    return fitted(Table(("entry", "found", "wanted", "verdict"), (*lines, *skipped)), width)


def _lines(judged: Judged, is_short: bool) -> Iterator[Line]:
    if is_short:
        yield Line(judged.entry.name, (_number(judged), "", verdict(judged.passed)))
        return
    yield Line(judged.entry.name, ("", "", verdict(judged.passed)))
    for check in judged.checks:
        yield Line(label(check), (found(check), wanted(check), _failed(check.passed)), depth=1)
    if judged.standing != "unlocked":
        allowed = _allowed(judged)
        standing = "accepted" if judged.accepted and judged.standing != "same" else FOUND[judged.standing]
        yield Line("baseline", (standing, allowed, _failed(judged.keeps_baseline)), depth=1)


def _allowed(judged: Judged) -> str:
    """± 1%; ≤ +1% where nothing fails by getting smaller."""
    share = percent(judged.entry.tolerance)
    if judged.entry.growth_only:
        return f"≤ +{share}"
    return f"± {share}" if judged.entry.tolerance else ""


def _number(judged: Judged) -> str:
    number = len(judged.checks) + (judged.standing != "unlocked")
    return f"{number} check{'s' * (number != 1)}"


def verdict(passed: bool) -> str:
    """passed, or failed."""
    return "passed" if passed else "failed"


def _failed(passed: bool) -> str:
    return "" if passed else "failed"


def _notes(checked: Checked) -> Iterator[str]:
    for judged in checked.entries:
        yield from (f"{judged.entry.name}: {text}." for _, text in failures(judged))
        yield from _extras(judged)
        yield from _circumstances(judged)
    yield from (f"{problem.key}: {problem.message.splitlines()[0]}." for problem in checked.problems)
    if checked.skipped:
        yield "Entries that take a model to be run were skipped."
    yield from _about_lock(checked)


def _extras(judged: Judged) -> Iterator[str]:
    """What a counter that agrees counts besides."""
    for check in judged.checks:
        if check.key == "agree_with" and check.passed and check.reason:
            yield f"{judged.entry.name}: {check.metric} agrees ({check.reason})."


def _circumstances(judged: Judged) -> Iterator[str]:
    """What is not as it was where the cost is not: the design, sizes, the convention."""
    before, now = judged.before, judged.now
    if before is None or judged.standing == "same":
        return
    for was, is_now in zip(_facts(before), _facts(now), strict=True):
        if was != is_now:
            yield f"{judged.entry.name} was {was}, and is {is_now} now."


def _facts(baseline: Baseline) -> tuple[str, ...]:
    sizes = ", ".join(f"{name} = {size:,}" for name, size in sorted(baseline.sizes.items()))
    convention = baseline.convention
    return (
        baseline.of,
        f"counted with {sizes or 'no sizes'}",
        f"counted by the convention {convention.count}, {convention.padding}",
        f"in {baseline.dtype}",
    )


def _about_lock(checked: Checked) -> Iterator[str]:
    new = [judged.entry.name for judged in checked.entries if judged.standing == "new"]
    stale = ", ".join(checked.stale)
    if checked.written:
        yield f"{checked.lock} has the costs of these entries now."
        yield from [f"It no longer has {stale}."] if stale else []
        return
    if checked.entries and all(judged.standing == "unlocked" for judged in checked.entries):
        yield f"There are no baselines: {UPDATE} writes them to {checked.lock}."
    if new:
        yield f"{checked.lock} has no baseline for {', '.join(new)}: {UPDATE} writes it."
    if stale:
        yield f"{checked.lock} has baselines of entries that are no more: {stale}."
    if any(not judged.keeps_baseline for judged in checked.entries):
        yield f"If that is meant, {UPDATE} accepts it."
