"""Reads the options of rows and columns: --by, --depth, --sort, --top, --filter, --columns."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from convcost.cli.options import PartOptions
from convcost.core.errors import UsageError, check_word, unknown_name
from convcost.core.metrics import BY_NAME, NAMES
from convcost.core.report import Report
from convcost.core.units import parse_count
from convcost.render import columns
from convcost.render.part_order import largest_by
from convcost.render.style import View

BY_MODULE = ("module", "operator")
BY_LAYER = ("layer",)

OF_OPERATORS = tuple(name for name in columns.OPERATOR_COLUMNS if name in BY_NAME)
"""The quantities of operators."""


def read_view(options: PartOptions, groupings: tuple[str, ...], backward: bool) -> View:
    """The view that the options describe. `groupings` are the possible values of --by, the default first.

    Raises UsageError for unknown names, and for quantities and columns that such rows do not have.
    """
    by: Any = options.by or groupings[0]
    _check_grouping(by, groupings)
    sorts = (*OF_OPERATORS, "order") if by == "operator" else (*NAMES, "path", "order")
    sort = options.sort or "order"
    if sort not in sorts:
        refused = "operators are not sorted by" if by == "operator" else "no quantity is called"
        raise unknown_name(refused, sort, sorts)
    if options.depth and by == "operator":
        raise UsageError("--depth is for modules and layers: operators are not nested")
    return View(
        _at_least_one("--depth", options.depth),
        "" if sort == "order" else sort,
        options.filter_by,
        by,
        _at_least_one("--top", options.top),
        tuple(dict.fromkeys(_columns(options.columns, by, backward))),
    )


def _check_grouping(by: str, groupings: tuple[str, ...]) -> None:
    """UsageError for a value of --by that is not among `groupings`, those of this kind of design."""
    if by in BY_MODULE and groupings == BY_LAYER:
        raise UsageError(f"--by {by} is for torch modules; a design is shown by layer")
    if by in BY_LAYER and groupings == BY_MODULE:
        raise UsageError(f"--by {by} is for designs; a torch module is shown by module or operator")
    check_word("--by", by, groupings)


def _at_least_one(option: str, text: str) -> int | None:
    return parse_count(text, option, least=1) if text else None


def _columns(text: str, by: str, backward: bool) -> Iterator[str]:
    """The columns in a comma-separated list, with groups expanded."""
    for word in text.split(",") if text else ():
        name = word.strip().lower().replace("-", "_")
        if name not in columns.NAMES:
            raise unknown_name("no column is called", word.strip(), columns.NAMES)
        for each in columns.GROUPS.get(name, (name,)):
            if by == "operator" and each not in columns.OPERATOR_COLUMNS:
                hint = f"Choose from {', '.join(columns.OPERATOR_COLUMNS)}."
                raise UsageError(f"operators have no column {name}", hint=hint)
            if each == "backward" and not backward:
                raise UsageError("the column backward needs --backward", hint="Add --backward.")
            yield each


def check_order(report: Report, view: View) -> None:
    """UsageError if rows are sorted by a quantity that is a formula."""
    quantity = largest_by(view) if view.top else view.sort
    if quantity in BY_NAME and not isinstance(getattr(report, quantity), int | Fraction | None):
        option = f"--sort {quantity}" if view.sort else "--top"
        names = ", ".join(report.open_names)
        raise UsageError(f"{option} needs a number for {names}", hint="Formulas can't be sorted.")
