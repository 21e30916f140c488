"""Writes figures to files: SVG, PNG and PDF by vl-convert, without a browser, and self-contained HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

from convcost.core.errors import UsageError, did_you_mean
from convcost.core.escapes import make_printable, make_xml_printable
from convcost.render.charts.data import Figure
from convcost.render.charts.theme import DARK, FONT, LIGHT, NARROW, WIDE, Palette, configuration
from convcost.render.charts.vega import MARGIN, vega_spec
from convcost.system.files import check_is_writable, write_bytes

RESOLUTION = 2.0
"""The scale factor of PNGs."""

INSTALL_HINT = "Install them with: pip install 'convcost[plots]'"


def check_installed(*libraries: str) -> None:
    """UsageError if one of the libraries is missing; nothing is imported."""
    for library in libraries:
        if find_spec(library) is None:
            raise UsageError(
                f"pictures need {library.replace('_', '-')}, which is not installed", hint=INSTALL_HINT
            )


def svg_text(figure: Figure, palette: Palette = LIGHT, width: int = WIDE) -> str:
    """The figure as an SVG element."""
    check_installed("vl_convert")
    import vl_convert

    found: str = vl_convert.vegalite_to_svg(vega_spec(figure, width), config=configuration(palette))
    return found


def html_page(figure: Figure) -> str:
    """A self-contained page with the figure, light or dark, for a screen or a phone."""
    check_installed("vl_convert")
    palettes = {"light": LIGHT, "dark": DARK}
    configs = {name: configuration(each, is_interactive=True) for name, each in palettes.items()}
    parts = {
        "title": escape(make_xml_printable(figure.title[:200])),
        "description": escape(make_xml_printable(figure.description), quote=True),
        "font": FONT,
        "light": LIGHT.background,
        "dark": DARK.background,
        "limit": str(WIDE + MARGIN + 60),
        "specs": _script_json({"wide": vega_spec(figure), "narrow": vega_spec(figure, NARROW)}),
        "configs": _script_json(configs),
        "bundle": _bundle(),
    }
    page = files("convcost.render.charts").joinpath("page.html").read_text(encoding="utf-8")
    return Template(page).substitute(parts)


def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which comes with vl-convert."""
    import vl_convert

    script: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub lacks the default
    return re.sub("</(?=script)", r"<\\/", script, flags=re.IGNORECASE)


def _script_json(value: Any) -> str:
    """JSON for a script element, escaped so that nothing in it ends the script."""
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _png(figure: Figure) -> bytes:
    import vl_convert

    found: bytes = vl_convert.vegalite_to_png(
        vega_spec(figure), scale=RESOLUTION, config=configuration(LIGHT)
    )
    return found


def _pdf(figure: Figure) -> bytes:
    import vl_convert

    found: bytes = vl_convert.vegalite_to_pdf(vega_spec(figure), config=configuration(LIGHT))
    return found


WRITERS: dict[str, Callable[[Figure], bytes]] = {
    ".svg": lambda figure: svg_text(figure).encode(),
    ".png": _png,
    ".pdf": _pdf,
    ".html": lambda figure: html_page(figure).encode(),
}
"""The functions that write each kind of file, by suffix."""


def check_file(target: Path) -> None:
    """UsageError for a file that no picture can be saved to; called before anything is computed."""
    suffix = target.suffix.lower()
    shown = make_printable(str(target))[:60]
    if suffix not in WRITERS:
        near = did_you_mean(suffix, WRITERS) if suffix else ""
        hint = f"Choose from {', '.join(WRITERS)}."
        raise UsageError(
            f"--plot {shown}: {suffix or 'this name'} is not a supported picture format{near}", hint=hint
        )
    check_is_writable(target)
    check_installed("vl_convert")


def save_pictures(figure: Figure, targets: Iterable[Path]) -> None:
    """Write the figure to each of the files; all are drawn before the first is written."""
    drawn = [(target, WRITERS[target.suffix.lower()](figure)) for target in targets]
    for target, data in drawn:
        write_bytes(target, data)
