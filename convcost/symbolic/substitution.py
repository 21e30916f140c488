"""Formulas with something else put in for parts of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from convcost.symbolic.formula import Formula, part
from convcost.symbolic.rounding import rounded
from convcost.symbolic.terms import Atom

Way = Callable[[Any], Any]


def substitute(formula: Any, sizes: Mapping[str, Any]) -> Any:
    """`formula` with what `sizes` has for a name; other names stay."""
    return transform(formula, size=sizes.get) if sizes else formula


def transform(
    formula: Any,
    *,
    size: Way = lambda name: None,
    absolute: Way = abs,
    rounding: Way = rounded,
    together: Way | None = None,
) -> Any:
    """`formula` with `size(name)` for a size unless that is None, `absolute(x)` for |x|, and so on.

    With `together`, that is what becomes of a sum that is kept together, which is not looked into.
    """
    known: dict[Atom, Any] = {}

    def value(atom: Atom) -> Any:
        if atom not in known:
            known[atom] = fresh(atom)
        return known[atom]

    def fresh(atom: Atom) -> Any:
        match atom.kind:
            case "name":
                found = size(atom.inner)
                return part(*atom) if found is None else found
            case "rounded":
                return rounding(within(atom.inner))
            case "absolute":
                return absolute(within(atom.inner))
            case "sum" | "positive" if together:
                return together(atom)
        inner = within(atom.inner)
        return part(*atom) if inner == atom.inner else inner

    def within(inner: Any) -> Any:
        return inner.put_in(value) if isinstance(inner, Formula) else inner

    return within(formula)


@lru_cache(maxsize=5_000)
def names_in(formula: Any) -> frozenset[str]:
    """The names of all sizes in it."""
    if not isinstance(formula, Formula):
        return frozenset()
    names = {atom.inner for atom in formula.atoms if atom.kind == "name"}
    return frozenset(names).union(*(names_in(atom.inner) for atom in formula.atoms if atom.kind != "name"))
