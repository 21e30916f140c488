"""An explanation as plain data: the same steps, their results exact."""

from __future__ import annotations

from typing import Any

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
from convcost.core.cost import Size
from convcost.render.explain import (
    equation_text,
    explained_reports,
    explanation_notes,
    sentence_text,
    side_text,
)
from convcost.render.formulas import data
from convcost.render.records import context


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Each design with its parts, the comparison's parts, the notes."""
    return {
        **context(explained_reports(explanation)),
        "designs": list(map(_design, explanation.designs)),
        "comparison": list(map(_part, explanation.comparison)),
        "notes": list(explanation_notes(explanation)),
    }


def _design(design: DesignDerivation) -> dict[str, Any]:
    report = design.report
    totals = {name: data(getattr(report, name)) for name in ("macs", "flops", "params", "trainable_params")}
    return {
        "name": report.name,
        "spec": report.spec,
        **totals,
        "parts": list(map(_part, design.parts)),
    }


def _part(part: DerivationPart) -> dict[str, Any]:
    steps = [
        {"title": step.title, "lines": [_line(step.title, line) for line in step.lines]}
        for step in part.steps
    ]
    return {"title": part.title, "steps": steps}


def _line(title: str, line: DerivationLine) -> dict[str, Any]:
    match line:
        case Sentence():
            return {"sentence": sentence_text(line)}
        case Equation():
            sides = list(equation_text(line).sides)
            return {"name": line.name or title, "sides": sides, "value": _value(line)}
        case LoopNest():
            return {"loops": [_loop(*loop) for loop in line.loops]}


def _loop(name: str, named: Size, extent: Size) -> dict[str, Any]:
    return {"name": name, "formula": data(named), "extent": data(extent)}


def _value(equation: Equation) -> Any:
    """The result: exact where it is a number, a text where it is none."""
    last = equation.sides[-1]
    [value] = last.values
    return side_text(last) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Factor(value=times):
            return data(times)
        case tuple():
            return list(map(data, value))
    return data(value)
