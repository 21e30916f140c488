"""The bookkeeper of open sizes: what has been assumed of them, and formulas made shorter under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Symbol, floor, sympify

from convcost.errors import RequirementError
from convcost.layers.interface import Layer
from convcost.quantities import Cost, Shape
from convcost.report import Assumption
from convcost.requirements import Requirement
from convcost.symbols.assume import FailureError, assumptions, multiples, not_negative
from convcost.symbols.bounds import is_nonnegative
from convcost.symbols.tidy import Tidied, is_whole, plain, tidy


class Ledger:
    """Assumptions by what they are about, the strongest of each."""

    def __init__(self) -> None:
        self._entered: dict[Any, Assumption] = {}
        self._whole: dict[Any, Any] = {}
        self._back: dict[Any, Any] = {}
        self._known: dict[tuple[str, Layer, Shape], tuple[Tidied, ...]] = {}

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What has been assumed, each relation once."""
        return tuple({found.text: found for found in self._entered.values()}.values())

    def require(self, requirement: Requirement, step: int) -> None:
        """Enter what `requirement` needs; raise RequirementError where no sizes fulfil it."""
        try:
            for assumption in assumptions(requirement):
                self._enter(assumption)
        except FailureError:
            raise RequirementError(
                requirement.message, hint=requirement.hint, argument=requirement.argument, step=step
            ) from None

    def _enter(self, assumption: Assumption) -> None:
        constant, subject = assumption.formula.as_coeff_Add()
        key = (assumption.relation, subject)
        known = self._entered.get(key)
        if self._follows(assumption) or (known and known.formula.as_coeff_Add()[0] <= constant):
            return
        self._entered[key] = assumption
        if assumption.relation == "whole":
            self._split_multiples()

    def _follows(self, assumption: Assumption) -> bool:
        """Whether it is so for all sizes that are the multiples they are assumed to be."""
        formula = assumption.formula.subs(self._whole)
        if assumption.relation == "nonnegative":
            return bool(is_nonnegative(formula))
        return assumption.relation == "whole" and is_whole(formula)

    def _split_multiples(self) -> None:
        """Every size that is a multiple as that number times a part."""
        factors = multiples(self.assumed)
        parts = {size: Symbol(f"_{size.name}", integer=True, positive=True) for size in factors}
        self._whole = {size: factors[size] * part for size, part in parts.items()}
        self._back = {part: size / factors[size] for size, part in parts.items()}

    def tidied(self, formula: Any) -> Any:
        """`formula` as short as the assumptions allow, and a Python int where it is one."""
        if isinstance(formula, int):
            return formula
        quotients = [found.formula for found in self.assumed if found.relation == "whole"]
        exact = formula.xreplace({floor(quotient): quotient for quotient in quotients})
        short, taken = tidy(exact.subs(self._whole))
        for difference in taken:
            self._take(difference.subs(self._back))
        return plain(short.subs(self._back))

    def _take(self, difference: Any) -> None:
        for assumption in not_negative(difference):
            self._enter(assumption)

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """The layer's output, each dimension tidied."""
        return self._with_stand_ins(layer, shape, "output", layer.output)

    def cost(self, layer: Layer, shape: Shape) -> Cost:
        """The layer's cost, each quantity tidied."""
        return Cost(
            *self._with_stand_ins(layer, shape, "cost", lambda simple: _quantities(layer.cost(simple)))
        )

    def _with_stand_ins(
        self, layer: Layer, shape: Shape, what: str, formulas: Callable[[Shape], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        """`formulas` worked out once on a plain symbol for each compound dimension, which is then put in.

        So a chain that shortens its input again and again does not work on ever longer formulas.
        """
        stand_ins = {_stand_in(place): size for place, size in enumerate(shape) if _is_compound(size)}
        simple = tuple(_stand_in(place) if _is_compound(size) else size for place, size in enumerate(shape))
        key = (what, layer, simple)
        if key not in self._known:
            large = self._symbols_of(simple)
            self._known[key] = tuple(self._tidied_once(formula, large) for formula in formulas(simple))
        return tuple(self._put_in(formula, stand_ins) for formula in self._known[key])

    def _symbols_of(self, shape: Shape) -> frozenset[Any]:
        """The sizes that an input is made of: they are taken to be larger than a kernel or its padding."""
        sizes = (sympify(size, strict=True).subs(self._whole) for size in shape)
        return frozenset[Any]().union(*(size.free_symbols for size in sizes))

    def _tidied_once(self, formula: Any, large: frozenset[Any]) -> Tidied:
        return tidy(sympify(formula, strict=True).subs(self._whole), large)

    def _put_in(self, quantity: Tidied, stand_ins: dict[Any, Any]) -> Any:
        for difference in quantity.assumed:
            self._take(difference.subs(stand_ins).subs(self._back))
        return self.tidied(plain(quantity.formula.subs(stand_ins).subs(self._back)))


def _quantities(cost: Cost) -> tuple[Any, ...]:
    return cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise


def _is_compound(size: Any) -> bool:
    return not isinstance(size, int) and not size.is_Symbol


def _stand_in(place: int) -> Any:
    return Symbol(f"_{place}", integer=True, positive=True)
