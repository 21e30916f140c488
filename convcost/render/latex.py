"""LaTeX, for papers: plain tabulars and aligned equations, with numbers and formulas in math mode."""

from __future__ import annotations

import re
from itertools import groupby

from convcost.core.escapes import LATEX_SIGNS, escape_latex, latex_code
from convcost.render.document import (
    GUTTER,
    Derivation,
    Document,
    EquationText,
    LoopNestText,
    Section,
    Table,
    split_remark,
)
from convcost.render.kinds import Result, document
from convcost.render.style import Style, as_ascii
from convcost.render.texts import MATH_TOKEN, CodeText, CommandText, Expression, MathText, MixedText, parts_of

PREAMBLE = r"% This needs \usepackage{amsmath}."

LINE = 70
"""The approximate width of a column of text, in characters."""

LISTS = ("description", "itemize")

COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
"""A line that GitHub Actions would interpret as a command."""

MATH_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "{}$&#%_"}
    | {"\\": r"\backslash ", "^": r"\text{\textasciicircum{}}", "–": r"\text{--}", "…": r"\ldots "}
    | {sign: command if command[0] in "^-" else f"{command} " for sign, command in LATEX_SIGNS.items()}
)

TOKEN = re.compile(MATH_TOKEN)


def render(result: Result, style: Style) -> str:
    """A description list of facts, derivations, tabulars, and the notes as a list."""
    laid_out = document(result, style._replace(unicode=True))
    parts = [
        _description(laid_out),
        *map(_derivation, laid_out.derivations),
        *(part for section in laid_out.sections for part in _section(section)),
    ]
    whole = f"{PREAMBLE}\n" + "\n\n".join(filter(None, parts)) + "\n"
    safe = COMMAND.sub(r"\1:{}:", whole)
    return safe if style.unicode else as_ascii(safe)


def _description(laid_out: Document) -> str:
    """Designs as code, and facts about them."""
    designs = ((label, *split_remark(content)) for label, content in laid_out.heading)
    items = [rf"\item[{_label(label)}] {latex_code(code)}{remark}" for label, code, remark in designs]
    items += [rf"\item[{_label(label)}] {text(content)}" for label, content in laid_out.facts]
    return _environment("description", items)


def _label(label: str) -> str:
    """`label` as the option of a command: in braces if it has brackets."""
    return f"{{{escape_latex(label)}}}" if "[" in label or "]" in label else escape_latex(label)


def _start(content: str) -> str:
    """`content`, safe after a command that takes an optional argument in brackets."""
    return f"{{}}{content}" if content.startswith(("[", "*")) else content


def _environment(name: str, lines: list[str], options: str = "") -> str:
    """`lines` in an environment; empty without lines. Lists are \\sloppy, as code breaks badly."""
    begin = rf"\begin{{{name}}}{options}" + r"\sloppy" * (name in LISTS)
    return "\n".join((begin, *lines, rf"\end{{{name}}}")) if lines else ""


def _section(section: Section) -> list[str]:
    notes = [rf"\item {_start(text(note))}" for note in section.notes]
    tables = [_table(part) for table in section.tables for part in table.split(LINE)]
    return [*tables, _environment("itemize", notes)]


def _table(table: Table) -> str:
    label, *widths = map(table.column_width, range(len(table.columns)))
    is_wide = label + sum(widths) > LINE
    share = (LINE - label) / len(widths) - GUTTER
    column = rf"p{{{share / LINE:.2f}\linewidth}}" if is_wide else "l" if table.text else "r"
    side = (r"\raggedright " if table.text else r"\raggedleft ") if is_wide else ""
    labels = (r"\quad " * line.indent + text(line.label) for line in table.lines)
    cells = ([side + _cell(cell) for cell in line.cells] for line in table.lines)
    rows = [[label, *each] for label, each in zip(labels, cells, strict=True)]
    heads = [side * (place > 0) + text(head) for place, head in enumerate(table.columns)]
    lines = [r"\hline", _row(heads), r"\hline", *map(_row, rows), r"\hline"]
    return "\\medskip\\noindent\n" + _environment("tabular", lines, f"{{l{column * len(widths)}}}")


