"""The charts of a page: SVG for a screen and for a phone, in the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec

from convcost.core.errors import UsageError
from convcost.core.escapes import make_printable
from convcost.render.charts.data import ChartOptions, Figure
from convcost.render.charts.kinds import chart_functions
from convcost.render.charts.pictures import svg_text
from convcost.render.charts.theme import LIGHT, NARROW, WIDE, Palette
from convcost.render.document import Section
from convcost.render.page.page import PageFigure, PageSection

COLORS = Palette(
    background="var(--background)",
    text="var(--text)",
    quiet="var(--quiet)",
    grid="var(--grid)",
    series=tuple(f"var(--series-{place})" for place in range(len(LIGHT.series))),
    emphasis="var(--emphasis)",
    scheme=LIGHT.scheme,
)
"""Every colour as a CSS variable."""

PART_NAME = re.compile(r'(?<= id=")|(?<=url\(#)|(?<=href="#)')
"""The positions of ids of parts in an SVG."""


NO_CHARTS = "Charts need vl-convert, which was not installed: pip install 'convcost[plots]'."


def can_draw() -> bool:
    """Whether the drawing library is installed, without importing it."""
    return find_spec("vl_convert") is not None


def charts_sections(result: object) -> Iterator[PageSection]:
    """A section with the result's charts, and notes on those that can't be drawn; none without either."""
    figures: list[Figure] = []
    notes: list[str] = []
    for draw in chart_functions(result):
        try:
            figure = draw(result, ChartOptions())
        except UsageError as error:
            notes.append(f"No chart: {str(error).splitlines()[0]}.")
            continue
        figures += [figure] if figure else []
    if figures and not can_draw():
        figures, notes = [], [*notes, NO_CHARTS]
    if figures or notes:
        drawn = tuple(_page_figure(figure, place) for place, figure in enumerate(figures))
        yield PageSection("charts", "Charts", Section((), tuple(notes)), figures=drawn)


def _page_figure(figure: Figure, place: int) -> PageFigure:
    """A figure without its title and notes, which the page shows, and with unique ids."""
    plain = figure._replace(title="", notes=())
    wide, narrow = (
        PART_NAME.sub(f"figure-{place}-{width}-", svg_text(plain, COLORS, width)) for width in (WIDE, NARROW)
    )
    title, description = map(make_printable, (figure.title, figure.description))
    caption = description.removeprefix(title) if description.startswith(title) else f". {description}"
    return PageFigure(title, caption, description, wide, narrow)


def color_variables(palette: Palette) -> dict[str, str]:
    """The values of the variables in a palette, by their names."""
    plain = {name: getattr(palette, name) for name in ("background", "text", "quiet", "grid", "emphasis")}
    return {**plain, **{f"series-{place}": color for place, color in enumerate(palette.series)}}
