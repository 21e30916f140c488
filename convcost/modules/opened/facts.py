"""What has to be so of open sizes for a model to run as it did on the examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from convcost.modules.opened.sizes import Sizes
from convcost.modules.opened.units import Answers, Point, Unit, answers_at, distinct
from convcost.symbols.change import names_in, put_in
from convcost.symbols.formula import Formula


class Fact(NamedTuple):
    """That `difference` is zero or not negative."""

    difference: Formula
    relation: Literal["zero", "nonnegative"]

    def holds(self, point: Point) -> bool:
        """Whether it is so at `point`; it isn't where it would divide by 0."""
        try:
            value = put_in(self.difference, point)
        except ZeroDivisionError:
            return False
        return bool(value == 0 if self.relation == "zero" else value >= 0)

    def forces(self, point: Point) -> bool:
        """Whether its sizes can only be as at `point`, as far as others around it tell."""
        sizes = {name: point[name] for name in names_in(self.difference)}
        around = ({name: factor * size + step for name, size in sizes.items()} for factor, step in AROUND)
        return self.relation == "zero" and not any(map(self.holds, around))


AROUND = ((1, -1), (1, 1), (2, 0), (3, 0))


def facts(sizes: Sizes, units: Iterable[Unit], points: Iterable[Point]) -> tuple[Fact, ...]:
    """What the model asked; and what torch did, where it does something else at one of `points`."""
    answers = sizes.inquiry.answers
    asked = (question for question in answers if question.is_models)
    found = dict.fromkeys(fact for question in asked for fact in _facts(question.subject, sizes))
    fitting = [point for point in points if all(fact.holds(point) for fact in found)]
    for unit in distinct(units):
        said = {fact: None for subject in unit.questions for fact in _facts(subject, sizes)}
        if said.keys() - found.keys():
            found.update(dict.fromkeys(_decisive(unit, said, fitting)))
    return tuple(found)


def _decisive(unit: Unit, said: Iterable[Fact], points: Iterable[Point]) -> list[Fact]:
    """Of what was `said`, what decides a shape or has to be so; all if nothing can be found out."""
    answers = answers_at(unit, points)
    if all(answer is None for _, answer in answers):
        return list(said)
    equal = [fact for fact in said if fact.relation == "zero" and _is_required(fact, answers)]
    left = [(point, answer) for point, answer in answers if all(fact.holds(point) for fact in equal)]
    return equal + _explaining(said, left)


def _is_required(fact: Fact, answers: Answers) -> bool:
    """Whether something else comes out, or an error, where it is not so."""
    elsewhere = [answer for point, answer in answers if not fact.holds(point)]
    return not elsewhere or not all(elsewhere)


def _explaining(said: Iterable[Fact], answers: Answers) -> list[Fact]:
    """Facts such that one is broken wherever a shape differs; rather those that aren't where it doesn't."""
    same = [point for point, answer in answers if answer]
    different = [point for point, answer in answers if answer is False]
    found = []
    for fact in sorted(said, key=lambda fact: sum(not fact.holds(point) for point in same)):
        unexplained = [point for point in different if fact.holds(point)]
        if len(unexplained) < len(different):
            found.append(fact)
            different = unexplained
    return found


def _facts(subject: Any, sizes: Sizes) -> Iterator[Fact]:
    for relation, left, right in relations(subject, sizes.inquiry.answer_to(subject), sizes):
        difference = sizes.formula_of(left) - sizes.formula_of(right)
        if isinstance(difference, Formula):
            is_equal = relation == "Equality"
            yield Fact(difference, "zero") if is_equal else _above(relation, difference, sizes)


NEGATED = {
    "Equality": "Unequality",
    "Unequality": "Equality",
    "StrictGreaterThan": "LessThan",
    "GreaterThan": "StrictLessThan",
    "StrictLessThan": "GreaterThan",
    "LessThan": "StrictGreaterThan",
}
"""Relations by sympy's names."""


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
