"""Counters' verdicts on a result, differences and their causes, and the list of all counters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CounterDiagnosis, DiagnosedReport
from convcost.core.report import CounterResult, Report, Verdict
from convcost.core.units import exact, fraction, human, in_full, sign
from convcost.counters import COUNTERS
from convcost.counters.interface import Counter
from convcost.render.document import GUTTER, Document, Line, Section, Table
from convcost.render.style import Style

PENDING = "..."

MISSING = "not installed"

VersionedCounters = list[tuple[Counter, str | None]]
"""Counters, each with its version, or None if not installed."""

DIAGNOSIS_COLUMNS = ("counter", "reported", "as MACs", "difference")

DIAGNOSIS_NOTE = "The causes listed under a counter add up exactly to its difference."

UNEXPLAINED_NOTE = "Unexplained: the part of a difference that has no known cause."

BROKEN_LABEL = 28
"""The minimum width of a label that is broken into lines."""

VERBS: dict[Verdict, tuple[str, str]] = {
    "agrees": ("agrees", "agree"),
    "differs": ("differs", "differ"),
    "blind": ("is blind", "are blind"),
    "skipped": ("was skipped", "were skipped"),
    "unavailable": ("is unavailable", "are unavailable"),
}
"""A verdict in a sentence, of one counter and of several."""

Amount = Callable[[Fraction, str], str]
"""Formats a number with its unit, or with an empty one."""


class CounterList(NamedTuple):
    """The counters, each with its version, or None if not installed."""

    counters: tuple[tuple[Counter, str | None], ...]


def counter_section(reports: tuple[Report, ...]) -> Section:
    """Each counter's verdict on each candidate, with reasons; empty without counters."""
    notes = (*_convention_notes(reports), *_verdict_notes(reports))
    return Section(_verdict_tables(reports), notes)


def _convention_notes(reports: tuple[Report, ...]) -> Iterator[str]:
    """What counters are compared with, if that is not the FLOPs of the table."""
    counted = [report for report in reports if report.counters]
    if any(report.flops != FLOPS_PER_MAC * (report.macs or 0) for report in counted):
        yield "Counters are compared with 2 × all MACs, not with the FLOPs above."


def _verdict_tables(reports: tuple[Report, ...]) -> tuple[Table, ...]:
    names = dict.fromkeys(name for report in reports for name in report.counters)
    lines = [
        _verdict_line(name, report, several=len(reports) > 1)
        for name in names
        for report in reports
        if name in report.counters
    ]
    if not lines:
        return ()
    return (Table(("counter", "reported", "FLOPs compared", "verdict"), tuple(lines)),)


def _verdict_line(name: str, report: Report, several: bool) -> Line:
    result = report.counters[name]
    label = f"{COUNTERS[name].title}, {report.name}" if several else COUNTERS[name].title
    if result is None:
        return Line(label, (PENDING, PENDING, "counting"))
    return Line(
        label,
        (_reported_figure(result), "–" if result.flops is None else exact(result.flops), result.verdict),
    )


def _reported_figure(result: CounterResult) -> str:
    if result.raw is None or (result.flops is None and result.raw == 0):
        return "–"
    return f"{exact(result.raw)} {result.raw_unit}s"


def _verdict_notes(reports: tuple[Report, ...]) -> tuple[str, ...]:
    """Every verdict's reason, once, with the counters and the candidates it is about."""
    about: dict[tuple[str, Verdict, str], list[str]] = {}
    for report in reports:
        for name, result in report.counters.items():
            if result is not None and result.reason:
                about.setdefault((COUNTERS[name].title, result.verdict, result.reason), []).append(
                    report.name
                )
    alike: dict[tuple[Verdict, str, str], list[str]] = {}
    for (title, verdict, reason), names in about.items():
        candidates = f" ({', '.join(names)})" if len(names) < len(reports) else ""
        alike.setdefault((verdict, candidates, reason), []).append(title)
    return tuple(
        f"{', '.join(titles)} {VERBS[verdict][len(titles) > 1]}{candidates}: {reason}."
        for (verdict, candidates, reason), titles in alike.items()
    )


def counters_document(result: CounterList, style: Style) -> Document:
    """The counters that come with convcost side by side; below them a line for each other one."""
    own = [(counter, version) for counter, version in result.counters if counter.name in COUNTERS]
    others = [(counter, version) for counter, version in result.counters if counter.name not in COUNTERS]
    tables = (_own_counters_table(own), *([_peers_table(others)] if others else ()))
    return Document((), Section(tables, _install_notes(others)))


