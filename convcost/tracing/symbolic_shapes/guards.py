"""What has to be so of open sizes for a model to run as it did on the examples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import names_in, substitute
from convcost.tracing.symbolic_shapes.replay import Point, Replays, TorchCall, distinct_calls, replays_at
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes


class Guard(NamedTuple):
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
        around = ({name: factor * size + step for name, size in sizes.items()} for factor, step in NEARBY)
        return self.relation == "zero" and not any(map(self.holds, around))


NEARBY = ((1, -1), (1, 1), (2, 0), (3, 0))


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


def guards_in(subject: Any, sizes: SymbolicSizes, kinds: Collection[str] = NEGATED) -> Iterator[Guard]:
    """What the answer to a question says, by relations of these `kinds`."""
    for relation, left, right in relations(subject, sizes.inquiry.answer_to(subject), sizes):
        difference = sizes.formula_of(left) - sizes.formula_of(right)
        if isinstance(difference, Formula) and relation in kinds:
            is_equal = relation == "Equality"
            yield Guard(difference, "zero") if is_equal else _nonnegative(relation, difference, sizes)


def relations(subject: Any, answer: bool, sizes: SymbolicSizes) -> Iterator[tuple[str, Any, Any]]:
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


def _nonnegative(relation: str, difference: Formula, sizes: SymbolicSizes) -> Guard:
    """What isn't negative where `difference` is in this relation to 0."""
    if relation == "Unequality":
        relation = "StrictGreaterThan" if sizes.example(difference) > 0 else "StrictLessThan"
    upward = -difference if "Less" in relation else difference
    return Guard(upward - 1 if "Strict" in relation else upward, "nonnegative")


FARTHEST = 64
"""So many times an example is beyond each bound on it that is looked for."""


MOST_AT_BOUND = 32
"""So many sizes at a bound are looked at for one that fits."""


def decisive_guards(
    sizes: SymbolicSizes, units: Iterable[TorchCall], points: Iterable[Point]
) -> tuple[Guard, ...]:
    """What the model asked; and what torch did, where it does something else at one of `points`."""
    asked = (question for question in sizes.inquiry.answers if question.is_models)
    found = dict.fromkeys(fact for question in asked for fact in guards_in(question.subject, sizes))
    fitting = [point for point in points if all(fact.holds(point) for fact in found)]
    for unit in distinct_calls(units):
        said = dict.fromkeys(fact for subject in unit.questions for fact in guards_in(subject, sizes))
        if said.keys() - found.keys():
            answers = replays_at(unit, fitting)
            found.update(dict.fromkeys(_shape_guards(said, answers)))
            for fact in sorted(said, key=lambda fact: fact.difference.parts):
                if fact not in found and _is_limiting(fact, unit, answers, found, sizes.examples):
                    found[fact] = None
    return tuple(found)


def _shape_guards(said: Iterable[Guard], answers: Replays) -> list[Guard]:
    """Of what was `said`, what decides a shape or has to be so; all if nothing can be found out."""
    if all(answer is None for _, answer in answers):
        return list(said)
    equal = [fact for fact in said if fact.relation == "zero" and _is_required(fact, answers)]
    left = [(point, answer) for point, answer in answers if all(fact.holds(point) for fact in equal)]
    return equal + _explaining(said, left)


def _is_required(fact: Guard, answers: Replays) -> bool:
    """Whether something else comes out, or an error, where it is not so."""
    elsewhere = [answer for point, answer in answers if not fact.holds(point)]
    return not elsewhere or not all(elsewhere)


def _explaining(said: Iterable[Guard], answers: Replays) -> list[Guard]:
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


def _is_limiting(
    fact: Guard, unit: TorchCall, answers: Replays, known: Collection[Guard], examples: Point
) -> bool:
    """Whether torch takes the last sizes for which a bound holds, and refuses all beyond."""
    if fact.relation == "zero" or any(
        answer is not None for point, answer in answers if not fact.holds(point)
    ):
        return False
    edges = (_edge(fact, name, known, examples) for name in sorted(names_in(fact.difference)))
    return any([answer for _, answer in replays_at(unit, edge)] == [True, None] for edge in edges)


def _edge(fact: Guard, name: str, known: Collection[Guard], examples: Point) -> list[Point]:
    """`examples` with the last size called `name` for which a bound holds, and with the next, if any.

    Sizes for which what is `known` is not so are passed over.
    """

    def at(size: int) -> Point:
        return {**examples, name: size}

    within = examples[name]
    beyond = next((size for size in (1, FARTHEST * within) if not fact.holds(at(size))), within)
    step = 1 if beyond > within else -1
    while abs(beyond - within) > 1:
        middle = (within + beyond) // 2
        within, beyond = (middle, beyond) if fact.holds(at(middle)) else (within, middle)
    sides = (
        range(within, within - step * MOST_AT_BOUND, -step),
        range(beyond, beyond + step * MOST_AT_BOUND, step),
    )
    fitting = ([at(size) for size in side if size > 0] for side in sides if beyond != within)
    found = (
        next((point for point in side if all(it.holds(point) for it in known)), None) for side in fitting
    )
    return [point for point in found if point]
