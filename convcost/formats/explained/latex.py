"""An explanation in LaTeX: a section for each part, its equations aligned. It needs amsmath."""

from __future__ import annotations

from itertools import groupby

from convcost.explain.steps import (
    Equation,
    Explanation,
    Factor,
    Line,
    Nest,
    Part,
    Sentence,
    Share,
    Side,
    Value,
)
from convcost.formats.explained.notes import heading, notes
from convcost.formats.explained.text import value_text
from convcost.formats.interface import Style
from convcost.formats.numbers import latex
from convcost.formats.tex import finished, mathematics, text


def render(explanation: Explanation, style: Style) -> str:
    """What it is about, every part, and the notes."""
    about = [rf"\item[{text(label)}] \texttt{{{text(content)}}}" for label, content in heading(explanation)]
    parts = [
        "\n".join((r"\begin{description}", *about, r"\end{description}")),
        *map(_part, explanation.parts),
        *map(text, notes(explanation)),
    ]
    return finished("\n\n".join(parts) + "\n", style.unicode)


def _part(part: Part) -> str:
    """Sentences as text, and what stands between two of them as one align."""
    lines = [(step.title, line) for step in part.steps for line in step.lines]
    blocks = [rf"\subsection*{{{text(part.title)}}}"]
    for is_text, found in groupby(lines, key=lambda titled: isinstance(titled[1], Sentence)):
        write = _sentences if is_text else _aligned
        blocks.append(write(list(found)))
    return "\n".join(blocks)


def _sentences(lines: list[tuple[str, Line]]) -> str:
    return "\n".join(_filled(line.template, line.values) for _, line in lines if isinstance(line, Sentence))


def _filled(template: str, values: tuple[Value, ...]) -> str:
    words = template.split("{}")
    shown = [text(value) if isinstance(value, str) else f"${value_latex(value)}$" for value in values]
    return text(words[0]) + "".join(
        value + text(after) for value, after in zip(shown, words[1:], strict=True)
    )


def _aligned(lines: list[tuple[str, Line]]) -> str:
    rows = [row for title, line in lines for row in _rows(title, line)]
    return "\n".join((r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"))


def _rows(title: str, line: Line) -> list[str]:
    match line:
        case Equation():
            first, *others = dict.fromkeys(map(side_latex, line.sides))
            return [rf"{mathematics(line.name or title)} &= {first}", *(f"&= {other}" for other in others)]
        case Nest():
            return [rf"{mathematics('MACs')} &= {_sums(line)} 1"]
    return []


def _sums(nest: Nest) -> str:
    return " ".join(
        rf"\sum_{{{mathematics(loop.name)} = 1}}^{{{value_latex(loop.named)}}}" for loop in nest.loops
    )


def side_latex(side: Side) -> str:
    """The side with its values in place, in brackets where they would be read wrong."""
    if side.template == "{}":
        return value_latex(*side.values)
    start, *others = side.template.split("{}")
    text = mathematics(start)
    for value, after in zip(side.values, others, strict=True):
        text += _bracketed(value, text.endswith("/ ")) + _following(after)
    return text.rstrip()


def _following(words: str) -> str:
    return rf"\{mathematics(words)}" if words[:1] == " " and words[1:2].isalpha() else mathematics(words)


def _bracketed(value: Value, is_divisor: bool) -> str:
    shown = value_latex(value)
    needed = " + " in shown or " - " in shown or (is_divisor and " " in shown)
    return rf"\left({shown}\right)" if needed and not isinstance(value, str) else shown


def value_latex(value: Value) -> str:
    """1{,}280, B S, (1, 128, 10), 6.00\\times, for math mode."""
    match value:
        case str() | Factor() | Share():
            return mathematics(value_text(value)).rstrip()
        case tuple():
            return f"({', '.join(str(size) if isinstance(size, int) else latex(size) for size in value)})"
    return latex(value)
