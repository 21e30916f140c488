"""Replaces sizes, floors or absolute values in formulas, and finds the sign for large sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from convcost.symbolic.formula import Formula, Value, floor_of, formula_of
from convcost.symbolic.terms import Atom, Coefficient, terms_of

SMALL = 3
LARGE = (10**6, 10**9)
"""Sizes at which the leading terms decide the sign, if the value grows with them."""


def substitute(formula: Value, sizes: Mapping[str, Value]) -> Value:
    """`formula` with the names in `sizes` replaced."""
    return transform(formula, size=sizes.get) if sizes else formula


def value_at(formula: Value, sizes: Mapping[str, int]) -> Coefficient:
    """The value of `formula` with values for all its sizes."""
    number = substitute(formula, sizes)
    assert not isinstance(number, Formula), number
    return number


def transform(
    formula: Value,
    *,
    size: Callable[[str], Value | None] = lambda name: None,
    absolute: Callable[[Value], Value] = abs,
    rounding: Callable[[Value], Value] = floor_of,
    opaque: Callable[[Atom], Value] | None = None,
) -> Value:
    """`formula` with parts replaced: sizes by `size(name)` unless None, |x| by `absolute(x)`, and so on.

    With `opaque`, an opaque sum is replaced by `opaque(atom)`; otherwise its contents are transformed.
    """
    known: dict[Atom, Value] = {}

    def value(atom: Atom) -> Value:
        if atom not in known:
            known[atom] = replacement(atom)
        return known[atom]

    def replacement(atom: Atom) -> Value:
        match atom.kind:
            case "name":
                new_size = size(atom.inner)
                return formula_of(atom) if new_size is None else new_size
            case "rounded":
                return rounding(transformed(atom.inner))
            case "absolute":
                return absolute(transformed(atom.inner))
            case "sum" | "positive" if opaque:
                return opaque(atom)
        inner = transformed(atom.inner)
        return formula_of(atom) if inner == atom.inner else inner

    def transformed(inner: Value) -> Value:
        return inner.map_atoms(value) if isinstance(inner, Formula) else inner

    return transformed(formula)


@lru_cache(maxsize=5_000)
def names_in(formula: Value) -> frozenset[str]:
    """The names of all sizes in a formula."""
    if not isinstance(formula, Formula):
        return frozenset()
    names = {atom.inner for atom in formula.atoms if atom.kind == "name"}
    return frozenset(names).union(*(names_in(atom.inner) for atom in formula.atoms if atom.kind != "name"))


def asymptotic_sign(formula: Value, large: frozenset[str]) -> int:
    """The sign if the sizes in `large` are large and others small; 0 if that does not decide it."""
    try:
        near, far = (_value_at_large(formula, large, size) for size in LARGE)
    except ZeroDivisionError:
        return 0
    is_decided = near * far > 0 and far * far > 4 * near * near
    return (1 if far > 0 else -1) if is_decided else 0


def _value_at_large(formula: Value, large: frozenset[str], size: int) -> Coefficient:
    """`formula` with `size` for the large sizes; an opaque sum is large if one of its sizes is."""
    number = transform(
        formula,
        size=lambda name: size if name in large else SMALL,
        opaque=lambda atom: size if names_in(atom.inner) & large else SMALL,
    )
    return terms_of(number).constant
