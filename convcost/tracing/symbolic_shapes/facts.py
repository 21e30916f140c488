"""What has to be so of open sizes for a model to run as it did on the examples."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal, NamedTuple

from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import names_in, substitute
from convcost.tracing.symbolic_shapes.sizes import Sizes
from convcost.tracing.symbolic_shapes.units import Point


class Fact(NamedTuple):
    """That `difference` is zero or not negative."""

    difference: Formula
    relation: Literal["zero", "nonnegative"]

    def holds(self, point: Point) -> bool:
        """Whether it is so at `point`; it isn't where it would divide by 0."""
        try:
            value = substitute(self.difference, point)
        except ZeroDivisionError:
            return False
        return bool(value == 0 if self.relation == "zero" else value >= 0)

    def forces(self, point: Point) -> bool:
        """Whether its sizes can only be as at `point`, as far as others around it tell."""
        sizes = {name: point[name] for name in names_in(self.difference)}
        around = ({name: factor * size + step for name, size in sizes.items()} for factor, step in AROUND)
        return self.relation == "zero" and not any(map(self.holds, around))


AROUND = ((1, -1), (1, 1), (2, 0), (3, 0))


NEGATED = {
    "Equality": "Unequality",
    "Unequality": "Equality",
    "StrictGreaterThan": "LessThan",
    "GreaterThan": "StrictLessThan",
    "StrictLessThan": "GreaterThan",
    "LessThan": "StrictGreaterThan",
}
"""Relations by sympy's names."""

BOUNDS = frozenset(name for name in NEGATED if name.endswith("Than"))


def facts_of(subject: Any, sizes: Sizes, kinds: Collection[str] = NEGATED) -> Iterator[Fact]:
    """What the answer to a question says, by relations of these `kinds`."""
    for relation, left, right in relations(subject, sizes.inquiry.answer_to(subject), sizes):
        difference = sizes.formula_of(left) - sizes.formula_of(right)
        if isinstance(difference, Formula) and relation in kinds:
            is_equal = relation == "Equality"
            yield Fact(difference, "zero") if is_equal else _above(relation, difference, sizes)


def relations(subject: Any, answer: bool, sizes: Sizes) -> Iterator[tuple[str, Any, Any]]:
    """The plain relations that the answer to a question says: of an `or`, one that decided it."""
    kind = type(subject).__name__
    if kind == "Not":
        yield from relations(subject.args[0], not answer, sizes)
    elif kind in {"And", "Or"}:
        deciding = [part for part in subject.args if sizes.example_of(part) == answer]
        for part in deciding if answer == (kind == "And") else deciding[:1]:
            yield from relations(part, answer, sizes)
    elif kind in NEGATED:
        left, right = subject.args
        yield (kind if answer else NEGATED[kind]), left, right


def _above(relation: str, difference: Formula, sizes: Sizes) -> Fact:
    """What isn't negative where `difference` is in this relation to 0."""
    if relation == "Unequality":
        relation = "StrictGreaterThan" if sizes.example(difference) > 0 else "StrictLessThan"
    upward = -difference if "Less" in relation else difference
    return Fact(upward - 1 if "Strict" in relation else upward, "nonnegative")
