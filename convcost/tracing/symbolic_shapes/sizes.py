"""Open sizes, as torch's symbols with examples and as our formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from math import prod
from typing import Any

import torch

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, Requirement
from convcost.core.cost import Shape
from convcost.spec.formula_sizes import FormulaSizes
from convcost.symbolic.formula import Formula, atoms_of, divide, floor_of, formula_of, power_of, size_formula
from convcost.symbolic.predicates import is_nonnegative
from convcost.symbolic.substitution import names_in, value_at
from convcost.symbolic.terms import Atom, simplify_number
from convcost.tracing.declared_inputs import Size, SizeExpression
from convcost.tracing.symbolic_shapes.shape_env import ExampleShapeEnv, GuardLog

FINEST = 2**20
"""The largest denominator of a float that is taken as exact. Other floats are roundings."""

HALF = Fraction(1, 2)


class NoFormulaError(Exception):
    """A size or a cost without a formula in open sizes."""


def to_formula(expression: Any, symbols: Mapping[Any, Any]) -> Any:
    """The formula of torch's `expression`, with the formulas of its `symbols`."""
    if expression in symbols:
        return symbols[expression]
    if expression.is_Rational:
        return _plain_number(Fraction(int(expression.p), int(expression.q)))
    if expression.is_Float:
        return _from_float(float(expression))
    rule = RULES.get(type(expression).__name__)
    if rule is None:
        raise NoFormulaError(f"torch's {type(expression).__name__} of a size has no formula")
    return rule(*(to_formula(part, symbols) for part in expression.args))


