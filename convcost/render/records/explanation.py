"""A derivation as a record: the steps as in the table, with exact results."""

from typing import Annotated, Any

from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    DesignDerivation,
    Equation,
    Explanation,
    Factor,
    LoopNest,
    Sentence,
)
from convcost.core.record_fields import describe, one_of
from convcost.render.explain import (
    equation_text,
    explained_reports,
    explanation_notes,
    sentence_text,
    side_text,
)
from convcost.render.records.context import Context, context
from convcost.render.records.record import Formula, Record, data, record_from


class SentenceRecord(Record):
    """A sentence."""

    sentence: str


class EquationRecord(Record):
    """An equation: the formula, the formula with numbers put in, and the result."""

    name: str
    sides: list[str]
    value: Annotated[Any, describe("Exact if it is a number or a shape; otherwise a text.")]


class LoopRecord(Record):
    """One of the loops around a multiply–accumulate."""

    name: str
    formula: Formula
    extent: Formula


class LoopNestRecord(Record):
    """The loops around a multiply–accumulate, outermost first."""

    loops: list[LoopRecord]


class DerivationStepRecord(Record):
    """Lines about one quantity."""

    title: str
    lines: list[Annotated[Any, one_of("SentenceRecord", "EquationRecord", "LoopNestRecord")]]


class DerivationPartRecord(Record):
    """Steps about one layer, or about a whole design."""

    title: str
    steps: list[DerivationStepRecord]


class DerivationRecord(Record):
    """A design with its derivation."""

    name: str
    spec: str
    macs: Formula
    flops: Formula | None
    params: Formula
    trainable_params: Formula
    parts: list[DerivationPartRecord]


class ExplanationRecord(Context):
    """The output of convcost explain --json."""

    designs: list[DerivationRecord]
    comparison: list[DerivationPartRecord]
    notes: list[str]


def record(explanation: Explanation) -> ExplanationRecord:
    """The derivations of the designs, of their comparison, and the notes."""
    return ExplanationRecord(
        **context(explained_reports(explanation)),
        designs=list(map(_design, explanation.designs)),
        comparison=list(map(_part, explanation.comparison)),
        notes=list(explanation_notes(explanation)),
    )


def _design(design: DesignDerivation) -> DerivationRecord:
    return record_from(DerivationRecord, design.report, parts=list(map(_part, design.parts)))


def _part(part: DerivationPart) -> DerivationPartRecord:
    steps = [
        DerivationStepRecord(title=step.title, lines=[_line(step.title, line) for line in step.lines])
        for step in part.steps
    ]
    return DerivationPartRecord(title=part.title, steps=steps)


def _line(title: str, line: DerivationLine) -> Record:
    match line:
        case Sentence():
            return SentenceRecord(sentence=sentence_text(line))
        case Equation():
            return EquationRecord(
                name=line.name or title, sides=list(equation_text(line).sides), value=_value(line)
            )
        case LoopNest():
            loops = [
                LoopRecord(name=loop.name, formula=data(loop.named), extent=data(loop.extent))
                for loop in line.loops
            ]
            return LoopNestRecord(loops=loops)


def _value(equation: Equation) -> Any:
    """The result: exact if it is a number, otherwise a text."""
    last = equation.sides[-1]
    [value] = last.values
    if isinstance(value, str):
        return side_text(last)
    return data(value.value if isinstance(value, Factor) else value)
