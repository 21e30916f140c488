"""An icicle as lines of text: for each part, a bar at its position in the whole."""

from __future__ import annotations

from fractions import Fraction

from rich.console import RenderableType
from rich.text import Text

from convcost.core.units import percent
from convcost.render.charts.data import IcicleChart, Tile
from convcost.render.charts.terminal.bar_lines import columns, fitting_amounts
from convcost.render.charts.terminal.cells import color, pad, span_text
from convcost.render.charts.ticks import amount_text
from convcost.render.part_order import others_label
from convcost.render.style import Style

MOST_LINES = 30
"""The most lines, which limit the levels; at least one level is shown, with its largest parts."""


def icicle_lines(chart: IcicleChart, style: Style) -> list[RenderableType]:
    """The lines of an icicle, each part indented below its parent."""
    deepest = chart.deepest_within(MOST_LINES)
    tiles, others = _split_largest([tile for tile in chart.tiles if tile.level <= deepest])
    whole = tiles[0].size
    short = [amount_text(tile.size, chart.axis.unit) for tile in tiles]
    full = [
        f"{amount} {percent(Fraction(tile.size, whole)):>6}"
        for amount, tile in zip(short, tiles, strict=True)
    ]
    amounts = fitting_amounts(full, short, style)
    labels, cells = columns([_label(tile) for tile in tiles], amounts, style)
    widest = max(map(len, amounts))
    groups = list(dict.fromkeys(tile.group for tile in tiles))
    lines: list[RenderableType] = [
        Text.assemble(
            f" {pad(_label(tile), labels, style)} ",
            (_bar(tile, whole, cells, style), color(groups.index(tile.group))),
            f" {amount:>{widest}}",
        )
        for tile, amount in zip(tiles, amounts, strict=True)
    ]
    notes = (_others_text(others, chart, whole), chart.depth_text(deepest))
    return [*lines, *(Text(f" {note}") for note in notes if note)]


def _bar(tile: Tile, whole: int, cells: int, style: Style) -> str:
    begin, end = (float(Fraction(at * cells, whole)) for at in (tile.start, tile.start + tile.size))
    return pad(span_text(min(begin, cells - 1), end, style), cells, style)


def _label(tile: Tile) -> str:
    return "  " * tile.level + tile.label


def _split_largest(tiles: list[Tile]) -> tuple[list[Tile], list[Tile]]:
    """The largest tiles, in their order, and the others."""
    largest = set(sorted(tiles, key=lambda tile: -tile.size)[:MOST_LINES])
    return [tile for tile in tiles if tile in largest], [tile for tile in tiles if tile not in largest]


def _others_text(others: list[Tile], chart: IcicleChart, whole: int) -> str:
    """12 others: 3.20 MFLOPs, 0.4%; empty without others."""
    size = sum(tile.size for tile in others)
    amount = f"{amount_text(size, chart.axis.unit)}, {percent(Fraction(size, whole))}"
    return f"{others_label(len(others))}: {amount}" if others else ""