def _cell(cell: str) -> str:
    """The text of `cell`; long names may break at underscores."""
    written = text(cell)
    return written.replace(r"\_", r"\_\allowbreak{}") if len(cell) > LINE // 2 else written


def _row(cells: list[str]) -> str:
    return rf"{_start(' & '.join(cells))} \tabularnewline"


def _derivation(derivation: Derivation) -> str:
    """Sentences as text, and the equations between them as an align environment."""
    lines = [(step.title, line) for step in derivation.steps for line in step.lines]
    blocks = [rf"\subsection*{{\raggedright {text(derivation.title)}}}"]
    for _, found in groupby(lines, key=lambda titled: isinstance(titled[1], str)):
        block = list(found)
        sentences = [line for _, line in block if isinstance(line, str)]
        equations = [(title, line) for title, line in block if not isinstance(line, str)]
        blocks.append("\n".join(map(text, sentences)) if sentences else _align_environment(equations))
    return "\n".join(blocks)


def _align_environment(lines: list[tuple[str, EquationText | LoopNestText]]) -> str:
    rows: list[str] = []
    last = ""
    for title, line in lines:
        left = _left_side(title, line)
        first, *others = (
            map(mathematics, line.sides) if isinstance(line, EquationText) else [f"{_sum(line)} 1"]
        )
        rows += [f"{left if left != last else ''} &= {first}", *(f" &= {other}" for other in others)]
        last = left
    return _environment("align*", [" \\\\\n".join(rows)])


def _left_side(title: str, line: EquationText | LoopNestText) -> str:
    """The left side of an equation; for several layers together, with the title."""
    if isinstance(line, LoopNestText):
        return mathematics("MACs")
    if line.name and title.startswith("all "):
        return rf"\text{{{escape_latex(title)}: {escape_latex(line.name)}}}"
    return mathematics(line.name or title)


def _sum(nest: LoopNestText) -> str:
    """One sum over all loops, whose ranges are stacked so that they fit a page."""
    ranges = (rf"1 \le {mathematics(loop.name)} \le {mathematics(loop.extent)}" for loop in nest.loops)
    return r"\sum_{\substack{" + r" \\ ".join(ranges) + "}}"


def text(content: str) -> str:
    """`content` for text mode: words escaped, formulas in math mode, code in typewriter."""
    match content:
        case MixedText():
            return "".join(map(text, content.pieces))
        case MathText():
            return f"${mathematics(content)}$"
        case CodeText() | CommandText():
            return latex_code(content)
    return escape_latex(content)


def mathematics(formula: str) -> str:
    r"""`formula` for math mode: 20·B·S·E² is 20\,B\,S\,E^{2}."""
    tokens = [token for part in parts_of(formula) for token in _tokens(part)]
    kinds = ["", *(kind for kind, _ in tokens), ""]
    written = []
    for place, (kind, token) in enumerate(tokens):
        around = {kinds[place], kinds[place + 2]}
        if kind == "space" and "words" in around and not around & {"sign", ""}:
            written.append("\\ ")
        elif kind == "sign" and token == "·":
            follows_digit = tokens[place + 1 :] and tokens[place + 1][1][:1].isdigit()
            written.append(r"\cdot " if follows_digit else r"\,")
        else:
            written.append(token)
    return re.sub(" +", " ", "".join(written)).strip()


def _tokens(part: str | Expression) -> list[tuple[str, str]]:
    """The kind and the LaTeX of each token; `·` is left as it is."""
    if isinstance(part, Expression):
        from convcost.symbolic.sympy_text import latex_expression

        return [("expression", latex_expression(part.value, grouped=part.grouped))]
    return [(found.lastgroup or "", _token(found)) for found in TOKEN.finditer(part)]


def _token(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "number":
            digits, _, power = found[0].replace(",", "{,}").partition("e")
            return rf"{digits}\cdot 10^{{{power}}}" if power else digits
        case "words":
            return rf"\text{{{escape_latex(found[0])}}}"
        case "sign" if found[0] != "·":
            sign = found[0].translate(MATH_SIGNS)
            return sign if sign.isascii() else rf"\text{{{escape_latex(sign)}}}"
    return found[0]