def _plain_number(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _from_float(number: float) -> int | Fraction:
    exact = Fraction(number)
    if exact.denominator > FINEST:
        raise NoFormulaError(f"a size is multiplied by {number}, which is not exact in floating point")
    return _plain_number(exact)


def _identity(number: Any) -> Any:
    return number


def _ceil(number: Any) -> Any:
    return -floor_of(-number)


def _largest(*numbers: Any) -> Any:
    return reduce(arithmetic.larger, numbers)


def _smallest(*numbers: Any) -> Any:
    return reduce(arithmetic.smaller, numbers)


def _sum(*terms: Any) -> Any:
    return sum(terms)


def _product(*factors: Any) -> Any:
    return prod(factors)


RULES: dict[str, Callable[..., Any]] = {
    "Add": _sum,
    "Mul": _product,
    **dict.fromkeys(("Pow", "PowByNatural"), power_of),
    **dict.fromkeys(("FloorDiv", "CleanDiv"), lambda dividend, divisor: dividend // divisor),
    **dict.fromkeys(("Mod", "PythonMod"), lambda dividend, divisor: dividend % divisor),
    **dict.fromkeys(("IntTrueDiv", "FloatTrueDiv"), divide),
    "ModularIndexing": lambda base, divisor, modulus: base // divisor % modulus,
    "Max": _largest,
    "Min": _smallest,
    **dict.fromkeys(("floor", "FloorToInt", "TruncToInt"), floor_of),
    **dict.fromkeys(("ceiling", "CeilToInt"), _ceil),
    **dict.fromkeys(("ToFloat", "Identity"), _identity),
}
"""Rules by names of functions in torch.utils._sympy.functions and in sympy."""


@lru_cache(maxsize=10_000)
def with_fewer_halves(number: Any) -> Any:
    """`number` with ⌊(n + 1)/2⌋ for n − ⌊n/2⌋, or the other way round, if that is shorter."""
    for atom in sorted(atoms_of(number), key=lambda atom: atom.key):
        shorter = _by_hermite_identity(number, atom)
        if len(_terms(shorter)) < len(_terms(number)):
            return with_fewer_halves(shorter)
    return number


def _by_hermite_identity(number: Formula, atom: Atom) -> Any:
    """`number` with ⌊x⌋ replaced by ⌊2·x⌋ − ⌊x + 1/2⌋, Hermite's identity for two."""
    if atom.kind != "rounded":
        return number
    other = floor_of(2 * atom.inner) - floor_of(atom.inner + HALF)
    return number.map_atoms(lambda found: other if found == atom else formula_of(found))


def _terms(number: Any) -> Any:
    return number.terms if isinstance(number, Formula) else ()


class SymbolicSizes:
    """Open sizes by name, with an example for each, which answers questions of the model or of torch.

    Torch's sizes are polynomials: each rounding gets its own symbol, the same for the same number.
    """

    def __init__(self, examples: Mapping[str, int]) -> None:
        self.guard_log = GuardLog()
        self.shape_env = ExampleShapeEnv(self.guard_log)
        self.examples = examples
        self.requirements: list[Requirement] = []
        self._computed: list[SizeExpression] = []
        self._formulas: dict[Any, Formula] = {}
        self._symbols: dict[Formula, Any] = {}
        self._known: dict[Any, Any] = {}
        """A cache of formulas by expression."""
        self._torch_sizes: dict[Formula, Any] = {}

    def to_torch(self, size: Size) -> Any:
        """The torch.SymInt of a declared size, a name or an expression; a number as it is."""
        if isinstance(size, SizeExpression):
            return self._torch_size(self._declared_formula(size))
        return self._torch_size(size_formula(size)) if isinstance(size, str) else size

    def _declared_formula(self, size: SizeExpression) -> Any:
        """The formula, with the requirements that its divisions are exact and that it is ≥ 1."""
        known = FormulaSizes(size.names)
        formula = size.formula(known)
        self._computed.append(size)
        self.requirements += [*known.divisions, AtLeast(formula, 1, "a dimension")]
        return formula

    def are_possible(self, sizes: Mapping[str, int]) -> bool:
        """Whether all computed sizes of the inputs are integers ≥ 1 for these `sizes`."""
        return all(size.value(sizes) is not None for size in self._computed)

    def formula(self, size: int | Formula | torch.SymInt) -> Any:
        """The formula of torch's `size`; NoFormulaError if there is none."""
        return size if isinstance(size, int | Formula) else self.formula_of(size.node._expr)

    def formula_of(self, expression: Any) -> Any:
        """The formula of an expression in torch's symbols."""
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = with_fewer_halves(to_formula(expression, self._formulas))
        return found

    def names_in(self, expression: Any) -> list[str]:
        """The open sizes that an expression in torch's symbols depends on."""
        found = (names_in(self.formula_of(symbol)) for symbol in expression.free_symbols)
        return sorted(frozenset[str]().union(*found))

    def shape(self, tensor: torch.Tensor) -> Shape:
        """The formulas of the tensor's dimensions."""
        return tuple(map(self.formula, tensor.shape))

    def simplify(self, size: int | torch.SymInt) -> Any:
        """A dimension as a torch.SymInt whose expression is a polynomial."""
        return self._torch_size(self.formula(size))

    def example(self, number: Any) -> Any:
        """The value of a formula for the examples."""
        return simplify_number(value_at(number, self.examples))

    def example_of(self, expression: Any) -> Any:
        """The truth value of a relation in torch's symbols for the examples."""
        return self.shape_env.example_of(expression)

    def formula_text(self, symbol: str) -> str:
        """The formula of torch's symbol called `symbol`, as text."""
        from convcost.symbolic.sympy_bridge import to_sympy

        found = (str(to_sympy(number)) for known, number in self._formulas.items() if str(known) == symbol)
        return next(found, symbol)

    def _torch_size(self, dimension: Any) -> Any:
        if not isinstance(dimension, Formula):
            return dimension
        found = self._torch_sizes.get(dimension)
        if found is None:
            expression, example = self._expression(dimension), self.example(dimension)
            found = self._torch_sizes[dimension] = self.shape_env.create_symintnode(expression, hint=example)
        return found

    def _expression(self, number: Formula) -> Any:
        is_polynomial = all(
            factor.denominator == 1 and all(power > 0 for _, power in monomial)
            for monomial, factor in number.terms.items()
        )
        if not is_polynomial:
            return self._symbol(number, number)
        return number.map_atoms(lambda atom: self._symbol(formula_of(atom), number))

    def _symbol(self, number: Formula, dimension: Formula) -> Any:
        """The symbol for `number`. It is positive if it is the whole dimension; a part of one need not be."""
        if number not in self._symbols:
            is_positive = number == dimension or bool(is_nonnegative(number - 1))
            symbol = self.shape_env.symbol(len(self._symbols), self.example(number), is_positive)
            self._symbols[number], self._formulas[symbol] = symbol, number
        return self._symbols[number]
