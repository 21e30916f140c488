"""The document of a check."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from convcost.core.units import sizes_in_full
from convcost.gate.baseline import Baseline
from convcost.gate.result import BaselineStatus, EntryResult, GateResult
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.gate.baseline_tables import entry_tables, wrap_to_fit
from convcost.render.gate.check_texts import (
    check_label,
    failure_sentences,
    found_text,
    tolerance_text,
    wanted_text,
)
from convcost.render.style import Style
from convcost.render.texts import MixedText

UPDATE_COMMAND = "convcost check --update"

MOST_IN_FULL = 12
"""With more entries, only failed ones list their checks."""

STATUS_TEXTS: dict[BaselineStatus, str] = {
    "new": "none yet",
    "same": "unchanged",
    "changed": "changed",
    "unlocked": "",
}


def gate_document(gate_result: GateResult, style: Style) -> Document:
    """A table of verdicts, tables of changes from baselines, and notes."""
    changes = chain.from_iterable(entry_tables(result, style.width) for result in gate_result.entries)
    return Document(
        heading=(("config", gate_result.config.source.name),),
        facts=(Fact("result", _summary(gate_result)),),
        costs=Section((_verdicts(gate_result, style.width), *changes), tuple(_notes(gate_result))),
    )


def _summary(gate_result: GateResult) -> str:
    uncounted = len(gate_result.uncounted)
    number, failed = len(gate_result.entries) + uncounted, len(gate_result.failed)
    entries = "entry" if number == 1 else "entries"
    unknown = f"; {uncounted} could not be counted" if uncounted else ""
    skipped = f"; {len(gate_result.skipped)} skipped" if gate_result.skipped else ""
    passed = f"{number - uncounted} of {number}" if uncounted else f"{number}"
    verdict = f"{failed} of {number} {entries} failed" if failed else f"passed, {passed} {entries}"
    return verdict + unknown + skipped


def _verdicts(gate_result: GateResult, width: int) -> Table:
    """The table of verdicts; with many entries, those that passed have one line each."""
    is_long = len(gate_result.entries) > MOST_IN_FULL
    lines = chain.from_iterable(_lines(result, is_long and result.passed) for result in gate_result.entries)
    others = {"not counted": gate_result.uncounted, "skipped": gate_result.skipped}
    further = (Line(name, ("", "", verdict)) for verdict, names in others.items() for name in names)
    return wrap_to_fit(Table(("entry", "found", "wanted", "verdict"), (*lines, *further)), width)


def _lines(result: EntryResult, is_short: bool) -> Iterator[Line]:
    verdict = "passed" if result.passed else "failed"
    yield Line(result.entry.name, (_number_of_checks(result) if is_short else "", "", verdict))
    if is_short:
        return
    for check in result.checks:
        yield Line(
            check_label(check), (found_text(check), wanted_text(check), _verdict_text(check.passed)), depth=1
        )
    if result.status != "unlocked":
        is_accepted = result.accepted and result.status != "same"
        status = "accepted" if is_accepted else STATUS_TEXTS[result.status]
        yield Line("baseline", (status, _tolerance(result), _verdict_text(result.keeps_baseline)), depth=1)


def _tolerance(result: EntryResult) -> str:
    """± 1%; ≤ +1% if only growth fails."""
    share = tolerance_text(result.entry.tolerance)
    if result.entry.growth_only:
        return f"≤ +{share}"
    return f"± {share}" if result.entry.tolerance else ""


def _number_of_checks(result: EntryResult) -> str:
    number = len(result.checks) + (result.status != "unlocked")
    return f"{number} check{'s' * (number != 1)}"


def _verdict_text(passed: bool) -> str:
    return "" if passed else "failed"


def _notes(gate_result: GateResult) -> Iterator[str]:
    for result in gate_result.entries:
        yield from (MixedText(f"{result.entry.name}: ", text, ".") for _, text in failure_sentences(result))
        yield from _agreement_notes(result)
        yield from _changed_conditions(result)
    yield from (f"{problem.key}: {problem.message.splitlines()[0]}." for problem in gate_result.problems)
    if gate_result.skipped:
        yield "Entries that run a model were skipped."
    yield from _lock_notes(gate_result)


def _agreement_notes(result: EntryResult) -> Iterator[str]:
    """Additional operations that agreeing counters count."""
    for check in result.checks:
        if check.key == "agree_with" and check.passed and check.reason:
            yield f"{result.entry.name}: {check.metric} agrees; {check.reason}."


def _changed_conditions(result: EntryResult) -> Iterator[str]:
    """If the cost changed: changes of the design, its sizes, the convention or the dtype."""
    before = result.before
    if before is None or result.status == "same":
        return
    current = _conditions(result.now)
    for condition, was in _conditions(before).items():
        if was != current[condition]:
            yield f"The {condition} of {result.entry.name} changed from {was} to {current[condition]}."


def _conditions(baseline: Baseline) -> dict[str, str]:
    sizes = sizes_in_full(dict(sorted(baseline.sizes.items())))
    convention = baseline.convention
    return {
        "design": baseline.of,
        "sizes": sizes or "none",
        "convention": f"{convention.count}, {convention.padding}",
        "dtype": baseline.dtype,
    }


def _lock_notes(gate_result: GateResult) -> Iterator[str]:
    lock, entries = gate_result.lock, gate_result.entries
    new = [result.entry.name for result in entries if result.status == "new"]
    stale = ", ".join(gate_result.stale)
    if gate_result.written:
        all_of = f"baselines of all {len(entries)} entries were" if entries[1:] else "baseline was"
        yield f"The {all_of} written to {lock}."
        yield from [f"Baselines removed from it: {stale}."] if stale else []
        return
    if entries and all(result.status == "unlocked" for result in entries):
        yield f"There are no baselines: {UPDATE_COMMAND} writes them to {lock}."
    if new:
        yield f"{lock} has no baseline for {', '.join(new)}: {UPDATE_COMMAND} writes it."
    if stale:
        yield f"{lock} has baselines of entries that no longer exist: {stale}."
    if any(not result.keeps_baseline for result in entries):
        fails_limits = any(not check.passed for result in entries for check in result.checks)
        limits = "; limits stay" if fails_limits else ""
        yield f"If the change from the baseline is intended, {UPDATE_COMMAND} accepts it{limits}."
