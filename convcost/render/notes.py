"""Sentences and facts that several results share: sizes, assumptions, the convention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from convcost.core.cost import NO_VALID_MACS, NUMBERS_NEEDED, Convention, quotient
from convcost.core.report import Assumption, Report, warning_sentences
from convcost.core.units import exact, human, ratio
from convcost.render.document import INFERRED_INPUT, Fact, Section
from convcost.render.formulas import TOO_LONG, is_leading, math_text, relation_text, size_text
from convcost.render.texts import MathText, MixedText

COUNT_TEXTS = {
    "matmul": "{macs}; bias adds and elementwise work are counted separately",
    "bias": "{macs} + bias adds; elementwise work is counted separately",
    "all": "{macs} + bias adds + elementwise work",
}
MACS_TEXTS = {"full": "2 × MACs", "valid": "2 × MACs on real data (not on padding or masked scores)"}
PADDING_TEXTS = {"full": "; padding and masked MACs are included", "valid": ""}


MOST_ASSUMED = 12
"""The most assumptions to list; JSON has all."""

LONGEST_ASSUMED = 200

LEADING_TERMS = "≈ marks the leading terms of a formula that is too long to show: see --json."

NO_COUNTERS = "No counter ran: counters need concrete sizes."


def convention_note(convention: Convention) -> str:
    """The convention of FLOPs in a sentence."""
    flops = COUNT_TEXTS[convention.count].format(macs=MACS_TEXTS[convention.padding])
    padding = PADDING_TEXTS[convention.padding]
    return f"FLOPs = {flops}{padding} (convention: {convention.count}, {convention.padding})."


def sizes_text(reports: tuple[Report, ...]) -> str:
    """E = 128, L = 10; B and S default to 1."""
    assumed = tuple(dict.fromkeys(name for report in reports for name in report.assumed))
    sizes = {name: size for report in reports for name, size in report.sizes.items() if name not in assumed}
    bound = {name: exact(size) for name, size in sizes.items() if isinstance(size, int)}
    return join_sizes(bound, assumed, [name for name in sizes if name not in bound])


def join_sizes(bound: Mapping[str, str], assumed: Sequence[str], left_open: Sequence[str]) -> str:
    """E = 128, L = 10; B and S default to 1; H open."""
    parts = [MixedText.joined(", ", (math_text("{} = {}", *pair) for pair in bound.items()))]
    verb = "default" if assumed[1:] else "defaults"
    parts += [MixedText(_joined_names(assumed), f" {verb} to 1")] if assumed else []
    parts += [MixedText(MixedText.joined(", ", map(MathText, left_open)), " open")] if left_open else []
    return MixedText.joined("; ", filter(None, parts))


def _joined_names(names: Sequence[str]) -> MixedText:
    """B, S and N."""
    *others, last = map(MathText, names)
    return MixedText(MixedText.joined(", ", others), " and " if others else "", last)


def assumptions_note(reports: tuple[Report, ...]) -> str:
    """What the formulas assume about the open sizes."""
    found = {each.text: each for report in reports for each in report.assumptions}.values()
    equalities = [each for each in found if each.relation == "zero"]
    others = [each for each in found if each.relation != "zero"]
    sentences = (_listed("The formulas hold only for ", equalities), _listed("Assumed: ", others))
    return MixedText.joined(" ", filter(None, sentences))


def _listed(start: str, assumptions: Sequence[Assumption]) -> str:
    """A sentence with the assumptions; empty without any."""
    shown = map(_assumption_text, assumptions[:MOST_ASSUMED])
    number = len(assumptions) - MOST_ASSUMED
    more = f"; and {number} more: see --json" if number > 0 else ""
    return MixedText(start, MixedText.joined("; ", shown), f"{more}.") if assumptions else ""


def _assumption_text(assumption: Assumption) -> str:
    if len(assumption.text) > LONGEST_ASSUMED:
        return TOO_LONG
    from convcost.symbolic.constraints import statement

    return MathText(assumption.text, relation_text(partial(statement, assumption)).parts)


def warning_notes(reports: tuple[Report, ...]) -> tuple[str, ...]:
    """The warnings of the designs, without duplicates."""
    return warning_sentences(warning for report in reports for warning in report.warnings)


def with_leading_terms_note(costs: Section) -> Section:
    """The section, with a note on ≈ if a formula is shown by its leading terms."""
    cells = (cell for table in costs.tables for line in table.lines for cell in line.cells)
    return costs._replace(notes=(*costs.notes, LEADING_TERMS)) if any(map(is_leading, cells)) else costs


def valid_macs_note(reports: tuple[Report, ...]) -> str:
    """Why MACs on real data are unknown; empty if they are known."""
    is_known = all(report.valid_macs is not None or report.macs is None for report in reports)
    return "" if is_known else f"{NO_VALID_MACS}. {NUMBERS_NEEDED}"


def costs_against(first: Report, other: Report) -> str:
    """conv costs 6.00× the FLOPs of dense; or, if one has none, 128 FLOPs against none of dense."""
    if not other.flops:
        return f"{other.name} costs no FLOPs against {human(first.flops, 'FLOPs')} of {first.name}"
    if not first.flops:
        return f"{other.name} costs {human(other.flops, 'FLOPs')} against none of {first.name}"
    return f"{other.name} costs {ratio(quotient(other.flops, first.flops))} the FLOPs of {first.name}"


def designs_heading(reports: Iterable[Report]) -> tuple[tuple[str, str], ...]:
    """The definitions that the designs use, then each design's name and spec."""
    definitions = dict.fromkeys(definition for report in reports for definition in report.definitions)
    return (*definitions, *((report.name, spec_text(report)) for report in reports))


def spec_text(report: Report) -> str:
    """The design as given, with its input if that was inferred."""
    shown = f"[{', '.join(map(size_text, report.input))}] -> {report.spec}"
    return f"{shown}{INFERRED_INPUT}" if report.input_is_inferred else report.spec


def sizes_facts(reports: tuple[Report, ...]) -> tuple[Fact, ...]:
    """The fact about sizes, if any."""
    text = sizes_text(reports)
    return (Fact("sizes", text),) if text else ()
