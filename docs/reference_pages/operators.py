"""The ATen operators: a table for each family, with the rule that counts each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules

from convcost import operators
from convcost.operators.interface import Operator
from docs.reference_pages.markdown import code, page, table, text


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    yield "operators", page("Operators", INTRODUCTION, *_families())


INTRODUCTION = """An `nn.Module` is counted operator by operator. The operators below have formulas. Operators
that torch tags as pointwise count one elementwise operation for each output element. All others are reported
as not counted."""


def _families() -> Iterator[str]:
    for found in iter_modules(operators.__path__):
        module = import_module(f"convcost.operators.{found.name}")
        family: Mapping[str, Operator] = getattr(module, "OPERATORS", {})
        if family:
            yield f"## {found.name.replace('_', ' ').capitalize()}"
            yield text(_first_paragraph(module))
            yield table(("operators", "rule"), _rules(family))


def _rules(family: Mapping[str, Operator]) -> Iterator[tuple[str, str]]:
    """The operators of each rule, and its text."""
    names: dict[str, list[str]] = {}
    for name, operator in sorted(family.items()):
        names.setdefault(_first_paragraph(operator.cost), []).append(name)
    for rule, operators_of_rule in names.items():
        yield ", ".join(map(code, operators_of_rule)), text(rule)


def _first_paragraph(source: object) -> str:
    own = getattr(source, "__doc__", None) or ""
    return " ".join(cleandoc(own).split("\n\n")[0].split())
