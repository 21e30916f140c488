"""The one place that makes a user's text safe: to print on a line, and within each format."""

from __future__ import annotations

import re

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


def escaped(text: str) -> str:
    """`text` as printable ASCII, so that no character hides, reorders or widens the line."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)


def printable(text: str) -> str:
    """`text` on one line, with nothing in it that hides, moves, colours or breaks what is around it.

    That are controls, line breaks, marks of direction, what has no width, and lone surrogates: they are
    written as in Python, such as \\x1b.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else escaped(each) for each in text)
    return text.replace(OLD_COMMAND, r"#\x23[")


def printable_lines(text: str) -> str:
    """`text` with each of its lines printable, and none that GitHub Actions would take for a command."""
    return "\n".join(without_command(printable(line.replace("\t", "    "))) for line in text.split("\n"))


def without_command(line: str) -> str:
    """`line`, as GitHub Actions does not read it."""
    return re.sub(COMMAND, r"\1\\x3a:", line)


def csv_cell(value: object) -> object:
    """A text that no spreadsheet takes for a formula; numbers as they are."""
    if not isinstance(value, str):
        return value
    text = without_command(printable(value))
    return f"'{text}" if value[1:] and value.startswith(FORMULA_STARTS) else text


def markdown(text: str) -> str:
    """`text` without anything that Markdown reads as a sign of its own."""
    return re.sub(MARKDOWN, _marked, text.replace("<", "\0")).replace("\0", "&lt;")


def _marked(found: re.Match[str]) -> str:
    """A backslash in front of the sign; nothing in place of spaces."""
    sign = found[0].lstrip()
    return f"{sign[:-1]}\\{sign[-1]}" if sign[:-1].isdigit() else f"\\{sign}" if sign else ""


def markdown_code(text: str) -> str:
    """`text` as code, within as many backticks as it takes."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " * (not text.strip(" ") or text[0] in "` " or text[-1] in "` ")
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def json_text(document: str) -> str:
    """A JSON document that means the same, without what GitHub Actions takes for a command."""
    return document.replace(OLD_COMMAND, r"#\u0023[")


def xml(text: str) -> str:
    """`text` that XML may have in it, not yet escaped."""
    return re.sub(NO_XML, "\ufffd", printable(text))
