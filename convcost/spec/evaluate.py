"""Evaluates size expressions of a spec, with ints, symbols or columns for the names."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import NoReturn

from convcost.core.constraints import Divides, Requirement
from convcost.core.cost import Size
from convcost.core.errors import Span, SpecError
from convcost.layers.interface import LARGEST_SIZE
from convcost.spec.syntax import LARGEST_EXPONENT, Expression, Name, Number, Power, Product, Sum


def evaluate(expression: Expression, sizes: Mapping[str, Size], text: str) -> Size:
    """The value of `expression` for `sizes`; errors point into `text`."""
    match expression:
        case Number(value=value):
            return value
        case Name(name=name):
            return sizes[name]
        case Sum(terms=terms, span=span):
            total: Size = 0
            for sign, term in terms:
                total = total + sign * evaluate(term, sizes, text)
            return _bounded(total, text, span)
        case Product(span=span):
            return _bounded(_product(expression, sizes, text), text, span)
        case Power(base=base, exponent=exponent, span=span):
            if exponent > LARGEST_EXPONENT:
                _fail(f"the largest exponent is {LARGEST_EXPONENT}", text, span)
            return _bounded(evaluate(base, sizes, text) ** exponent, text, span)


def _product(product: Product, sizes: Mapping[str, Size], text: str) -> Size:
    result = evaluate(product.first, sizes, text)
    for operator, factor in product.rest:
        value = evaluate(factor, sizes, text)
        if operator == "*":
            result = _bounded(result * value, text, product.span)
        else:
            result = _quotient(operator, result, value, sizes, text, product.span)
    return result


class OpenSizes(dict[str, Size]):
    """Sizes, some of which are symbols. Each `/` between them adds a requirement to `divisions`."""

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        super().__init__(sizes)
        self.divisions: list[Requirement] = []

    def divide_exactly(self, dividend: Size, divisor: Size, text: str) -> Size:
        """dividend / divisor, required to be an integer; `text` is the expression in the spec."""
        self.require_division(dividend, divisor)
        return dividend / divisor  # type: ignore[return-value]

    def require_division(self, dividend: Size, divisor: Size) -> None:
        """Add the requirement that the divisor divides the dividend."""
        self.divisions.append(Divides(divisor, dividend, "the divisor", "the dividend"))


def _quotient(
    operator: str, dividend: Size, divisor: Size, sizes: Mapping[str, Size], text: str, span: Span
) -> Size:
    if divisor == 0:
        _fail("a division by zero", text, span)
    if operator == "/" and not (isinstance(dividend, int) and isinstance(divisor, int)):
        assert isinstance(sizes, OpenSizes)
        return sizes.divide_exactly(dividend, divisor, " ".join(text[span.start : span.end].split()))
    if operator == "/" and dividend % divisor != 0:
        hint = "Use // to round down."
        _fail(f"{dividend} / {divisor} is not a whole number", text, span, hint)
    return dividend // divisor


def _bounded(size: Size, text: str, span: Span) -> Size:
    if isinstance(size, int | Integral) and not -LARGEST_SIZE <= size <= LARGEST_SIZE:
        _fail(f"a size above {LARGEST_SIZE:.0e}", text, span)
    return size


def _fail(message: str, text: str, span: Span, hint: str = "") -> NoReturn:
    raise SpecError(message, text=text, span=span, hint=hint)
