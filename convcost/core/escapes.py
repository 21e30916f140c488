"""Escaping of user text, for terminals and for each output format."""

from __future__ import annotations

import re
import unicodedata

GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega
"""

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

# Patterns are compiled on first use: most commands need few of them.

COMMAND = r"^(\s*)::(?=\w)"
"""A GitHub Actions command at the start of a line."""

OLD_COMMAND = "##["
"""The start of an older GitHub Actions command, anywhere in a line."""

FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
"""Characters that start a formula in a spreadsheet. Source: OWASP, CSV Injection."""

MARKDOWN = r"[\\`*_|$\[]|~(?=\S)|&(?=[#\w])|(?<=:)//|(?<=www)\.|^\s+|^[-+=#>](?!\d)|^\d{1,9}[.)](?=\s|$)"
"""Markdown syntax: spans, entities, links, and starts of blocks."""

NO_XML = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""Characters that XML 1.0 forbids, even escaped."""

LATEX_SIGNS = {
    **{"×": r"\times", "÷": r"\div", "·": r"\cdot", "−": "-", "→": r"\to", "≥": r"\ge", "≤": r"\le"},
    **{"⌊": r"\lfloor", "⌋": r"\rfloor", "√": r"\surd", "ᵀ": "^{T}", "µ": r"\mu", "∞": r"\infty"},
    **{"∓": r"\mp", "½": r"\frac12", "≈": r"\approx", "~": r"\sim"},
    **{sign: f"^{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", map("\\{}".format, GREEK.split()), strict=True)),
    **{"Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi"},
    **{"Σ": r"\Sigma", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega"},
}
"""Math-mode commands for symbols and Greek letters."""

LATEX_ESCAPES = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "–": "--", "…": r"\ldots{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}
LATEX_TEXT = str.maketrans(LATEX_ESCAPES | {sign: f"${command}$" for sign, command in LATEX_SIGNS.items()})
LATEX_TYPEWRITER = LATEX_TEXT | {ord(sign): sign for sign in "<>|"}

NOT_ASCII = r"[^\x00-\x7f]"
LATEX_ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"
"""Grave, acute, circumflex, tilde, diaeresis, ring, caron, cedilla: available in all LaTeX fonts."""


def escape_to_ascii(text: str) -> str:
    """`text` as printable ASCII, without characters that hide, reorder or widen text."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)


def make_printable(text: str) -> str:
    """`text` on one line, without characters that hide, move or colour other text.

    Control characters, line breaks, direction marks, zero-width characters and lone surrogates are escaped as
    in Python, such as \\x1b.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else escape_to_ascii(each) for each in text)
    return text.replace(OLD_COMMAND, r"#\x23[")


def make_lines_printable(text: str) -> str:
    """`text` with all lines printable, and without GitHub Actions commands."""
    return "\n".join(escape_command(make_printable(line.replace("\t", "    "))) for line in text.split("\n"))


def escape_command(line: str) -> str:
    """`line`, escaped so that GitHub Actions does not run it as a command."""
    return re.sub(COMMAND, r"\1\\x3a:", line)


def escape_csv_cell(value: object) -> object:
    """A text that no spreadsheet treats as a formula; numbers unchanged."""
    if not isinstance(value, str):
        return value
    text = escape_command(make_printable(value))
    return f"'{text}" if value[1:] and value.startswith(FORMULA_STARTS) else text


def escape_markdown(text: str) -> str:
    """`text` with Markdown syntax escaped."""
    return re.sub(MARKDOWN, _escape_match, text.replace("<", "\0")).replace("\0", "&lt;")


def _escape_match(found: re.Match[str]) -> str:
    """The match with a backslash before its last character; "" for spaces."""
    sign = found[0].lstrip()
    return f"{sign[:-1]}\\{sign[-1]}" if sign[:-1].isdigit() else f"\\{sign}" if sign else ""


def markdown_code_span(text: str) -> str:
    """`text` as a code span, in as many backticks as needed."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " * (not text.strip(" ") or text[0] in "` " or text[-1] in "` ")
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def escape_json(document: str) -> str:
    """An equivalent JSON document without GitHub Actions commands."""
    return document.replace(OLD_COMMAND, r"#\u0023[")


def make_xml_printable(text: str) -> str:
    """`text` with only characters that XML allows, not yet escaped."""
    return re.sub(NO_XML, "\ufffd", make_printable(text))


def escape_latex(text: str) -> str:
    """`text` escaped for LaTeX text mode."""
    return re.sub(NOT_ASCII, _latex_letter, text.translate(LATEX_TEXT))


def latex_code(text: str) -> str:
    """`text` as code, for LaTeX text mode."""
    return rf"\texttt{{{re.sub(NOT_ASCII, _latex_letter, text.translate(LATEX_TYPEWRITER))}}}"


def _latex_letter(found: re.Match[str]) -> str:
    """A letter with a supported accent unchanged; others as a Python escape, such as \\u6f22."""
    letter, *marks = list(unicodedata.normalize("NFD", found[0]))
    is_known = letter.isascii() and len(marks) == 1 and marks[0] in LATEX_ACCENTS
    return found[0] if is_known else escape_to_ascii(found[0]).translate(LATEX_TEXT)


def latex_name(name: str) -> str:
    r"""The name of a size, for math mode: E, \alpha, \text{d\_model}."""
    if len(name) > 1 or not (name.isascii() or name in LATEX_SIGNS):
        return rf"\text{{{escape_latex(name)}}}"
    return f"{LATEX_SIGNS[name]} " if name in LATEX_SIGNS else name
