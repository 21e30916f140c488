"""Facts about open sizes as requirements, the simplest first: what follows from them is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import lcm
from typing import TYPE_CHECKING, Any

from convcost.core.constraints import AtLeast, Divides, Equals, Requirement
from convcost.symbolic.common_factors import common_divisor
from convcost.symbolic.formula import Formula, atoms_of, divided, name, part
from convcost.symbolic.signs import is_nonnegative
from convcost.symbolic.substitution import names_in, substitute
from convcost.symbolic.terms import Atom
from convcost.tracing.symbolic_shapes.facts import Fact
from convcost.tracing.symbolic_shapes.sizes import Sizes

if TYPE_CHECKING:
    from convcost.symbolic.evaluator import SymbolicEvaluator


def needed(facts: Iterable[Fact], sizes: Sizes, evaluator: SymbolicEvaluator) -> Iterator[Requirement]:
    """What `facts` say beside what `evaluator` knows when each is asked for."""
    pinned = pinned_by(facts)
    for fact in sorted(facts, key=_rank):
        is_short = len(fact.difference.atoms) == 1
        left = evaluator.simplify(fact.difference if is_short else with_pinned(fact.difference, pinned))
        if isinstance(left, Formula):
            yield from _requirements(fact._replace(difference=left), sizes, evaluator)


def _rank(fact: Fact) -> tuple[bool, int]:
    return not divisors(fact.difference), len(names_in(fact.difference))


def _requirements(fact: Fact, sizes: Sizes, evaluator: SymbolicEvaluator) -> Iterator[Requirement]:
    difference: Any = fact.difference
    is_least = is_nonnegative(evaluator.assumptions.under(difference))
    is_most = is_nonnegative(evaluator.assumptions.under(-difference))
    found = divisors(difference) if fact.relation == "zero" or is_most else {}
    if found and all(sizes.examples[size] % divisor == 0 for size, divisor in found.items()):
        for size, divisor in found.items():
            whole: Any = name(size)
            yield Divides(divisor, whole, str(divisor), size)
    elif fact.relation == "nonnegative" or is_most:
        yield AtLeast(difference, 0, "a size")
    elif is_least:
        yield AtLeast(-difference, 0, "a size")
    else:
        yield Equals(difference, 0, "a size", "another")


def divisors(difference: Any) -> dict[str, int]:
    """The numbers of which sizes have to be multiples to make `difference` 0; empty if that won't do."""
    steps = {size: _step(difference, size) for size in sorted(names_in(difference))}
    found = {size: step for size, step in steps.items() if step > 1}
    multiples = {size: step * name(size) for size, step in found.items()}
    return found if found and substitute(difference, multiples) == 0 else {}


def _step(formula: Any, size: str) -> int:
    """The least common multiple of what is divided by in the roundings that `size` is in."""
    step = 1
    for atom in atoms_of(formula):
        if atom.kind == "rounded" and size in names_in(atom.inner):
            divisor = common_divisor(atom.inner)
            step = lcm(step, divisor if isinstance(divisor, int) else 1, _step(atom.inner, size))
    return step


def pinned_by(facts: Iterable[Fact]) -> dict[Atom, int]:
    """The roundings of which facts say what number they are."""
    return {atom: number for fact in facts for atom, number in _pinned(fact)}


def _pinned(fact: Fact) -> Iterator[tuple[Atom, int]]:
    """⌊x⌋ and n where factor · ⌊x⌋ − factor · n = 0."""
    for atom in fact.difference.atoms if fact.relation == "zero" else ():
        factor = fact.difference.terms.get(frozenset({(atom, 1)}))
        number = factor and divided(fact.difference - factor * part(*atom), -factor)
        if atom.kind == "rounded" and isinstance(number, int):
            yield atom, number


def with_pinned(number: Any, pinned: Mapping[Atom, int]) -> Any:
    """`number` with the numbers that its roundings are."""
    if not pinned or not isinstance(number, Formula):
        return number
    return number.put_in(lambda atom: pinned[atom] if atom in pinned else part(*atom))
