"""Writes a page as HTML with the templates in this folder. All content is escaped."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING

from convcost.core.escapes import make_lines_printable
from convcost.render.charts.theme import DARK, LIGHT
from convcost.render.document import EquationText, LoopNestText, Table
from convcost.render.html import table_html
from convcost.render.mathml import equation_html, html_text
from convcost.render.page.figures import color_variables
from convcost.render.page.page import PageOrigin, ReportPage

if TYPE_CHECKING:
    from jinja2 import Environment


LONGEST_CELL = 240
"""Longer cells of a table scroll."""


def page_html(page: ReportPage, origin: PageOrigin) -> str:
    """The page as a self-contained document."""
    shown = origin._replace(command=make_lines_printable(origin.command))
    return _environment().get_template("page.html").render(page=page, origin=shown)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["light"] = color_variables(LIGHT)
    environment.globals["dark"] = color_variables(DARK)
    environment.filters["markup"] = Markup
    environment.filters["text"] = lambda content: Markup(html_text(content))
    environment.filters["line"] = lambda content: Markup(_line(content))
    environment.filters["table"] = lambda table, title: Markup(_table(table, title))
    return environment


def _table(table: Table, title: str) -> str:
    """A table in a box that scrolls if the screen is too narrow."""
    corner = table.columns[0]
    caption = f"{title}: {corner}" if corner else title
    label = escape(caption, quote=True)
    content = table_html(table, _cell, caption)
    return f'<div class="scroll" role="group" tabindex="0" aria-label="{label}">{content}</div>'


def _cell(content: str) -> str:
    """The content of a cell; in a box that scrolls if it is long."""
    written = html_text(content)
    return f'<div class="long" tabindex="0">{written}</div>' if len(content) > LONGEST_CELL else written


def _line(line: str | EquationText | LoopNestText) -> str:
    """A line of a derivation."""
    match line:
        case EquationText():
            return f'<p class="equation">{equation_html(line.name, line.sides)}</p>'
        case LoopNestText():
            loops = escape("\n".join(line.lines))
            return f'<pre class="scroll" role="group" tabindex="0" aria-label="loops">{loops}</pre>'
    return f"<p>{html_text(line)}</p>"
