"""What is computed from rows with open sizes, and the largest of several formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sympy import Max, S

from convcost.core.report import Assumption, Report, Row
from convcost.symbolic.convert import from_sympy, to_sympy
from convcost.symbolic.formula import Formula, name, part
from convcost.symbolic.lower_bounds import least_values
from convcost.symbolic.report_mapping import mapped, mapped_layer, throughout
from convcost.symbolic.signs import is_nonnegative
from convcost.symbolic.substitution import substitute, transform
from convcost.symbolic.symbol import symbol

Rows = Sequence[Row]

MOST_CHOICES = 12
"""A maximum of more formulas tells a reader nothing, and takes long to find."""

Largest = Callable[[Sequence[Any]], Any]


def compute_rows(report: Report, compute: Callable[[Rows, Largest], tuple[Any, ...]]) -> tuple[Any, ...]:
    """`compute` of the report's rows in our own formulas, which are quicker, as sympy's.

    Each dimension that is no plain size is one meanwhile, of which it is known that it is positive.
    """
    ours = [
        mapped(row, from_sympy)._replace(
            layer=mapped_layer(row.layer, from_sympy),
            input=throughout(row.input, _dimension),
            output=throughout(row.output, _dimension),
        )
        for row in report.rows
    ]
    largest = largest_under(report.assumptions)
    return tuple(throughout(value, as_sympy) for value in compute(ours, largest))


def _dimension(size: Any) -> Any:
    formula = from_sympy(size)
    is_plain = not isinstance(formula, Formula) or (
        len(formula.terms) == 1 and all(atom.kind == "name" for atom in formula.atoms)
    )
    return formula if is_plain else part("positive", formula)


def largest_under(assumed: tuple[Assumption, ...]) -> Largest:
    """What finds the largest of several formulas in sizes of which that is assumed."""
    least = least_values(S.Zero, assumed)
    counted = {size.name: name(size.name) + number - 1 for size, number in least.items()}
    return partial(_largest, counted)


def _largest(counted: Mapping[str, Any], numbers: Iterable[Any]) -> Any:
    """The one that is no less than the others for all sizes; or else sympy's Max of those that may be it.

    None if these are too many. `counted` are sizes that are no less than some number, as what counts from 1.
    """

    def is_at_least(first: Any, second: Any) -> bool:
        difference = first - second
        return bool(is_nonnegative(difference) or is_nonnegative(substitute(_opened(difference), counted)))

    found: list[Any] = []
    for number in dict.fromkeys(numbers):
        if not any(is_at_least(other, number) for other in found):
            found = [other for other in found if not is_at_least(number, other)] + [number]
            if len(found) > MOST_CHOICES:
                return None
    return found[0] if len(found) == 1 else Max(*map(as_sympy, found), evaluate=False)


def _opened(formula: Any) -> Any:
    """With what each dimension is."""
    return transform(formula, together=lambda atom: atom.inner)


def as_sympy(formula: Any) -> Any:
    """What was computed, with each dimension as what it is."""
    return to_sympy(_opened(formula)) if isinstance(formula, int | Formula) else formula


def value_of(formula: Any, sizes: Mapping[str, int]) -> Any:
    """The number that what was computed comes to with these `sizes`."""
    return (
        formula if isinstance(formula, int) else int(formula.subs({symbol(key): sizes[key] for key in sizes}))
    )
