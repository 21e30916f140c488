"""What a page shows, laid out in sections. `template.py` writes it as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from convcost.render.document import Derivation, Fact, Section


class PageFigure(NamedTuple):
    """A picture: SVG for a screen and for a phone.

    Attributes:
        title: The start of the caption.
        caption: What follows it.
        description: What there is to see, in place of the picture.
    """

    title: str
    caption: str
    description: str
    wide: str
    narrow: str


class PageSection(NamedTuple):
    """A part of a page under a heading; `name` is what a link to it is called."""

    name: str
    title: str
    content: Section = Section()
    derivations: tuple[Derivation, ...] = ()
    figures: tuple[PageFigure, ...] = ()


class PageOrigin(NamedTuple):
    """What made a page: the command, the versions of what its numbers rest on, the day as 2030-12-31."""

    command: str
    versions: Mapping[str, str | None]
    date: str


class ReportPage(NamedTuple):
    """A result for reading in a browser.

    Attributes:
        question: What the page answers, in a sentence.
        designs: Names, and the designs as code.
        facts: What the answer rests on: sizes, shapes.
    """

    title: str
    question: str
    designs: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    sections: tuple[PageSection, ...]
