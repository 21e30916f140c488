"""How a size or a cost is written, be it a number or a formula in the sizes left open."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost import units

LONGEST_FORMULA = 56
"""A longer formula makes a table unreadable; JSON has it whole."""

TOO_LONG = "(long: --json has it)"


def is_number(value: object) -> bool:
    """Whether `value` is a number, not a formula."""
    return isinstance(value, int | Fraction)


def shown(value: Any) -> str:
    """163,840 or 20·B·S·E²."""
    if is_number(value):
        return units.exact(value)
    if value.count_ops() > LONGEST_FORMULA:
        return TOO_LONG
    from convcost.symbols.text import readable

    text = readable(value)
    return text if len(text) <= LONGEST_FORMULA else TOO_LONG


def about(value: Any, unit: str) -> str:
    """1.97 MFLOPs; nothing for a formula."""
    return units.human(value, unit) if is_number(value) else ""


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
    from convcost.symbols.text import lowest_terms

    return lowest_terms(value)


def latex(value: Any) -> str:
    """163,840 or 20 B E^{2} S, for math mode."""
    if is_number(value):
        return units.exact(value).replace(",", "{,}")
    from convcost.symbols.text import as_latex

    return as_latex(value)


def data(value: Any) -> Any:
    """A JSON value: an exact integer, a float for a fraction, a formula as the text of a program."""
    if isinstance(value, Fraction):
        return float(value) if abs(value) <= LARGEST_FLOAT else round(value)
    if value is None or isinstance(value, int):
        return value
    from convcost.symbols.text import lowest_terms, program

    reduced = lowest_terms(value)
    return data(reduced) if is_number(reduced) else program(reduced)


LARGEST_FLOAT = 10**300
