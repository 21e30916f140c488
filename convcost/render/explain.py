"""The document of an explanation: designs and their comparison derived step by step."""

from __future__ import annotations

from itertools import pairwise

from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    Equation,
    EquationSide,
    Explanation,
    LoopNest,
    Sentence,
)
from convcost.core.report import Report
from convcost.render.document import (
    Derivation,
    Document,
    EquationText,
    LoopNestText,
    LoopText,
    Section,
    StepText,
)
from convcost.render.formulas import math_text, value_text
from convcost.render.model import partial_note
from convcost.render.notes import (
    assumptions_note,
    convention_note,
    designs_heading,
    sizes_facts,
    warning_notes,
)
from convcost.render.style import Style
from convcost.render.texts import MathText, MixedText


def explanation_document(explanation: Explanation, style: Style) -> Document:
    """The designs, the derivations, and notes."""
    reports = explained_reports(explanation)
    return Document(
        heading=designs_heading(reports),
        facts=sizes_facts(reports),
        derivations=tuple(map(_derivation, explanation.parts)),
        costs=Section((), explanation_notes(explanation)),
    )


def explained_reports(explanation: Explanation) -> tuple[Report, ...]:
    """The reports of the explained designs."""
    return tuple(design.report for design in explanation.designs)


def explanation_notes(explanation: Explanation) -> tuple[str, ...]:
    """Warnings, the convention, and assumptions."""
    reports = explained_reports(explanation)
    notes = (
        *(partial_note(report.trace, report.name) for report in reports if report.trace),
        *dict.fromkeys(note for report in reports for note in report.notes),
        *warning_notes(reports),
        convention_note(reports[0].convention),
        assumptions_note(reports),
    )
    return tuple(note for note in notes if note)


def _derivation(part: DerivationPart) -> Derivation:
    steps = (StepText(step.title, tuple(map(_line, step.lines))) for step in part.steps)
    return Derivation(part.title, tuple(steps))


def _line(line: DerivationLine) -> str | EquationText | LoopNestText:
    match line:
        case Sentence():
            return sentence_text(line)
        case Equation():
            return equation_text(line)
        case LoopNest():
            return _loop_nest_text(line)


def sentence_text(sentence: Sentence) -> MixedText:
    """The sentence with its values put in."""
    start, *others = sentence.template.split("{}")
    pairs = zip(sentence.values, others, strict=True)
    return MixedText(start, *(text for value, after in pairs for text in (value_text(value), after)))


def equation_text(equation: Equation) -> EquationText:
    """The equation without repeated sides."""
    sides = list(map(side_text, equation.sides))
    distinct = [side for side, after in pairwise(sides) if side != after and not after.startswith(f"{side} ")]
    return EquationText(equation.name, tuple(dict.fromkeys((*distinct, sides[-1]))))


def side_text(side: EquationSide) -> MathText:
    """The side with its values put in."""
    return math_text(side.template, *side.values)


def _loop_nest_text(nest: LoopNest) -> LoopNestText:
    return LoopNestText(
        tuple(
            LoopText(
                loop.name,
                value_text(loop.named),
                value_text(loop.extent) if loop.extent != loop.named else "",
            )
            for loop in nest.loops
        )
    )
