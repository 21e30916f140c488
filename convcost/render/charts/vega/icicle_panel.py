"""Icicle charts in Vega-Lite: a column for each level, with tiles as high as their share."""

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
"""The largest height of the chart, and the height of each tile in the fullest column, in pixels."""

NARROWEST_LEVEL = 125
"""The minimum width of a level in pixels, which limits the number of levels."""

MOST_TILES = 150
"""The most tiles, which limit the levels; at least one level is drawn."""

LONGEST_PATH = 400
"""The most characters of a path in a tooltip."""

LINE = FONT_SIZE + 4
"""The height of a line of text in a tile, in pixels."""

CAPITALS = 1.15
"""The extra width of amounts, which have capitals."""

PADDING = 5
"""The padding left of the text in a tile, in pixels."""

SHADES = (0.45, 0.32, 0.22)
"""The opacity of tiles by level."""


def icicle_panel(chart: IcicleChart, width: int) -> Spec:
    """The parts without the whole; labels where they fit, everything else in tooltips."""
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
    """The data of a tile: position in pixels, and texts."""
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
    """The name of a tile, and the amount below it."""
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
