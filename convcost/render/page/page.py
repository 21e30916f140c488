"""A page as data, in sections. `template.py` writes it as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from convcost.render.document import Derivation, Fact, Section


class PageFigure(NamedTuple):
    """A picture: SVG for a screen and for a phone.

    Attributes:
        title: The start of the caption.
        caption: The rest of the caption.
        description: The alternative text of the picture.
    """

    title: str
    caption: str
    description: str
    wide: str
    narrow: str


class PageSection(NamedTuple):
    """A part of a page under a heading; `name` is its id, for links."""

    name: str
    title: str
    content: Section = Section()
    derivations: tuple[Derivation, ...] = ()
    figures: tuple[PageFigure, ...] = ()


class PageOrigin(NamedTuple):
    """The origin of a page: the command, versions of packages, and the date as 2030-12-31."""

    command: str
    versions: Mapping[str, str | None]
    date: str


class ReportPage(NamedTuple):
    """A result for reading in a browser.

    Attributes:
        question: The question that the page answers.
        designs: Names, and the designs as code.
        facts: Sizes and shapes.
    """

    title: str
    question: str
    designs: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    sections: tuple[PageSection, ...]
