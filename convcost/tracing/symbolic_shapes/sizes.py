"""Sizes left open as torch sees them, symbols with an example each, and as our formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Shape
from convcost.symbolic.formula import Formula, name, part
from convcost.symbolic.signs import is_nonnegative
from convcost.symbolic.substitution import names_in, substitute
from convcost.symbolic.terms import plain
from convcost.tracing.inputs import Multiple, Size
from convcost.tracing.symbolic_shapes.environment import environment
from convcost.tracing.symbolic_shapes.expressions import formula
from convcost.tracing.symbolic_shapes.halves import with_fewer_halves
from convcost.tracing.symbolic_shapes.inquiry import Inquiry

if TYPE_CHECKING:
    import torch


class Sizes:
    """Open sizes by name, with an `example` for each that decides where a model or torch asks.

    Torch's sizes are kept polynomials: what is rounded is a symbol of its own, the same for the same number.
    """

    def __init__(self, examples: Mapping[str, int]) -> None:
        self.inquiry = Inquiry()
        self.environment = environment(self.inquiry)
        self.examples = examples
        self._formulas: dict[Any, Formula] = {}
        self._symbols: dict[Formula, Any] = {}

    def named(self, size: Size) -> Any:
        """The size called so, or a multiple of it, as torch takes it; a number as it is."""
        if isinstance(size, Multiple):
            return self._torchs(size.factor * name(size.name))
        return self._torchs(name(size)) if isinstance(size, str) else size

    def formula(self, size: int | Formula | torch.SymInt) -> Any:
        """The formula of torch's `size`; NoFormulaError if there is none."""
        return size if isinstance(size, int | Formula) else self.formula_of(size.node.expr)

    def formula_of(self, expression: Any) -> Any:
        """The formula of an expression in torch's symbols."""
        return with_fewer_halves(formula(expression, self._formulas))

    def names_in(self, expression: Any) -> list[str]:
        """The open sizes that an expression in torch's symbols depends on."""
        found = (names_in(self.formula_of(symbol)) for symbol in expression.free_symbols)
        return sorted(frozenset[str]().union(*found))

    def shape(self, tensor: torch.Tensor) -> Shape:
        """The formulas of its dimensions."""
        return tuple(map(self.formula, tensor.shape))

    def simple(self, size: int | torch.SymInt) -> Any:
        """`size`, a dimension, as torch takes it, a polynomial."""
        return self._torchs(self.formula(size))

    def example(self, number: Any) -> Any:
        """What `number` is for the examples."""
        return plain(substitute(number, self.examples))

    def example_of(self, subject: Any) -> Any:
        """What a relation in torch's symbols is for the examples."""
        return self.environment.guarding_hint_or_throw(subject)

    def spelled(self, symbol: str) -> str:
        """The formula of the symbol that torch writes so, as text."""
        found = (str(number) for known, number in self._formulas.items() if str(known) == symbol)
        return next(found, symbol)

    def _torchs(self, dimension: Any) -> Any:
        if not isinstance(dimension, Formula):
            return dimension
        expression = self._expression(dimension)
        return self.environment.create_symintnode(expression, hint=self.example(dimension))

    def _expression(self, number: Formula) -> Any:
        is_polynomial = all(
            factor.denominator == 1 and all(power > 0 for _, power in monomial)
            for monomial, factor in number.terms.items()
        )
        if not is_polynomial:
            return self._symbol(number, number)
        return number.put_in(lambda atom: self._symbol(part(*atom), number))

    def _symbol(self, number: Formula, dimension: Formula) -> Any:
        """A dimension is 1 or more; what it is made of need not be."""
        if number not in self._symbols:
            is_positive = number == dimension or bool(is_nonnegative(number - 1))
            symbol = self.environment.symbol(len(self._symbols), self.example(number), is_positive)
            self._symbols[number], self._formulas[symbol] = symbol, number
        return self._symbols[number]
