"""The one place that makes a user's text safe: to print on a line, and within each format."""

from __future__ import annotations

import re
import unicodedata

GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega
"""

# Patterns are compiled where they are first used: most commands use few of them.

COMMAND = r"^(\s*)::(?=\w)"
"""What GitHub Actions takes for a command at the start of a line."""

OLD_COMMAND = "##["
"""What it takes for one anywhere in a line."""

FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
"""What a spreadsheet takes for a formula. Source: OWASP, CSV Injection."""

MARKDOWN = r"[\\`*_|$\[]|~(?=\S)|&(?=[#\w])|(?<=:)//|(?<=www)\.|^\s+|^[-+=#>](?!\d)|^\d{1,9}[.)](?=\s|$)"
"""What Markdown reads as its own: signs of spans, entities, links, and of blocks at the start."""

NO_XML = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What no XML 1.0 may have in it, escaped or not."""

LATEX_SIGNS = {
    **{"×": r"\times", "÷": r"\div", "·": r"\cdot", "−": "-", "→": r"\to", "≥": r"\ge", "≤": r"\le"},
    **{"⌊": r"\lfloor", "⌋": r"\rfloor", "√": r"\surd", "ᵀ": "^{T}", "µ": r"\mu", "∞": r"\infty"},
    **{"∓": r"\mp", "½": r"\frac12", "≈": r"\approx", "~": r"\sim"},
    **{sign: f"^{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", map("\\{}".format, GREEK.split()), strict=True)),
    **{"Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi"},
    **{"Σ": r"\Sigma", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega"},
}
"""Signs and Greek letters as commands of math mode."""

LATEX_ESCAPES = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "–": "--", "…": r"\ldots{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}
LATEX_TEXT = str.maketrans(LATEX_ESCAPES | {sign: f"${command}$" for sign, command in LATEX_SIGNS.items()})
LATEX_TYPEWRITER = LATEX_TEXT | {ord(sign): sign for sign in "<>|"}

NOT_ASCII = r"[^\x00-\x7f]"
LATEX_ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"
"""Grave, acute, circumflex, tilde, diaeresis, ring, caron, cedilla: those that every font of LaTeX has."""


def escape_to_ascii(text: str) -> str:
    """`text` as printable ASCII, so that no character hides, reorders or widens the line."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)


def make_printable(text: str) -> str:
    """`text` on one line, with nothing in it that hides, moves, colours or breaks what is around it.

    That are controls, line breaks, marks of direction, what has no width, and lone surrogates: they are
    written as in Python, such as \\x1b.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else escape_to_ascii(each) for each in text)
    return text.replace(OLD_COMMAND, r"#\x23[")


def make_lines_printable(text: str) -> str:
    """`text` with each of its lines printable, and none that GitHub Actions would take for a command."""
    return "\n".join(escape_command(make_printable(line.replace("\t", "    "))) for line in text.split("\n"))


def escape_command(line: str) -> str:
    """`line`, as GitHub Actions does not read it."""
    return re.sub(COMMAND, r"\1\\x3a:", line)


def escape_csv_cell(value: object) -> object:
    """A text that no spreadsheet takes for a formula; numbers as they are."""
    if not isinstance(value, str):
        return value
    text = escape_command(make_printable(value))
    return f"'{text}" if value[1:] and value.startswith(FORMULA_STARTS) else text


def escape_markdown(text: str) -> str:
    """`text` without anything that Markdown reads as a sign of its own."""
    return re.sub(MARKDOWN, _escape_match, text.replace("<", "\0")).replace("\0", "&lt;")


def _escape_match(found: re.Match[str]) -> str:
    """A backslash in front of the sign; nothing in place of spaces."""
    sign = found[0].lstrip()
    return f"{sign[:-1]}\\{sign[-1]}" if sign[:-1].isdigit() else f"\\{sign}" if sign else ""


def markdown_code_span(text: str) -> str:
    """`text` as code, within as many backticks as it takes."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " * (not text.strip(" ") or text[0] in "` " or text[-1] in "` ")
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def escape_json(document: str) -> str:
    """A JSON document that means the same, without what GitHub Actions takes for a command."""
    return document.replace(OLD_COMMAND, r"#\u0023[")


def make_xml_printable(text: str) -> str:
    """`text` that XML may have in it, not yet escaped."""
    return re.sub(NO_XML, "\ufffd", make_printable(text))


def escape_latex(text: str) -> str:
    """`text` as it is, for text mode."""
    return re.sub(NOT_ASCII, _latex_letter, text.translate(LATEX_TEXT))


def latex_code(text: str) -> str:
    """`text` as code, for text mode."""
    return rf"\texttt{{{re.sub(NOT_ASCII, _latex_letter, text.translate(LATEX_TYPEWRITER))}}}"


def _latex_letter(found: re.Match[str]) -> str:
    """A letter with an accent as it is; any other that LaTeX would refuse by its number, such as \\u6f22."""
    letter, *marks = list(unicodedata.normalize("NFD", found[0]))
    is_known = letter.isascii() and len(marks) == 1 and marks[0] in LATEX_ACCENTS
    return found[0] if is_known else escape_to_ascii(found[0]).translate(LATEX_TEXT)


def latex_name(name: str) -> str:
    r"""The name of a size, for math mode: E, \alpha, \text{d\_model}."""
    if len(name) > 1 or not (name.isascii() or name in LATEX_SIGNS):
        return rf"\text{{{escape_latex(name)}}}"
    return f"{LATEX_SIGNS[name]} " if name in LATEX_SIGNS else name
