"""What rich writes, as a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convcost.formats.interface import Style
from convcost.formats.plain import plain


def captured(show: Callable[[Console], None], style: Style) -> str:
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
    text = "\n".join(line.rstrip() for line in shown.get().splitlines()) + "\n"
    return text if style.unicode else plain(text)


def grid(rows: Iterable[tuple[str, str]]) -> Table:
    """Labels, and beside them their texts."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(Text(f" {label}"), Text(text))
    return table
