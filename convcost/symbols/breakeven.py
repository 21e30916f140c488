"""Where the costs of two designs cross, and which of them is the cheaper on which side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sympy import Poly, Rational, real_roots, sympify
from sympy.polys.polyerrors import PolynomialError

from convcost.report import Assumption
from convcost.symbols.assume import core, inequality
from convcost.symbols.bounds import is_nonnegative
from convcost.symbols.exact import put_in
from convcost.symbols.symbol import symbol
from convcost.symbols.text import readable
from convcost.symbols.tidy import plain, tidy

LARGEST_SOUGHT = 10**12
SCANNED = 256
"""Sizes up to here are tried one by one where there is no closed form; beyond, by doubling and halving."""


class BreakEven(NamedTuple):
    """How the second of two costs lies to the first: −1 cheaper, 0 the same, +1 dearer.

    With one open size that matters, `crossings` are its values where the order changes and `signs` the
    order before, between and behind them; `exact` tells a root from the first whole number of the new
    order. With several, `condition` is when the second is cheaper. With neither, the one sign holds always.
    """

    signs: tuple[int, ...]
    size: str = ""
    crossings: tuple[Any, ...] = ()
    exact: bool = True
    difference: Any = None

    def from_least(self, assumed: tuple[Assumption, ...]) -> BreakEven:
        """The same for the sizes that the assumptions leave."""
        least = max((_least(found.formula, self.size) for found in assumed), default=1)
        passed = sum(
            bool(crossing < least) or (not self.exact and crossing == least) for crossing in self.crossings
        )
        return self._replace(signs=self.signs[passed:], crossings=self.crossings[passed:])

    def condition(self, write: Callable[[Any], str] = readable) -> str:
        """When the second is cheaper, if several sizes decide it: 3·L < 5·K."""
        return "" if self.difference is None else inequality(self.difference, "<", write)


def _least(formula: Any, size: str) -> int:
    """The least `size` for which a formula of it alone, rising evenly, is not negative; 1 of any other."""
    constant, rest = formula.as_coeff_Add()
    slope, symbol_alone = rest.as_coeff_Mul()
    if not (symbol_alone.is_Symbol and symbol_alone.name == size and slope > 0):
        return 1
    return int(-(constant // slope))


def break_even(first: Any, second: Any) -> BreakEven:
    """Where `second` − `first` changes its sign over positive sizes."""
    difference = core(tidy(sympify(second - first, strict=True)).formula)
    constant = _constant_sign(difference)
    if constant is not None:
        return BreakEven((constant,))
    sizes = sorted(difference.free_symbols, key=str)
    if len(sizes) > 1:
        return BreakEven((), difference=difference)
    return _along(difference, sizes[0])


def _constant_sign(difference: Any) -> int | None:
    if not difference.free_symbols:
        return _sign(difference)
    if is_nonnegative(difference - 1):
        return 1
    return -1 if is_nonnegative(-difference - 1) else None


def _along(difference: Any, size: Any) -> BreakEven:
    try:
        polynomial = Poly(difference, size)
    except PolynomialError:
        return _by_search(difference, size)
    if polynomial.free_symbols_in_domain or (not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ):
        return _by_search(difference, size)
    crossings = [root for root in dict.fromkeys(real_roots(polynomial)) if root > 0]
    signs = tuple(_sign(polynomial.eval(point)) for point in _between(crossings))
    kept = [place for place in range(len(crossings)) if signs[place] != signs[place + 1]]
    return BreakEven(
        signs=(signs[0], *(signs[place + 1] for place in kept)),
        size=size.name,
        crossings=tuple(plain(crossings[place]) for place in kept),
    )


def _between(crossings: list[Any]) -> Iterator[Any]:
    """A rational point before, between and behind the crossings."""
    edges = [Rational(0), *crossings]
    for lower, upper in zip(edges, crossings, strict=False):
        yield Rational(str(((lower + upper) / 2).evalf(30)))
    yield Rational(int(edges[-1]) + 1)


def _sign(value: Any) -> int:
    return int(bool(value > 0)) - int(bool(value < 0))


def _by_search(difference: Any, size: Any) -> BreakEven:
    def sign(number: int) -> int:
        return _sign(put_in(difference, {size.name: number}))

    signs, crossings = [sign(1)], []
    for lower, upper in _steps():
        if sign(upper) != signs[-1]:
            crossings.append(_first_change(sign, lower, upper))
            signs.append(sign(upper))
    return BreakEven(tuple(signs), size.name, tuple(crossings), exact=False)


def _steps() -> Iterator[tuple[int, int]]:
    for number in range(1, SCANNED):
        yield number, number + 1
    number = SCANNED
    while number < LARGEST_SOUGHT:
        yield number, 2 * number
        number *= 2


def _first_change(sign: Any, lower: int, upper: int) -> int:
    """The first number in (lower, upper] whose sign is `upper`'s, where it changes once."""
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (middle, upper) if sign(middle) != sign(upper) else (lower, middle)
    return upper


def ratio_at(ratio: Any, name: str, value: Any) -> Any:
    """`ratio` where the size called `name` is `value`."""
    return plain(sympify(ratio, strict=True).subs({symbol(name): value}))
