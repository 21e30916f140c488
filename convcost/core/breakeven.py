"""Which design with open sizes is the cheapest, and where that changes: the results, as pure data."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from convcost.core.cost import Size


class Relation(NamedTuple):
    """Two formulas, and how the first one is to the second: 3·L < 5·K."""

    left: Any
    sign: str
    right: Any

    def text(self, write: Callable[[Any], str]) -> str:
        """As a text, with formulas as `write` writes them."""
        return f"{write(self.left)} {self.sign} {write(self.right)}"


class BreakEven(NamedTuple):
    """How the second of two costs is to the first: −1 cheaper, 0 the same, +1 dearer.

    With one open size that matters, `crossings` are its values where the order changes and `signs` the
    order before, between and behind them. `exact` tells roots from the first whole numbers of a new order;
    a first sign of 0 before a root holds at that root, the least size there is.
    With several sizes, or too many crossings, the second is cheaper where `difference` < 0, which is the
    `condition`; if there is a sign all the same, it is that one wherever `difference` is not 0, and
    `equality` says where that is. With neither, the sign holds always.
    """

    signs: tuple[int, ...]
    size: str = ""
    crossings: tuple[Any, ...] = ()
    exact: bool = True
    difference: Any = None
    condition: Relation | None = None
    equality: Relation | None = None


class EqualInputs(NamedTuple):
    """The value of a size at which two inputs have as many elements, and the ratio of FLOPs there."""

    size: str
    value: Size
    ratio: Size | Fraction


class Stretch(NamedTuple):
    """The integers from `start` to `end`, to infinity if `end` is None, and the candidates that cost least.

    No candidate costs less than these there, and they cost the same. If that is not `is_decided`, it is one
    or another of them that costs least.
    """

    start: int
    end: int | None
    candidates: tuple[str, ...]
    is_decided: bool = True


class LowerEnvelope(NamedTuple):
    """Which candidates cost least, over all the values that the open sizes may have.

    With one size that decides, `stretches` are of its values, in order; there are none if no value fits all
    candidates. Where no size decides, or several of `sizes` do, there is one stretch, for all values. Then, a
    candidate is left out that never costs less than another, though it may cost the same at some values.
    """

    sizes: tuple[str, ...]
    stretches: tuple[Stretch, ...]
