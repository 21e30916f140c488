"""What counters say of a model, laid out: figures, differences, and what each difference is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CounterDiagnosis, DiagnosedReport
from convcost.core.units import fraction, human, in_full, sign
from convcost.render.columns import GUTTER, column_width
from convcost.render.document import Line, Section, Table

COLUMNS = ("counter", "its own figure", "as MACs", "difference")

NOTE = "Each counter ran on a copy of the model; the causes below it add up to its difference exactly."

UNEXPLAINED = "Not every difference is explained: what is not stands as unexplained."

BROKEN_LABEL = 28
"""The least that a label broken into lines needs."""

Amount = Callable[[Fraction, str], str]
"""Writes a number with its unit, or alone."""


def section(diagnosed: DiagnosedReport, width: int) -> Section:
    """A table of counters, each with the causes of its difference; figures are rounded if they don't fit."""
    table = _table(diagnosed, _in_full)
    if not _fits(table, width):
        table = _table(diagnosed, human)
    return Section((table,), tuple(_notes(diagnosed)))


def _fits(table: Table, width: int) -> bool:
    """Whether the numbers have room beside the labels, which are broken into lines if they are long."""
    numbers = range(1, len(table.columns))
    longest = max(len(line.label) + 2 * line.indent for line in table.lines)
    label = longest if longest <= width // 2 else BROKEN_LABEL
    return label + GUTTER + sum(column_width(table, column) for column in numbers) <= width


def _table(diagnosed: DiagnosedReport, amount: Amount) -> Table:
    lines = [Line("exact", ("", fraction(diagnosed.macs), ""))]
    for diagnosis in diagnosed.diagnoses.values():
        lines.append(Line(diagnosis.title, _cells(diagnosed, diagnosis, amount)))
        lines += [
            Line(cause.description, ("", "", _difference(cause, amount)), True) for cause in diagnosis.causes
        ]
    return Table(COLUMNS, tuple(lines))


def _in_full(value: Fraction, unit: str = "") -> str:
    """Every digit; a counter of FLOPs may come to half a MAC."""
    whole, rest = divmod(value, 1)
    return f"{in_full(whole)}{'.5' if rest else ''} {unit}".rstrip()


def _cells(diagnosed: DiagnosedReport, diagnosis: CounterDiagnosis, amount: Amount) -> tuple[str, ...]:
    raw, macs, difference = diagnosis.result.raw, diagnosis.macs, diagnosed.difference(diagnosis)
    if raw is None or macs is None or difference is None:
        return ("–", "–", diagnosis.result.verdict)
    unit = f"{diagnosis.result.raw_unit}s"
    return (amount(Fraction(raw), unit), amount(macs, ""), signed(difference, amount))


def _difference(cause: Cause, amount: Amount) -> str:
    return signed(Fraction(cause.flops, FLOPS_PER_MAC), amount)


def signed(value: Fraction, amount: Amount = _in_full) -> str:
    """+1,600, −7,680, or 0."""
    return f"{sign(value)}{amount(abs(value), '')}"


def _notes(diagnosed: DiagnosedReport) -> Iterator[str]:
    diagnoses = diagnosed.diagnoses.values()
    if any(diagnosis.causes for diagnosis in diagnoses):
        yield NOTE
    if any(diagnosis.unexplained for diagnosis in diagnoses):
        yield UNEXPLAINED
    about: dict[str, list[str]] = {}
    for diagnosis in diagnoses:
        for text in _texts(diagnosis):
            about.setdefault(text, []).append(diagnosis.title)
    yield from (f"{', '.join(titles)}: {text}." for text, titles in about.items())


def _texts(diagnosis: CounterDiagnosis) -> Iterator[str]:
    """What there is to say of a counter, to be said once of all it holds for."""
    if diagnosis.result.reason:
        yield f"{diagnosis.result.verdict}, {diagnosis.result.reason}"
    if diagnosis.remarks:
        yield "; ".join(diagnosis.remarks)
