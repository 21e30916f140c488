"""Replaces sizes, floors or absolute values in formulas, and asks what a formula is for large sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from convcost.symbolic.formula import Formula, Value, floor_of, formula_of
from convcost.symbolic.terms import Atom, Coefficient, terms_of

SMALL = 3
LARGE = (10**6, 10**9)
"""At such sizes the leading terms decide the sign, if the value grows with them."""


def substitute(formula: Value, sizes: Mapping[str, Value]) -> Value:
    """`formula` with each name in `sizes` replaced; other names stay."""
    return transform(formula, size=sizes.get) if sizes else formula


def value_at(formula: Value, sizes: Mapping[str, int]) -> Coefficient:
    """The number that `formula` is where all its sizes have one."""
    found = substitute(formula, sizes)
    assert not isinstance(found, Formula), found
    return found


def transform(
    formula: Value,
    *,
    size: Callable[[str], Value | None] = lambda name: None,
    absolute: Callable[[Value], Value] = abs,
    rounding: Callable[[Value], Value] = floor_of,
    opaque: Callable[[Atom], Value] | None = None,
) -> Value:
    """`formula` with `size(name)` for a size unless that is None, `absolute(x)` for |x|, and so on.

    With `opaque`, an opaque sum is replaced by `opaque(atom)`; otherwise it is changed inside.
    """
    known: dict[Atom, Value] = {}

    def value(atom: Atom) -> Value:
        if atom not in known:
            known[atom] = fresh(atom)
        return known[atom]

    def fresh(atom: Atom) -> Value:
        match atom.kind:
            case "name":
                found = size(atom.inner)
                return formula_of(atom) if found is None else found
            case "rounded":
                return rounding(within(atom.inner))
            case "absolute":
                return absolute(within(atom.inner))
            case "sum" | "positive" if opaque:
                return opaque(atom)
        inner = within(atom.inner)
        return formula_of(atom) if inner == atom.inner else inner

    def within(inner: Value) -> Value:
        return inner.map_atoms(value) if isinstance(inner, Formula) else inner

    return within(formula)


@lru_cache(maxsize=5_000)
def names_in(formula: Value) -> frozenset[str]:
    """The names of all sizes in it."""
    if not isinstance(formula, Formula):
        return frozenset()
    names = {atom.inner for atom in formula.atoms if atom.kind == "name"}
    return frozenset(names).union(*(names_in(atom.inner) for atom in formula.atoms if atom.kind != "name"))


def asymptotic_sign(formula: Value, large: frozenset[str]) -> int:
    """The sign where the sizes in `large` are large and others small; 0 if they do not decide it."""
    try:
        near, far = (_value_at_large(formula, large, size) for size in LARGE)
    except ZeroDivisionError:
        return 0
    is_decided = near * far > 0 and far * far > 4 * near * near
    return (1 if far > 0 else -1) if is_decided else 0


def _value_at_large(formula: Value, large: frozenset[str], size: int) -> Coefficient:
    """`formula` with `size` for the large sizes; an opaque sum is large if one of its sizes is."""
    found = transform(
        formula,
        size=lambda name: size if name in large else SMALL,
        opaque=lambda atom: size if names_in(atom.inner) & large else SMALL,
    )
    return terms_of(found).constant
