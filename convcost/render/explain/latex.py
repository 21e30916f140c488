"""An explanation in LaTeX: a section for each part, its equations aligned."""

from __future__ import annotations

from collections.abc import Set
from itertools import groupby

from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    Equation,
    Explanation,
    LoopNest,
    Sentence,
)
from convcost.render.explain.notes import facts, heading, notes, reports
from convcost.render.explain.text import line_text, sides_text, value_text
from convcost.render.latex import description, environment
from convcost.render.style import Style
from convcost.render.tex import escaped, finished, mathematics, text


def render(explanation: Explanation, style: Style) -> str:
    """What it is about, every part, and the notes."""
    names = frozenset(name for report in reports(explanation) for name in report.sizes)
    parts = [
        description(heading(explanation), facts(explanation), names),
        *(_part(part, names) for part in explanation.parts),
        *(text(note, names) for note in notes(explanation)),
    ]
    return finished("\n\n".join(parts) + "\n", style.unicode)


def _part(part: DerivationPart, names: Set[str]) -> str:
    """Sentences as text, and what stands between two of them as one align."""
    lines = [(step.title, line) for step in part.steps for line in step.lines]
    blocks = [rf"\subsection*{{\raggedright {text(part.title, names)}}}"]
    for is_text, found in groupby(lines, key=lambda titled: isinstance(titled[1], Sentence)):
        write = _sentences if is_text else _aligned
        blocks.append(write(list(found), names))
    return "\n".join(blocks)


def _sentences(lines: list[tuple[str, DerivationLine]], names: Set[str]) -> str:
    return "\n".join(text(line_text(line), names) for _, line in lines)


def _aligned(lines: list[tuple[str, DerivationLine]], names: Set[str]) -> str:
    rows: list[str] = []
    last = ""
    for title, line in lines:
        left = _left(title, line)
        first, *others = _sides(line, names)
        rows += [f"{left if left != last else ''} &= {first}", *(f" &= {other}" for other in others)]
        last = left
    return environment("align*", [" \\\\\n".join(rows)])


def _left(title: str, line: DerivationLine) -> str:
    """What the line is about; of several layers together, that too."""
    if not isinstance(line, Equation):
        return mathematics("MACs")
    if line.name and title.startswith("all "):
        return rf"\text{{{escaped(title)}: {escaped(line.name)}}}"
    return mathematics(line.name or title)


def _sides(line: DerivationLine, names: Set[str]) -> list[str]:
    match line:
        case Equation():
            return [mathematics(side, names) for side in sides_text(line)]
        case LoopNest():
            return [f"{_sum(line, names)} 1"]
    return []


def _sum(nest: LoopNest, names: Set[str]) -> str:
    """One sum over all loops, one below the other: next to each other they would be wider than a page."""
    extents = ((mathematics(loop.name), mathematics(value_text(loop.named), names)) for loop in nest.loops)
    ranges = (rf"1 \le {name} \le {extent}" for name, extent in extents)
    return r"\sum_{\substack{" + r" \\ ".join(ranges) + "}}"
