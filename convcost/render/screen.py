"""Texts on a screen, through rich: where lines end, and what it prints as a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import StringIO
from textwrap import wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convcost.core.escapes import without_command
from convcost.render.style import Style, as_ascii

GAP = 2
"""Between a label and its text."""

GLUE = "\ue000"
"""A space where no line ends: rich has none, for it breaks at every kind."""

ENCLOSED = re.compile(r"[(⌊](?:(?![a-z]{2})[^()⌊⌋]){1,24}[)⌋]")
"""Brackets around a short formula or shape; names of sizes that are words are rare in them."""


def print_to_text(show: Callable[[Console], None], style: Style) -> str:
    """What `show` prints on a screen of that style."""
    console = Console(
        file=StringIO(),
        width=style.width,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    with console.capture() as shown:
        show(console)
    lines = (without_command(line.replace(GLUE, " ").rstrip()) for line in shown.get().splitlines())
    text = "\n".join(lines) + "\n"
    return text if style.unicode else as_ascii(text)


def breakable(text: str, style: str = "", room: int = 80) -> Text:
    """`text` as it may be broken into lines: within short brackets only where they need more than `room`."""
    words = (word if len(word) <= room else word.replace(GLUE, " ") for word in _glued(text).split(" "))
    return Text(" ".join(words), style=style)


def _glued(text: str) -> str:
    return ENCLOSED.sub(lambda enclosed: enclosed[0].replace(" ", GLUE), text)


def equation_lines(equation: str, room: int) -> str:
    """`equation` on several lines, each further one from a sign of equality on, if it needs more room."""
    first, *sides = _glued(equation).split(" = ")
    lines = [first]
    for side in sides:
        if len(together := f"{lines[-1]} = {side}") <= room:
            lines[-1] = together
        else:
            lines.append(f"  = {side}")
    return "\n".join(part for line in lines for part in _hanging(line, room))


def _hanging(line: str, room: int) -> list[str]:
    """`line`, and what does not fit set in below it."""
    return wrap(line, room, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False)


def label_grid(rows: Iterable[tuple[str, str]]) -> Table:
    """Labels, and their texts to the right of them."""
    table = Table.grid(padding=(0, GAP))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(Text(f" {label}"), breakable(text))
    return table
