"""The counters' verdicts, laid out, and the list of the counters there are."""

from __future__ import annotations

from convcost.core.report import CounterResult, Report
from convcost.core.units import exact
from convcost.counters import COUNTERS
from convcost.counters.interface import Counter
from convcost.render.document import Document, Line, Section, Table
from convcost.render.interface import CounterList, Style

PENDING = "..."

MISSING = "not installed"


def counter_section(reports: tuple[Report, ...]) -> Section:
    """What each counter says of each candidate, and why; nothing if no counter was asked."""
    return Section(_tables(reports), _notes(reports))


def _tables(reports: tuple[Report, ...]) -> tuple[Table, ...]:
    names = dict.fromkeys(name for report in reports for name in report.counters)
    lines = [
        _line(name, report, several=len(reports) > 1)
        for name in names
        for report in reports
        if name in report.counters
    ]
    if not lines:
        return ()
    return (Table(("counter", "its own figure", "as FLOPs", "verdict"), tuple(lines)),)


def _line(name: str, report: Report, several: bool) -> Line:
    result = report.counters[name]
    label = f"{COUNTERS[name].title}, {report.name}" if several else COUNTERS[name].title
    if result is None:
        return Line(label, (PENDING, PENDING, "counting"))
    return Line(label, (_raw(result), "–" if result.flops is None else exact(result.flops), result.verdict))


def _raw(result: CounterResult) -> str:
    if result.raw is None or (result.flops is None and result.raw == 0):
        return "–"
    return f"{exact(result.raw)} {result.raw_unit}s"


def _notes(reports: tuple[Report, ...]) -> tuple[str, ...]:
    """Every verdict's reason, once, with the candidates it is about."""
    about: dict[tuple[str, str, str], list[str]] = {}
    for report in reports:
        for name, result in report.counters.items():
            if result is not None and result.reason:
                about.setdefault((COUNTERS[name].title, result.verdict, result.reason), []).append(
                    report.name
                )
    return tuple(
        f"{title} {verdict}{_about(names, reports)}: {reason}."
        for (title, verdict, reason), names in about.items()
    )


def _about(names: list[str], reports: tuple[Report, ...]) -> str:
    return f" ({', '.join(names)})" if len(reports) > 1 else ""


def listing(result: CounterList, style: Style) -> Document:
    """The counters that come with convcost side by side; below them the others, a line each."""
    own = [(counter, version) for counter, version in result.counters if counter.name in COUNTERS]
    others = [(counter, version) for counter, version in result.counters if counter.name not in COUNTERS]
    tables = (_side_by_side(own), *([_peers(others)] if others else ()))
    return Document((), Section(tables, _installing(others)), Section((), ()))


Listed = list[tuple[Counter, str | None]]
"""Counters, each with its version if it is installed."""


def _side_by_side(listed: Listed) -> Table:
    """Version, unit, what each counts, what it does not see."""
    counters = [counter for counter, _ in listed]
    lines = (
        Line("name", tuple(counter.name for counter in counters)),
        Line("version", tuple(version or MISSING for _, version in listed)),
        Line("unit", tuple(counter.unit for counter in counters)),
        Line("counts", tuple(counter.counts for counter in counters)),
        Line("blind to", tuple(counter.blind_spots for counter in counters)),
    )
    return Table(("", *(counter.title for counter in counters)), lines, text=True)


def _peers(listed: Listed) -> Table:
    lines = (
        Line(counter.name, (version or MISSING, counter.unit, counter.blind_spots))
        for counter, version in listed
    )
    return Table(("for models", "version", "unit", "blind to"), tuple(lines), text=True)


def _installing(listed: Listed) -> tuple[str, ...]:
    """How to get what is not there."""
    missing: dict[str, list[str]] = {}
    for counter, version in listed:
        if version is None:
            missing.setdefault(counter.install, []).append(counter.name)
    return tuple(f"{', '.join(names)}: {command}" for command, names in missing.items())
