"""Parses an HTML page: elements with their attributes and texts, in order."""

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "link", "br", "img"}


class Element(NamedTuple):
    tag: str
    attributes: dict[str, str | None]
    parents: tuple[str, ...]
    pieces: list[str]

    @property
    def text(self):
        return " ".join("".join(self.pieces).split())


class PageReader(HTMLParser):
    """Checks that every element is closed in the right order."""

    def __init__(self, page):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), tuple(each.tag for each in self._open), [])
        assert len(element.attributes) == len(attrs)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop().tag == tag

    def handle_data(self, data):
        for element in self._open:
            element.pieces.append(data)

    def all(self, *tags):
        """The elements with these tags, in order."""
        return [element for element in self.elements if element.tag in tags]

    def texts(self, *tags):
        return [element.text for element in self.all(*tags)]
