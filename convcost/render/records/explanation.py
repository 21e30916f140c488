"""An explanation as a record: the same steps as people read, their results exact."""

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
    """A line of words."""

    sentence: str


class EquationRecord(Record):
    """What something is, first as a formula, then with numbers, and what it comes to."""

    name: str
    sides: list[str]
    value: Annotated[Any, describe("Exact where it is a number or a shape; a text where it is none.")]


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
    trainable_params: Annotated[Formula, describe("All of them.")]
    parts: list[DerivationPartRecord]


class ExplanationRecord(Context):
    """The JSON of convcost explain."""

    designs: list[DerivationRecord]
    comparison: list[DerivationPartRecord]
    notes: list[str]


def record(explanation: Explanation) -> ExplanationRecord:
    """Each design with its parts, the comparison's parts, the notes."""
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
    """The result: exact where it is a number, a text where it is none."""
    last = equation.sides[-1]
    [value] = last.values
    if isinstance(value, str):
        return side_text(last)
    return data(value.value if isinstance(value, Factor) else value)