def _own_counters_table(listed: VersionedCounters) -> Table:
    """Version, unit, counted operations and blind spots of each."""
    counters = [counter for counter, _ in listed]
    lines = (
        Line("name", tuple(counter.name for counter in counters)),
        Line("version", tuple(version or MISSING for _, version in listed)),
        Line("unit", tuple(counter.unit for counter in counters)),
        Line("counts", tuple(counter.counts for counter in counters)),
        Line("blind to", tuple(counter.blind_spots for counter in counters)),
    )
    return Table(("", *(counter.title for counter in counters)), lines, text=True)


def _peers_table(listed: VersionedCounters) -> Table:
    lines = (
        Line(counter.name, (version or MISSING, counter.unit, counter.blind_spots))
        for counter, version in listed
    )
    return Table(("for models", "version", "unit", "blind to"), tuple(lines), text=True)


def _install_notes(listed: VersionedCounters) -> tuple[str, ...]:
    """How to install missing counters."""
    missing: dict[str, list[str]] = {}
    for counter, version in listed:
        if version is None:
            missing.setdefault(counter.install, []).append(counter.name)
    return tuple(f"{', '.join(names)}: {command}" for command, names in missing.items())


def diagnosis_section(report: DiagnosedReport, width: int) -> Section:
    """A table of counters with the causes of their differences; rounded if exact figures don't fit."""
    table = _diagnosis_table(report, _in_full)
    if not _fits(table, width):
        table = _diagnosis_table(report, human)
    return Section((table,), tuple(_diagnosis_notes(report)))


def _fits(table: Table, width: int) -> bool:
    """Whether the numbers fit beside the labels; long labels are broken into lines."""
    numbers = range(1, len(table.columns))
    longest = max(len(line.label) + 2 * line.indent for line in table.lines)
    label = longest if longest <= width // 2 else BROKEN_LABEL
    return label + GUTTER + sum(table.column_width(column) for column in numbers) <= width


def _diagnosis_table(report: DiagnosedReport, amount: Amount) -> Table:
    lines = [Line("convcost", ("", fraction(report.macs), ""))]
    for diagnosis in report.diagnoses.values():
        lines.append(Line(diagnosis.title, _diagnosis_cells(report, diagnosis, amount)))
        lines += [
            Line(cause.description, ("", "", _difference_text(cause, amount)), True)
            for cause in diagnosis.causes
        ]
    return Table(DIAGNOSIS_COLUMNS, tuple(lines))


def _in_full(value: Fraction, unit: str = "") -> str:
    """All digits; half a MAC is possible for a counter of FLOPs."""
    whole, rest = divmod(value, 1)
    return f"{in_full(whole)}{'.5' if rest else ''} {unit}".rstrip()


def _diagnosis_cells(report: DiagnosedReport, diagnosis: CounterDiagnosis, amount: Amount) -> tuple[str, ...]:
    raw, macs, difference = diagnosis.result.raw, diagnosis.macs, report.difference(diagnosis)
    if raw is None or macs is None or difference is None:
        return ("–", "–", diagnosis.result.verdict)
    unit = f"{diagnosis.result.raw_unit}s"
    return (amount(Fraction(raw), unit), amount(macs, ""), signed_text(difference, amount))


def _difference_text(cause: Cause, amount: Amount) -> str:
    return signed_text(Fraction(cause.flops, FLOPS_PER_MAC), amount)


def signed_text(value: Fraction, amount: Amount = _in_full) -> str:
    """+1,600, −7,680, or 0."""
    return f"{sign(value)}{amount(abs(value), '')}"


def _diagnosis_notes(report: DiagnosedReport) -> Iterator[str]:
    diagnoses = report.diagnoses.values()
    if any(diagnosis.causes for diagnosis in diagnoses):
        yield DIAGNOSIS_NOTE
    if any(diagnosis.unexplained for diagnosis in diagnoses):
        yield UNEXPLAINED_NOTE
    about: dict[str, list[str]] = {}
    for diagnosis in diagnoses:
        for text in _diagnosis_texts(diagnosis):
            about.setdefault(text, []).append(diagnosis.title)
    yield from (f"{', '.join(titles)}: {text}." for text, titles in about.items())


def _diagnosis_texts(diagnosis: CounterDiagnosis) -> Iterator[str]:
    """The remarks on a counter; equal ones of several counters are merged."""
    if diagnosis.result.reason:
        yield f"{diagnosis.result.verdict}, {diagnosis.result.reason}"
    if diagnosis.remarks:
        yield "; ".join(diagnosis.remarks)
