"""Where a formula in one size changes its sign: its roots, or, with roundings, whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sympy import Poly, Rational, real_roots
from sympy.polys.polyerrors import PolynomialError

from convcost.symbolic.expressions import python_number
from convcost.symbolic.sign_runs import runs_of, sign_of

MOST_POINTS = 16
"""More changes of a sign are no answer that a reader can hold in mind."""


class Crossings(NamedTuple):
    """`points` where a sign changes, and the `signs` before, between and behind them.

    `exact` tells roots from the first whole numbers of a new sign. A first sign of 0 before a root holds at
    that root, the least size there is.
    """

    signs: tuple[int, ...]
    points: tuple[Any, ...] = ()
    exact: bool = True

    def beyond(self, least: int) -> Crossings:
        """The same for sizes from `least` on."""
        passed = sum(bool(point < least) or (not self.exact and point == least) for point in self.points)
        signs, points = self.signs[passed:], self.points[passed:]
        starts_there = self.exact and bool(points) and points[0] == least
        return self._replace(signs=(0, *signs[1:]) if starts_there else signs, points=points)


def crossings(difference: Any, size: Any) -> Crossings | None:
    """Where `difference` changes its sign over the positive values of its one `size`.

    None where it does so too often to be told, or without an end.
    """
    try:
        polynomial = Poly(difference, size)
    except PolynomialError:
        return _of_pieces(difference, size)
    if polynomial.free_symbols_in_domain or (not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ):
        return _of_pieces(difference, size)
    roots = [root for root in dict.fromkeys(real_roots(polynomial)) if root > 0]
    signs = tuple(sign_of(polynomial.eval(point)) for point in _between(roots))
    kept = [place for place, root in enumerate(roots) if signs[place] != signs[place + 1] or root.is_Integer]
    return Crossings(
        signs=(signs[0], *(signs[place + 1] for place in kept)),
        points=tuple(python_number(roots[place].together()) for place in kept),
    )


def _between(roots: list[Any]) -> Iterator[Any]:
    """A rational point before, between and behind the crossings."""
    edges = [Rational(0), *roots]
    for lower, upper in zip(edges, roots, strict=False):
        yield Rational(str(((lower + upper) / 2).evalf(30)))
    yield Rational(int(edges[-1]) + 1)


def _of_pieces(difference: Any, size: Any) -> Crossings | None:
    runs = runs_of(difference, size.name)
    if runs is None or len(runs) > MOST_POINTS:
        return None
    starts, signs = zip(*runs, strict=True)
    return Crossings(signs, starts[1:], exact=False)
