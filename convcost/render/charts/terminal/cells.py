"""Terminal cells: cutting and padding texts, fill characters, colours, legends."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from convcost.render.style import Style
from convcost.render.table import NO_BREAK_SPACE

EIGHTHS = " ▏▎▍▌▋▊▉"
"""Block characters that fill 0 to 7 eighths of a cell, for the ends of bars."""

FILLS, ASCII_FILLS = "█▒░▞▓╳", "#=:+-*"
"""Fill characters that distinguish segments without colour."""

COLORS = ("blue", "yellow", "cyan", "magenta", "green", "red")
"""The terminal's colours for segments and lines."""


def cut(text: str, cells: int, style: Style) -> str:
    """`text`, cut to `cells` with an ellipsis if it is longer."""
    if cell_len(text) <= cells:
        return text
    dots = "…" if style.unicode else "..."
    if cells <= len(dots):
        return dots[: max(0, cells)]
    return set_cell_size(text, cells - len(dots)).rstrip() + dots


def pad(text: str, cells: int, style: Style) -> str:
    """`text`, cut or padded to `cells`."""
    return set_cell_size(cut(text, cells, style), cells)


def color(number: int) -> str:
    """The colour of the segment or line with that number."""
    return COLORS[number % len(COLORS)]


def fill(number: int, style: Style) -> str:
    """The fill character of segments with that number."""
    fills = FILLS if style.unicode else ASCII_FILLS
    return fills[number % len(fills)]


def span_text(begin: float, end: float, style: Style) -> str:
    """A bar from `begin` to `end` after spaces, with a partly filled last cell.

    It is never empty.
    """
    first = int(begin)
    if not style.unicode:
        return " " * first + ASCII_FILLS[0] * max(1, round(end) - first)
    full, eighths = divmod(max(round(end * 8), first * 8 + 1), 8)
    return " " * first + FILLS[0] * (full - first) + EIGHTHS[eighths].strip()


def legend(items: Iterable[tuple[str, str, str]], style: Style) -> list[RenderableType]:
    """A legend of items: sign, colour and name; empty without items."""
    text = Text()
    for sign, its_color, name in items:
        shown = cut(name, style.width - len(sign) - 3, style).replace(" ", NO_BREAK_SPACE)
        text.append("   " if text else "").append(sign, its_color).append(f"{NO_BREAK_SPACE}{shown}")
    return [Padding(text, (0, 1))] if text else []
