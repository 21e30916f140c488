"""How a size or a cost is written, be it a number or a formula in the sizes left open."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.core import units

LONGEST_FORMULA = 56
"""A longer formula makes a table of several columns unreadable; JSON has it whole."""

LONGEST_ALONE = 104
"""Of a formula in the one column of a table, where it may take two lines."""

TOO_LONG = "(long: --json has it)"

NO_FORMULA = "(no formula)"
"""Where sizes are open and nothing of bearable length says what it comes to."""


def is_number(value: object) -> bool:
    """Whether `value` is a number, not a formula."""
    return isinstance(value, int | Fraction)


def shown(
    value: Any, *, longest: int = LONGEST_FORMULA, grouped: bool = True, missing: str = units.NONE
) -> str:
    """163,840 or 20·B·S·E²; `missing` where there is none."""
    if value is None:
        return missing
    if is_number(value):
        return units.exact(value)
    from convcost.symbolic.expression_parts import is_long

    if is_long(value, 3 * longest):
        return TOO_LONG
    text = formula(value, grouped=grouped)
    return text if len(text) <= longest else TOO_LONG


def in_full(value: Any) -> str:
    """A number with every digit, a formula however long: where a line has room for it."""
    return units.in_full(value) if is_number(value) else formula(value)


def formula(value: Any, *, grouped: bool = True) -> str:
    """A formula as people write it, however long; `grouped` separates thousands."""
    from convcost.symbolic.text import readable

    return readable(value, grouped=grouped)


def times(value: Any) -> str:
    """As `factor`, before what there is as much of: 6.00×, 3·L/5 times."""
    text = factor(value)
    return text if text.endswith("×") else f"{text} times"


def factor(value: Any) -> str:
    """6.00×, 3·L/5; a dash where there is no ratio."""
    number = simplified(value)
    if number is None or is_number(number):
        return units.ratio(None if number is None else Fraction(number))
    return shown(number)


def simplified(value: Any) -> Any:
    """A quotient of formulas in lowest terms, and a number where it is one."""
    if value is None or is_number(value):
        return value
    from convcost.symbolic.text import lowest_terms

    return lowest_terms(value)


def data(value: Any) -> Any:
    """A JSON value: an exact integer, a float for a fraction, a formula as the text of a program."""
    if isinstance(value, Fraction):
        return float(value) if abs(value) <= LARGEST_FLOAT else round(value)
    if value is None or isinstance(value, int):
        return value
    from convcost.symbolic.text import lowest_terms, program

    reduced = lowest_terms(value)
    return data(reduced) if is_number(reduced) else program(reduced)


LARGEST_FLOAT = 10**300
