"""An icicle as Vega-Lite has it: a column for each level, of tiles as high as their share of the whole."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from convcost.core.units import percent
from convcost.render.charts.data import IcicleChart, Tile
from convcost.render.charts.names import shorten
from convcost.render.charts.theme import FONT_SIZE, Spec
from convcost.render.charts.ticks import amount_text
from convcost.render.charts.vega.elements import panel_title
from convcost.render.charts.vega.label_places import text_width

TALLEST, TILE = 420, 48
"""Pixels of the whole, at most, and of a tile in the column that has the most."""

NARROWEST_LEVEL = 125
"""Pixels: there are as many levels as have that much."""

MOST_TILES = 150
"""The levels are drawn that stay within them; one at least."""

LONGEST_PATH = 400
"""Characters in a tooltip."""

LINE = FONT_SIZE + 4
"""Pixels of a line of text in a tile."""

CAPITALS = 1.15
"""How much wider than usual the letters of an amount are."""

PADDING = 5
"""Pixels left of the text in a tile."""

SHADES = (0.45, 0.32, 0.22)
"""How much of its colour a tile has, level by level."""


def icicle_panel(chart: IcicleChart, width: int) -> Spec:
    """The parts, the whole left out, in `width` pixels: labels where there is room, all else in tooltips."""
    whole = chart.tiles[0].size
    deepest = min(chart.deepest_within(MOST_TILES), max(1, width // NARROWEST_LEVEL))
    shown = [tile for tile in chart.tiles if 1 <= tile.level <= deepest] or [*chart.tiles[:1]]
    height = min(TALLEST, TILE * max(Counter(tile.level for tile in shown).values()))
    column = width / deepest
    rows = [_row(tile, whole, column, height, chart.axis.unit) for tile in shown]
    groups = list(dict.fromkeys(str(row["group"]) for row in rows))
    place = {
        "x": {"field": "x", "type": "quantitative", "scale": {"domain": [0, width]}, "axis": None},
        "y": {
            "field": "y",
            "type": "quantitative",
            "scale": {"domain": [0, height], "reverse": True},
            "axis": None,
        },
    }
    return {
        "title": panel_title(chart.title, width, chart.depth_text(deepest)),
        "width": width,
        "height": height,
        "data": {"values": rows},
        "encoding": place,
        "layer": [_tiles_layer(groups), *_text_layers(column)],
    }


def _row(tile: Tile, whole: int, column: float, height: int, unit: str) -> dict[str, Any]:
    """A tile in pixels, with its texts."""
    top, bottom = (float(Fraction(height * at, whole)) for at in (tile.start, tile.start + tile.size))
    level = max(1, tile.level)
    amount = amount_text(tile.size, unit)
    with_share = f"{amount}, {percent(Fraction(tile.size, whole))}"
    is_short = CAPITALS * text_width(with_share) <= column - 2 * PADDING
    lines = int((bottom - top) // LINE)
    return {
        "x": (level - 1) * column,
        "end": level * column,
        "y": top,
        "bottom": bottom,
        "middle": (top + bottom) / 2 - (LINE / 2 if lines > 1 else 0),
        "below": (top + bottom) / 2 + LINE / 2,
        "group": tile.group,
        "shade": SHADES[min(level, len(SHADES)) - 1],
        "part": shorten(tile.path or tile.label, LONGEST_PATH),
        "label": shorten(tile.label) if lines else "",
        "amount": with_share,
        "second": (with_share if is_short else amount) if lines > 1 else "",
    }


def _tiles_layer(groups: list[str]) -> Spec:
    return {
        "mark": {"type": "rect", "style": "tile"},
        "encoding": {
            "x2": {"field": "end"},
            "y2": {"field": "bottom"},
            "color": {"field": "group", "type": "nominal", "scale": {"domain": groups}, "legend": None},
            "fillOpacity": {"field": "shade", "type": "quantitative", "scale": None, "legend": None},
            "tooltip": [
                {"field": "part", "type": "nominal"},
                {"field": "amount", "type": "nominal"},
            ],
        },
    }


def _text_layers(column: float) -> list[Spec]:
    """The name, and below it how much it is."""
    mark = {"type": "text", "align": "left", "dx": PADDING, "limit": column - 2 * PADDING}
    return [
        {
            "mark": mark,
            "encoding": {
                "y": {"field": y, "type": "quantitative"},
                "text": {"field": text, "type": "nominal"},
            },
        }
        for y, text in (("middle", "label"), ("below", "second"))
    ]
