"""A hint on the classes and functions in a Python file, which is parsed but not run."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from os.path import isfile
from pathlib import Path

from convcost.core.errors import join_words


def names_hint(source: str) -> str:
    """The classes and functions in the file `source`; empty without any. Nothing in it runs."""
    path = Path(source)
    try:
        if path.suffix != ".py" or not isfile(path) or path.stat().st_size > LARGEST_PARSED:
            return ""
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    public = [found for found in body if not getattr(found, "name", "_").startswith("_")]
    classes = [found for found in public if isinstance(found, ast.ClassDef) and found.bases]
    functions = [found for found in public if isinstance(found, ast.FunctionDef)]
    found: list[ast.ClassDef | ast.FunctionDef] = [*classes, *functions]
    if not found:
        return ""
    example = next((each.name for each in found if not _needs_arguments(each)), found[0].name)
    written = f"{source[:80]}:{example[:80]}"
    if len(found) == 1:
        return f"Write it as {written}."
    listed = [_listed("class", "classes", classes), _listed("function", "functions", functions)]
    return f"It has the {' and the '.join(filter(None, listed))}: {written}, for example."


def _needs_arguments(definition: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether a call without arguments fails, by the text of the definition alone."""
    if isinstance(definition, ast.ClassDef):
        methods = (each for each in definition.body if isinstance(each, ast.FunctionDef))
        own = next((each.args for each in methods if each.name == "__init__"), None)
        return own is not None and _count_required(own) > 1
    return _count_required(definition.args) > 0


def _count_required(arguments: ast.arguments) -> int:
    """The number of arguments without defaults, including self."""
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional + sum(default is None for default in arguments.kw_defaults)


def _listed(kind: str, kinds: str, definitions: Sequence[ast.ClassDef | ast.FunctionDef]) -> str:
    """`classes Block and Decoder`; empty without any."""
    names = [each.name[:40] for each in definitions]
    if not names:
        return ""
    if len(names) > MOST_NAMED:
        return f"{kinds} {', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return f"{kinds if names[1:] else kind} {join_words(names, 'and')}"


LARGEST_PARSED = 2**20
"""Bytes of a file whose names are read for a hint."""

MOST_NAMED = 6
"""Names in a hint."""
