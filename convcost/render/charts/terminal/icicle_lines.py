"""An icicle as lines of text: a line for each part, whose bar stands where the part is in the whole."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import accumulate

from rich.console import RenderableType
from rich.text import Text

from convcost.core.units import percent
from convcost.render.charts.data import IcicleChart, Tile
from convcost.render.charts.terminal.bar_lines import columns, fitting_amounts
from convcost.render.charts.terminal.cells import color, pad, span_text
from convcost.render.charts.ticks import amount_text
from convcost.render.style import Style

MOST_LINES = 30
"""The levels are shown that stay within them; one at least."""


def icicle_lines(chart: IcicleChart, style: Style) -> list[RenderableType]:
    """The parts from the whole down, each indented below the one that it is in."""
    tiles = [tile for tile in chart.tiles if tile.level <= _deepest(chart.tiles)]
    if not tiles:
        return []
    whole = tiles[0].size
    short = [amount_text(tile.size, chart.axis.unit) for tile in tiles]
    shares = [percent(Fraction(tile.size, whole) if whole else None) for tile in tiles]
    full = [f"{amount} {share:>6}" for amount, share in zip(short, shares, strict=True)]
    amounts = fitting_amounts(full, short, style)
    labels, cells = columns([_label(tile) for tile in tiles], amounts, style)
    widest = max(map(len, amounts))
    groups = list(dict.fromkeys(tile.group for tile in tiles))

    def bar(tile: Tile) -> str:
        begin, end = (float(Fraction(at * cells, whole or 1)) for at in (tile.start, tile.start + tile.size))
        return pad(span_text(min(begin, cells - 1), end, style) if tile.size else "", cells, style)

    return [
        Text.assemble(
            f" {pad(_label(tile), labels, style)} ",
            (bar(tile), color(groups.index(tile.group))),
            f" {amount:>{widest}}",
        )
        for tile, amount in zip(tiles, amounts, strict=True)
    ]


def _label(tile: Tile) -> str:
    return "  " * tile.level + tile.label


def _deepest(tiles: tuple[Tile, ...]) -> int:
    """The deepest level down to which the lines are few enough."""
    by_level = Counter(tile.level for tile in tiles)
    lines = accumulate(number for _, number in sorted(by_level.items()))
    return max((level for level, number in enumerate(lines) if number <= MOST_LINES), default=1) or 1
