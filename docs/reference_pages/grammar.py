"""The grammars of designs, sizes, grids and conditions: the docstrings of the functions that parse them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import convcost
from docs.reference_pages.markdown import page

PACKAGE = Path(convcost.__file__).parent

GRAMMARS = {
    "Designs": "spec/grammar.py",
    "Sizes, shapes and arguments": "spec/argument_grammar.py",
    "Modules": "tracing/target/module_text.py",
    "Grids: `--over`": "search/grid.py",
    "Conditions: `--where`": "search/where.py",
}

RULE = re.compile(r"(?P<name>[a-z]+): (?P<definition>.+)", re.S)


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    sections = (f"## {title}\n\n```text\n{_rules(PACKAGE / path)}\n```" for title, path in GRAMMARS.items())
    yield "grammar", page("Grammar", INTRODUCTION, *sections)


INTRODUCTION = """Each rule is the docstring of the function that parses it. `"x"` is a text as written,
`( )` groups, `[ ]` is optional, `*` repeats, `|` separates alternatives. Names in capitals are tokens.
Spaces are ignored."""


def _rules(path: Path) -> str:
    return "\n".join(f"{name:<12} {definition}" for name, definition in _productions(path))


def _productions(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and (found := RULE.match(ast.get_docstring(node) or "")):
            yield found["name"], " ".join(found["definition"].split())
