"""Parse a module with its arguments and inputs: `f32[1,3,32,32] -> net.py:Net(width=2)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs
from convcost.tracing.sources.interface import SourceReference
from convcost.tracing.sources.reference import is_reference, match_reference
from convcost.tracing.target.target import Place, is_place, parse_place

CALLED = re.compile(r"(?P<place>[^'\"]*?:\s*[A-Za-z_][\w.]*)\s*\((?P<arguments>.*)", re.S)
PRINTED = re.compile(r"[^:]*\w\(\s*\(\w+\):\s")
"""The start of a module as torch prints it: Sequential( (0): Linear(...) )"""

LABEL = re.compile(r"\s*(?P<label>[A-Za-z_]\w*)\s*=\s*")
ARROW = re.compile(r"->|→")
CALL = re.compile(r"[A-Za-z_]\w*\s*\(")
"""The start of a layer, which no input has."""

LONGEST_ARGUMENTS = 10_000

FORM = "Write it as net.py:Net(width=2), or with its inputs as 'f32[1,3,32,32] -> net.py:Net(width=2)'."


class ModuleText(NamedTuple):
    """The place of a module, its inputs (None if the text has none), and its arguments."""

    place: Place | SourceReference
    inputs: DeclaredInputs | None
    arguments: Mapping[str, Any]


def is_module_text(text: str) -> bool:
    """Whether `text` names a module. No spec does."""
    if PRINTED.match(text):
        return False
    return is_reference(text) or bool(CALLED.fullmatch(text)) or is_place(text)


def parse_module_text(text: str) -> ModuleText:
    """module: [NAME "="] [inputs "->"] (SOURCE ":" NAME | reference) ["(" arguments ")"]"""
    if found := match_reference(text):
        arguments = {} if found.arguments is None else _arguments(text, found.arguments)
        inputs, label = (None, "") if found.before is None else _labelled_inputs(text, found.before)
        return ModuleText(found.reference._replace(label=found.reference.label or label), inputs, arguments)
    called = CALLED.fullmatch(text)
    *before, place = ARROW.split(called["place"] if called else text)
    arguments = _arguments(text, called["arguments"]) if called else {}
    if not before:
        return ModuleText(parse_place(place), None, arguments)
    inputs, label = _labelled_inputs(text, "->".join(before))
    return ModuleText(parse_place(place)._replace(label=label), inputs, arguments)


def _labelled_inputs(text: str, before: str) -> tuple[DeclaredInputs, str]:
    """The inputs before the arrow, and their label."""
    if ARROW.search(before) or CALL.search(before):
        hint = "Compare it with another design, or put the layers into the module."
        raise UsageError(f"{text.strip()[:80]}: a torch module can't be part of a chain", hint=hint)
    label = LABEL.match(before)
    return _inputs(text, before[label.end() :] if label else before), label["label"] if label else ""


def _inputs(text: str, written: str) -> DeclaredInputs:
    """inputs: input ("," input)* | "(" input ("," input)* ")" """
    listed = written.strip()
    if listed.startswith("(") and listed.endswith(")"):
        listed = listed[1:-1].strip()
    if not listed:
        raise UsageError(f"{text.strip()[:80]}: the input before the arrow is missing", hint=FORM)
    return parse_inputs(_split_at_commas(listed))


def _split_at_commas(text: str) -> Iterator[str]:
    """The parts of `text` between commas outside brackets."""
    start, depth = 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if sign == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _arguments(text: str, written: str) -> dict[str, Any]:
    """arguments: [NAME "=" literal ("," NAME "=" literal)*], with Python's literals."""
    try:
        call = ast.parse(f"_({written[:LONGEST_ARGUMENTS].rstrip()}", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise UsageError(f"{text.strip()[:80]}: its arguments can't be read", hint=FORM)
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise UsageError(f"{text.strip()[:80]}: a module's arguments are given by name", hint=FORM)
    return dict(_argument(keyword) for keyword in call.keywords)


def _argument(keyword: ast.keyword) -> tuple[str, Any]:
    name = str(keyword.arg)
    try:
        return name, ast.literal_eval(keyword.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        literal = ast.unparse(keyword.value)[:40]
        hint = f'Put strings in quotes: {name}="{literal}".' if literal.isidentifier() else ""
        raise UsageError(
            f"{name}={literal} is not a number, string, list or other literal", hint=hint
        ) from None
