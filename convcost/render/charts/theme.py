"""The look of pictures: colours, fonts and sizes, for light and dark backgrounds.

The colours of series are Okabe and Ito's, which colour-blind readers can distinguish, in an order and with
darker or lighter shades that stand out from the background (https://jfly.uni-koeln.de/color/). Where
colours run out, dashes and shapes still differ.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

Spec: TypeAlias = dict[str, Any]
"""A part of a Vega-Lite specification or configuration, as JSON data."""

FONT = "Liberation Sans, Arial, Helvetica, DejaVu Sans Condensed, sans-serif"
"""The first font is vl-convert's; the others have about the same width."""

FONT_SIZE = 12

NOTE_SIZE = 11

TITLE_SIZE, PANEL_TITLE_SIZE = 15, 13
"""The font sizes of a picture's title, and of the titles of its charts."""

LETTER = 6.2
"""The average width of a letter at FONT_SIZE, in pixels."""

BOLD_LETTER = 7.2

HEIGHT = 320
"""The height of charts with two axes, in pixels; bar charts depend on their bars."""

WIDE, NARROW = 640, 250
"""The width of the plot area on a page and on a phone, in pixels."""

DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [12, 4], [4, 4], [1, 3])
"""Dashes of successive lines. Their number differs from that of colours, so that pairs rarely recur."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
"""Shapes of points of successive series."""


class Palette(NamedTuple):
    """The colours of a picture: background, texts, axes, grid, series, and emphasis.

    `scheme` is the name of Vega's colour scheme for a third quantity, and the range of it to use.
    """

    background: str
    text: str
    quiet: str
    grid: str
    series: tuple[str, ...]
    emphasis: str
    scheme: tuple[str, float, float]


LIGHT = Palette(
    background="#ffffff",
    text="#1b1b1b",
    quiet="#555555",
    grid="#e3e3e3",
    series=("#0072b2", "#c44e00", "#007a59", "#a8528a", "#8a6500", "#2f8fc4", "#333333", "#7a1f1f"),
    emphasis="#b00020",
    scheme=("viridis", 0.0, 0.88),
)
DARK = Palette(
    background="#14171a",
    text="#eeeeee",
    quiet="#b5b5b5",
    grid="#343a40",
    series=("#56b4e9", "#ff9347", "#2fc79a", "#e19cc4", "#f0e442", "#9ecbff", "#dddddd", "#ff8a8a"),
    emphasis="#ff6b7d",
    scheme=("viridis", 0.2, 1.0),
)


def configuration(palette: Palette, *, is_interactive: bool = False) -> Spec:
    """Vega-Lite's `config` for a palette; specifications themselves have no colours.

    With `is_interactive`, for a page or a notebook, the points of curves have tooltips.
    """
    scheme, start, end = palette.scheme
    texts = {
        "labelColor": palette.text,
        "titleColor": palette.text,
        "titleFontWeight": "normal",
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
    }
    colors = {"scheme": scheme, "extent": [start, end]}
    return {
        "background": palette.background,
        "font": FONT,
        "view": {"stroke": palette.grid},
        "axis": {
            **texts,
            "gridColor": palette.grid,
            "domainColor": palette.quiet,
            "tickColor": palette.quiet,
        },
        "legend": {
            **texts,
            "labelLimit": 400,
            "columnPadding": 24,
        },
        "title": {
            "color": palette.text,
            "subtitleColor": palette.quiet,
            "anchor": "start",
            "fontSize": TITLE_SIZE,
            "subtitleFontSize": NOTE_SIZE,
        },
        "text": {"color": palette.text, "fontSize": FONT_SIZE},
        "line": {"strokeWidth": 2.5, "point": {"opacity": 0} if is_interactive else False},
        "point": {
            "filled": True,
            "size": 70,
            "opacity": 0.9,
            "stroke": palette.background,
            "strokeWidth": 0.5,
        },
        "style": {
            "mark": {"color": palette.emphasis},
            "mark-line": {"color": palette.emphasis, "strokeDash": [3, 3]},
            "mark-text": {"color": palette.emphasis, "fontWeight": "bold"},
            "reference-line": {"color": palette.quiet, "strokeDash": [8, 4], "strokeWidth": 1.5},
            "reference-text": {"color": palette.quiet},
            "plain-line": {"color": palette.quiet},
            "bound": {"color": palette.text},
            "tile": {"stroke": palette.background, "strokeWidth": 1.5},
            "spread": {"color": palette.text, "strokeWidth": 1.5},
        },
        "range": {
            "category": list(palette.series),
            "ramp": colors,
            "heatmap": colors,
        },
    }
