"""Makes the page of a result: its sections and their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from convcost.analysis.explain.steps import Explanation
from convcost.core.comparison import Comparison
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import join_words
from convcost.core.escapes import make_printable
from convcost.core.report import Report
from convcost.gate.result import GateResult
from convcost.render.comparison import verdicts
from convcost.render.document import Document, Section
from convcost.render.estimates import titles
from convcost.render.kinds import document
from convcost.render.page.figures import charts_sections
from convcost.render.page.page import PageSection, ReportPage
from convcost.render.style import DEFAULT_VIEW, UNLIMITED_WIDTH, Style, View
from convcost.render.texts import map_text

PageResult: TypeAlias = Comparison | Report | DiagnosedReport | GateResult

PAGE_STYLE = Style(width=UNLIMITED_WIDTH)

MOST_LAYERS, MOST_DERIVED = 150, 20
"""The most layers of a design in a table, and in a derivation: a longer page is slow to open."""

MOST_NAMED = 4
"""The most designs to name in a title; else their number."""

LONGEST_NAME = 48
"""The most characters of a name in a title."""


def report_page(result: PageResult, explanation: Explanation | None = None) -> ReportPage:
    """The page of a result, with the derivation of its costs if an explanation is given."""
    match result:
        case GateResult():
            return _gate_page(result)
        case Comparison():
            return _comparison_page(result, explanation)
        case DiagnosedReport():
            return _design_page(result, result.report, explanation)
    return _design_page(result, result, explanation)


def _comparison_page(comparison: Comparison, explanation: Explanation | None) -> ReportPage:
    longest = max(len(report.rows) for report in comparison.candidates)
    laid_out = document(comparison, PAGE_STYLE._replace(layers=1 < longest <= MOST_LAYERS))
    answers = tuple(map_text(note, make_printable) for note in verdicts(comparison))
    others = tuple(note for note in laid_out.costs.notes if note not in answers)
    is_open = comparison.is_open
    flip = ", and where do they break even" if is_open else ""
    return ReportPage(
        f"{_names(comparison.candidates)} compared",
        f"What does each design cost{',' if is_open else ', and'} by how much do they differ{flip}?",
        laid_out.heading,
        laid_out.facts,
        (
            PageSection("answer", "Ratios and break-even" if is_open else "Answer", Section((), answers)),
            *charts_sections(comparison),
            PageSection("costs", "Costs", laid_out.costs._replace(notes=others)),
            *_estimates_and_checks(laid_out, comparison.candidates, explanation),
        ),
    )


def _design_page(
    result: Report | DiagnosedReport, report: Report, explanation: Explanation | None
) -> ReportPage:
    is_long = len(report.rows) > MOST_LAYERS and not report.open_names  # formulas have no largest one
    view = View(top=MOST_LAYERS) if is_long else DEFAULT_VIEW
    laid_out = document(result, PAGE_STYLE._replace(view=view))
    return ReportPage(
        f"The cost of {_names((report,))}",
        "What does this design cost, and where does the cost come from?",
        laid_out.heading,
        laid_out.facts,
        (
            *charts_sections(report),
            PageSection("costs", "Costs", laid_out.costs),
            *_estimates_and_checks(laid_out, (report,), explanation),
        ),
    )


def _estimates_and_checks(
    laid_out: Document, reports: tuple[Report, ...], explanation: Explanation | None
) -> Iterator[PageSection]:
    """The sections below the costs: estimates, the derivation, the counters' verdicts."""
    for (name, title), section in zip(titles(reports), laid_out.estimates, strict=True):
        yield PageSection(name, title, section)
    if explanation:
        shown, left_out = _without_most_layers(explanation)
        notes = (
            (f"{left_out} layers are not derived here; convcost explain derives all.",) if left_out else ()
        )
        derivations = document(shown, PAGE_STYLE).derivations
        yield PageSection("derivation", "Derivation", Section((), notes), derivations)
    if laid_out.counters.tables:
        yield PageSection("counters", "Counters", laid_out.counters)


def _without_most_layers(explanation: Explanation) -> tuple[Explanation, int]:
    """The explanation with only the first layers and the total of each design, and the number left out."""
    designs = tuple(
        design._replace(parts=(*design.parts[:MOST_DERIVED], *design.parts[MOST_DERIVED:][-1:]))
        for design in explanation.designs
    )
    shown = replace(explanation, designs=designs)
    return shown, len(explanation.parts) - len(shown.parts)


def _gate_page(result: GateResult) -> ReportPage:
    laid_out = document(result, PAGE_STYLE)
    (entries, *changes), notes = laid_out.costs
    changed = Section(tuple(changes)) if changes else Section((), (NO_CHANGES,))
    verdict = "passed" if result.passed else "failed" if result.failed else "could not be completed"
    return ReportPage(
        f"Cost check {verdict}",
        "Do the costs meet their limits and formulas, agree with the counters, and match the baselines?",
        laid_out.heading,
        laid_out.facts,
        (
            *([PageSection("findings", "Findings", Section((), notes))] if notes else []),
            PageSection("entries", "Entries", Section((entries,))),
            PageSection("changes", "Changes from the baselines", changed),
        ),
    )


NO_CHANGES = "No cost differs from its baseline."


def _names(reports: Sequence[Report]) -> str:
    """dense and conv; 7 designs."""
    names = [make_printable(_shorten(report.name)) for report in reports]
    return join_words(names) if len(names) <= MOST_NAMED else f"{len(names)} designs"


def _shorten(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
