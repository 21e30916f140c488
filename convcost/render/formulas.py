"""Formats sizes and costs: numbers, formulas in open sizes, shapes, ratios."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from convcost.analysis.explain.steps import EquationSide, Factor, Multiple, Percentage, Value, divided
from convcost.core import units
from convcost.core.cost import Shape, Size, ratio_of
from convcost.core.escapes import make_printable
from convcost.render.texts import Expression, MathText, MixedText, parts_of

LONGEST_FORMULA = 56
"""The most characters of a formula in a table of several columns; JSON has it in full."""

LONGEST_ALONE = 104
"""The most characters of a formula in a table of one column, where it may take two lines."""

TOO_LONG = "(too long: see --json)"

SUMS = (" + ", " − ")
ENCLOSED = re.compile(r"⌊[^⌊⌋()]*⌋|\([^()⌊⌋]*\)")


def is_number(value: object) -> bool:
    """Whether `value` is a number, not a formula."""
    return isinstance(value, int | Fraction)


def short_text(
    value: Any, *, longest: int = LONGEST_FORMULA, grouped: bool = True, missing: str = units.NONE
) -> str:
    """163,840 or 20·B·S·E²; `missing` where there is none."""
    if value is None:
        return missing
    if is_number(value):
        return units.exact(value)
    from convcost.symbolic.sympy_expressions import is_long

    if is_long(value, 3 * longest):
        return TOO_LONG
    text = _expression_text(value, grouped)
    return text if len(text) <= longest else TOO_LONG


def amount_text(
    value: Any, unit: str = "", *, longest: int = LONGEST_FORMULA, missing: str = units.NONE
) -> str:
    """As `short_text`, but for a long formula its leading terms in this unit: ≈ 4.54·B·H·W GFLOPs."""
    text = short_text(value, longest=longest, missing=missing)
    return _leading_text(value, unit, longest) if text == TOO_LONG else text


def _leading_text(formula: Any, unit: str, longest: int) -> str:
    """≈ 4.54·B·H·W GFLOPs for large H, W; TOO_LONG if there are none, or they are too long too."""
    from convcost.symbolic.leading_terms import leading_terms

    found = leading_terms(formula)
    if found is None:
        return TOO_LONG
    power = units.power_of_thousand(found.terms[0][0]) if unit else 0
    products = [_term_text(factor / 1000**power, monomial) for factor, monomial in found.terms]
    scaled = f" {units.prefixed(unit, power)}" if unit else ""
    opening, closing = ("(", ")") if scaled and len(products) > 1 else ("", "")
    total = MathText.joined("", ("≈ ", opening, MathText.joined(" + ", products), closing))
    text = MixedText(total, f"{scaled} for large ", MathText(", ".join(found.names)))
    return text if len(text) <= longest else TOO_LONG


def _term_text(factor: Fraction, monomial: Any) -> MathText:
    """4.54·B·H·W; only the number if there is no size in it."""
    digits = units.three_digits(factor)
    return MathText(digits) if monomial == 1 else MathText.joined("·", (digits, _expression_text(monomial)))


def is_leading(text: str) -> bool:
    """Whether a text has leading terms instead of a formula that is too long."""
    return text.startswith("≈ ")


def full_text(value: Any) -> str:
    """A number with all digits, or a formula of any length."""
    return units.in_full(value) if is_number(value) else _expression_text(value)


def _expression_text(value: Any, grouped: bool = True) -> MathText:
    from convcost.symbolic.sympy_text import readable

    return MathText(readable(value, grouped=grouped), (Expression(value, grouped),))


def approximate_text(value: Any, unit: str = "", *, longest: int = LONGEST_FORMULA) -> str:
    """A rounded number, 4.09 G; or a formula."""
    return units.human(value, unit) if is_number(value) else amount_text(value, unit, longest=longest)


def share_text(part: Size, whole: Size) -> str:
    """16.6%, or a quotient of formulas; empty for 0 or without a formula."""
    found: Any = simplify(ratio_of(part, whole)) if part != 0 else None
    return units.percent(Fraction(found)) if is_number(found) else short_text(found, missing="")


def size_text(size: Size) -> str:
    """128, or a formula; without thousands separators, as lists have commas."""
    return str(size) if isinstance(size, int) else short_text(size, grouped=False)


def shape_text(shape: Shape) -> MathText:
    """(1, 128, 10)."""
    return math_text("({})", MathText.joined(", ", map(size_text, shape)))


def multiple_text(value: Any) -> str:
    """`factor_text` followed by a noun: 6.00×, 3·L/5 times."""
    text = factor_text(value)
    return text if text.endswith("×") else MixedText(text, " times")


def factor_text(value: Any) -> str:
    """6.00×, 3·L/5; a dash without a ratio."""
    number = simplify(value)
    if number is None or is_number(number):
        return units.ratio(None if number is None else Fraction(number))
    return short_text(number)


def percentage_text(percentage: Percentage) -> str:
    """0.13%, or a quotient of formulas."""
    quotient = divided(*percentage)
    return units.percent(Fraction(quotient)) if is_number(quotient) else full_text(quotient)


def value_text(value: Value) -> str:
    """1,280, B·S, (1, 128, 10), 6.00×, 0.13%; a text unchanged."""
    match value:
        case MathText():
            return value
        case str():
            return make_printable(value)
        case Factor(value=value):
            return factor_text(value)
        case Multiple(value=value):
            return multiple_text(value)
        case Percentage():
            return percentage_text(value)
        case EquationSide(template=template, values=values):
            return math_text(template, *values)
        case tuple():
            return shape_text(value)
    return full_text(value)


def math_text(template: str, *values: Value) -> MathText:
    """A formula from a template, with `values` in place of `{}`, in brackets where needed."""
    text, *others = template.split("{}")
    parts = list(parts_of(text))
    for value, after in zip(values, others, strict=True):
        inner = value_text(value)
        is_bracketed = template != "{}" and _needs_brackets(value, inner, text, after)
        opening, closing = ("(", ")") if is_bracketed else ("", "")
        text += f"{opening}{inner}{closing}{after}"
        parts += [opening, *parts_of(inner), closing, after]
    return MathText(text, tuple(parts))


def relation_text(compose: Callable[[Callable[[Any], str]], str]) -> MathText:
    """The text that `compose` makes with the given function for formulas: L + 2 ≥ K."""
    formulas: list[Any] = []

    def write(formula: Any) -> str:
        formulas.append(formula)
        return "{}"

    start, *others = compose(write).split("{}")
    pairs = zip(formulas, others, strict=True)
    return MathText.joined(
        "", (start, *(text for value, after in pairs for text in (value_text(value), after)))
    )


def _needs_brackets(value: Value, text: str, before: str, after: str) -> bool:
    """Whether a value needs brackets: a sum, a product as a divisor, a quotient as a factor."""
    outside = _outside_brackets(text)
    is_factor = before.endswith("·") or after.startswith("·")
    return not isinstance(value, str) and (
        any(sign in outside for sign in SUMS)
        or (before.endswith("/ ") and "·" in text)
        or (is_factor and "/" in outside)
    )


def _outside_brackets(text: str) -> str:
    """`text` without its bracketed parts."""
    while (less := ENCLOSED.sub("", text)) != text:
        text = less
    return text


def simplify(value: Any) -> Any:
    """A quotient of formulas in lowest terms; a number if it is one."""
    if value is None or is_number(value):
        return value
    from convcost.symbolic.sympy_text import lowest_terms

    return lowest_terms(value)
