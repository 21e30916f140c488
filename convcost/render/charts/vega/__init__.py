"""A figure as a Vega-Lite specification, without colours, which are in the configuration of theme.py.

Texts of users are only data values and titles, never fields, expressions or markup.
https://vega.github.io/vega-lite/docs/
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import Any

from convcost.core.escapes import make_printable
from convcost.render.charts.data import BarChart, Chart, Figure, IcicleChart, XYChart
from convcost.render.charts.names import shorten
from convcost.render.charts.theme import LETTER, WIDE, Spec
from convcost.render.charts.vega.bar_panel import bar_panel
from convcost.render.charts.vega.icicle_panel import icicle_panel
from convcost.render.charts.vega.xy_panel import xy_panel

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

PANELS: dict[type, Callable[[Any, int], Spec]] = {
    XYChart: xy_panel,
    BarChart: bar_panel,
    IcicleChart: icicle_panel,
}
"""The function that draws each kind of chart, given the width of the plot area in pixels."""

MARGIN = 90
"""The width of labels beside the plot area, in pixels; titles may use it too."""

LONGEST_TITLE = 90

TITLE_LETTERS, NOTE_LETTERS = 0.66, 1.15
"""The number of letters of a bold title, and of a note, in the width of a normal letter."""


def vega_spec(figure: Figure, width: int = WIDE) -> Spec:
    """The charts of `figure` one below the other; `width` is that of plot areas in pixels."""
    letters = int((width + MARGIN) / LETTER)
    notes = [
        line for note in figure.notes for line in wrap(make_printable(note), int(letters * NOTE_LETTERS))
    ]
    panels = [panel(chart, width) for chart in figure.charts]
    if len(panels) == 1:  # the figure's title is enough
        own = panels[0].pop("title")
        notes += [own["subtitle"]] if "subtitle" in own else []
    title = {
        "text": wrap(shorten(figure.title, LONGEST_TITLE), int(letters * TITLE_LETTERS)),
        **({"subtitle": notes} if notes else {}),
        "offset": 14,
    }
    return {
        "$schema": SCHEMA,
        "description": make_printable(figure.description),
        **({"title": title} if figure.title or notes else {}),
        "vconcat": panels,
        "spacing": 24,
        "resolve": {"scale": dict.fromkeys(("color", "shape", "strokeDash"), "independent")},
        "padding": 12,
    }


def panel(chart: Chart, width: int) -> Spec:
    """The specification of one chart."""
    return PANELS[type(chart)](chart, width)
