"""An explanation in Markdown, for pull requests and documents."""

from __future__ import annotations

from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    DerivationStep,
    Explanation,
    LoopNest,
)
from convcost.core.escapes import markdown, markdown_code
from convcost.render.explain.notes import facts, heading, notes
from convcost.render.explain.text import line_text
from convcost.render.style import Style, as_ascii

BREAK = "  \n  "


def render(explanation: Explanation, style: Style) -> str:
    """What it is about, a heading for each part, a list of its steps, loops as code, and the notes."""
    stated = (*heading(explanation), *facts(explanation))
    about = "\n".join(f"- **{markdown(label)}**: {markdown_code(content)}" for label, content in stated)
    remarks = "\n".join(f"- {markdown(note)}" for note in notes(explanation))
    text = "\n\n".join((about, *map(_part, explanation.parts), remarks)) + "\n"
    return text if style.unicode else as_ascii(text)


def _part(part: DerivationPart) -> str:
    return "\n".join((f"### {markdown(part.title)}", "", *map(_step, part.steps)))


def _step(step: DerivationStep) -> str:
    return f"- **{step.title}**: {BREAK.join(map(_line, step.lines))}"


def _line(line: DerivationLine) -> str:
    if isinstance(line, LoopNest):
        code = "\n".join(f"  {each}" for each in line_text(line).splitlines())
        return f"\n\n  ```text\n{code}\n  ```\n"
    return markdown(line_text(line))
