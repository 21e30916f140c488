"""Writes the generated pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

from docs.reference_pages import commands, grammar, layers, operators, python_api, schemas, tables

FOLDER = Path(__file__).parent.parent / "reference" / "generated"


def all_pages() -> Iterator[tuple[str, str]]:
    """The path of each page, without its suffix, and its text."""
    for source in (commands, grammar, layers, operators, schemas, tables, python_api):
        yield from source.pages()


def write_pages() -> None:
    """Write all pages, and remove those that no longer exist."""
    rmtree(FOLDER, ignore_errors=True)
    for name, text in all_pages():
        path = FOLDER / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
