"""Cells of a terminal: how much a text takes, what fills them, and the legend of what does."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from convcost.render.style import Style
from convcost.render.table import NO_BREAK_SPACE

EIGHTHS = " ▏▎▍▌▋▊▉"
"""The end of a bar that fills so many eighths of a cell."""

FILLS, ASCII_FILLS = "█▒░▞▓╳", "#=:+-*"
"""What tells the segments of bars apart, also without colour."""

COLORS = ("blue", "yellow", "cyan", "magenta", "green", "red")
"""Of the segments, and of the lines: the terminal's own."""


def cut(text: str, cells: int, style: Style) -> str:
    """`text` if it takes at most `cells`; else its beginning, with dots behind."""
    if cell_len(text) <= cells:
        return text
    dots = "…" if style.unicode else "..."
    if cells <= len(dots):
        return dots[: max(0, cells)]
    return set_cell_size(text, cells - len(dots)).rstrip() + dots


def pad(text: str, cells: int, style: Style) -> str:
    """`text`, cut if it takes more than `cells`, with spaces behind."""
    return set_cell_size(cut(text, cells, style), cells)


def color(number: int) -> str:
    """The colour of the segment, or line, of that number."""
    return COLORS[number % len(COLORS)]


def fill(number: int, style: Style) -> str:
    """The character of the segments of that number."""
    fills = FILLS if style.unicode else ASCII_FILLS
    return fills[number % len(fills)]


def span_text(begin: float, end: float, style: Style) -> str:
    """Cells from `begin` to `end`, behind spaces: the last one is as full as there are characters for.

    At least a sliver of it is seen.
    """
    first = int(begin)
    if not style.unicode:
        return " " * first + ASCII_FILLS[0] * max(1, round(end) - first)
    full, eighths = divmod(max(round(end * 8), first * 8 + 1), 8)
    return " " * first + FILLS[0] * (full - first) + EIGHTHS[eighths].strip()


def legend(items: Iterable[tuple[str, str, str]], style: Style) -> list[RenderableType]:
    """What signs stand for: of each the sign, its colour and the name; nothing if there are none."""
    text = Text()
    for sign, its_color, name in items:
        shown = cut(name, style.width - len(sign) - 3, style).replace(" ", NO_BREAK_SPACE)
        text.append("   " if text else "").append(sign, its_color).append(f"{NO_BREAK_SPACE}{shown}")
    return [Padding(text, (0, 1))] if text else []
