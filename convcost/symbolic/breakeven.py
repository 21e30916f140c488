"""Where the costs of two designs cross, and which of them is the cheaper on which side."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from sympy import CRootOf, Mul, S

from convcost.core.report import Assumption
from convcost.symbolic.bounds import Least, is_never_negative, least_values, sign_from
from convcost.symbolic.constraints import inequality
from convcost.symbolic.crossings import crossings, sign_of
from convcost.symbolic.expressions import python_number
from convcost.symbolic.factorization import product_of_sums
from convcost.symbolic.sympy_bridge import canonicalize, symbol
from convcost.symbolic.text import readable


class BreakEven(NamedTuple):
    """How the second of two costs lies to the first: −1 cheaper, 0 the same, +1 dearer.

    With one open size that matters, `crossings` are its values where the order changes and `signs` the
    order before, between and behind them, as `Crossings` has them.
    With several sizes, or too many crossings, the second is cheaper where `difference` < 0; if there is a
    sign all the same, it is that one wherever `difference` is not 0. With neither, the sign holds always.
    """

    signs: tuple[int, ...]
    size: str = ""
    crossings: tuple[Any, ...] = ()
    exact: bool = True
    difference: Any = None

    def condition(self, write: Callable[[Any], str] = readable) -> str:
        """When the second is cheaper, if that takes a formula: 3·L < 5·K."""
        return "" if self.difference is None or self.signs else inequality(self.difference, "<", write)

    def equality(self, write: Callable[[Any], str] = readable) -> str:
        """When both cost the same, where one is otherwise cheaper always: K·L = 1."""
        return inequality(self.difference, "=", write) if self.difference is not None and self.signs else ""


def break_even(first: Any, second: Any, assumed: tuple[Assumption, ...] = ()) -> BreakEven:
    """Where `second` − `first` changes its sign over the positive sizes that the assumptions leave."""
    difference = canonicalize(S.Zero + second - first)
    least = least_values(difference, assumed)
    deciding = _deciding(difference, least)
    sizes = sorted(deciding.free_symbols, key=str)
    if not sizes:
        return BreakEven((sign_of(deciding),))
    if len(sizes) == 1:
        return _along(deciding, sizes[0], least.get(sizes[0], 1))
    for sign in (1, -1):
        if is_never_negative(sign * deciding, least):
            return BreakEven((sign,), difference=deciding)
    return BreakEven((), difference=deciding)


def _along(difference: Any, size: Any, least: int) -> BreakEven:
    found = crossings(difference, size)
    if found is None:
        return BreakEven((), difference=difference)
    signs, points, exact = found.beyond(least)
    return BreakEven(signs, size.name, points, exact)


def _deciding(difference: Any, least: Least) -> Any:
    """`difference` without the factors that have one sign whatever the sizes."""
    sign, deciding = 1, []
    for part in Mul.make_args(product_of_sums(difference)):
        known = sign_from(part, least)
        if known is None:
            deciding.append(part)
        else:
            sign *= known
    return Mul(sign, *deciding)


def has_closed_form(crossing: Any) -> bool:
    """Whether a crossing is written with roots of numbers; one of a cubic may not be."""
    return isinstance(crossing, int | Fraction) or not crossing.has(CRootOf)


def ratio_at(ratio: Any, name: str, value: Any) -> Any:
    """`ratio` where the size called `name` is `value`."""
    return python_number((S.Zero + ratio).subs({symbol(name): value}))
