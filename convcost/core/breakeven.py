"""Results of break-even analysis: which design is cheapest, and at which sizes that changes. Pure data."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from convcost.core.cost import Size


class Relation(NamedTuple):
    """A relation between two formulas: 3·L < 5·K."""

    left: Any
    sign: str
    right: Any

    def text(self, write: Callable[[Any], str]) -> str:
        """The relation as text; `write` formats a formula."""
        return f"{write(self.left)} {self.sign} {write(self.right)}"


class BreakEven(NamedTuple):
    """How the second of two costs compares with the first: −1 cheaper, 0 equal, +1 more expensive.

    With one relevant open size, `crossings` are its values where the order changes, and `signs` the order
    before, between and after them. If `exact`, crossings are roots; otherwise they are the first integers
    with the new order. A first sign of 0 before a root holds at that root, the smallest possible size.

    With several sizes, or too many crossings, the second is cheaper where `difference` < 0, the `condition`.
    If `signs` has one nevertheless, it holds wherever `difference` is not 0; `equality` is where it is 0.
    Without `crossings` and `difference`, the sign always holds.
    """

    signs: tuple[int, ...]
    size: str = ""
    crossings: tuple[Any, ...] = ()
    exact: bool = True
    difference: Any = None
    condition: Relation | None = None
    equality: Relation | None = None


class EqualInputs(NamedTuple):
    """The value of a size at which two inputs have equally many elements, and the ratio of FLOPs there."""

    size: str
    value: Size
    ratio: Size | Fraction


class Stretch(NamedTuple):
    """The integers from `start` to `end` (None: infinity), and the cheapest candidates there.

    If `is_decided`, these candidates all cost the same there; otherwise any of them can be the cheapest.
    """

    start: int
    end: int | None
    candidates: tuple[str, ...]
    is_decided: bool = True


class LowerEnvelope(NamedTuple):
    """The cheapest candidates for all values of the open sizes.

    If one size decides, `stretches` are ordered ranges of its values, or empty if no value is valid for all
    candidates. If no size or several of `sizes` decide, there is one stretch for all values. It omits
    candidates that never cost less than another one, even if they cost the same at some values.
    """

    sizes: tuple[str, ...]
    stretches: tuple[Stretch, ...]
