"""Which facts decide what a model does: functions of torch run again on sizes for which they are not so."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from convcost.symbolic.substitution import names_in
from convcost.tracing.symbolic_shapes.facts import Fact, facts_of
from convcost.tracing.symbolic_shapes.sizes import Sizes
from convcost.tracing.symbolic_shapes.units import Answers, Point, Unit, answers_at, distinct

FAR = 64
"""So many times an example is beyond each bound on it that is looked for."""

NEAR = 32
"""So many sizes at a bound are looked at for one that fits."""


def facts(sizes: Sizes, units: Iterable[Unit], points: Iterable[Point]) -> tuple[Fact, ...]:
    """What the model asked; and what torch did, where it does something else at one of `points`."""
    asked = (question for question in sizes.inquiry.answers if question.is_models)
    found = dict.fromkeys(fact for question in asked for fact in facts_of(question.subject, sizes))
    fitting = [point for point in points if all(fact.holds(point) for fact in found)]
    for unit in distinct(units):
        said = dict.fromkeys(fact for subject in unit.questions for fact in facts_of(subject, sizes))
        if said.keys() - found.keys():
            answers = answers_at(unit, fitting)
            found.update(dict.fromkeys(_decisive(said, answers)))
            for fact in sorted(said, key=lambda fact: fact.difference.parts):
                if fact not in found and _is_limiting(fact, unit, answers, found, sizes.examples):
                    found[fact] = None
    return tuple(found)


def _decisive(said: Iterable[Fact], answers: Answers) -> list[Fact]:
    """Of what was `said`, what decides a shape or has to be so; all if nothing can be found out."""
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


def _is_limiting(fact: Fact, unit: Unit, answers: Answers, known: Collection[Fact], examples: Point) -> bool:
    """Whether torch takes the last sizes for which a bound holds, and refuses all beyond."""
    if fact.relation == "zero" or any(
        answer is not None for point, answer in answers if not fact.holds(point)
    ):
        return False
    edges = (_edge(fact, name, known, examples) for name in sorted(names_in(fact.difference)))
    return any([answer for _, answer in answers_at(unit, edge)] == [True, None] for edge in edges)


def _edge(fact: Fact, name: str, known: Collection[Fact], examples: Point) -> list[Point]:
    """`examples` with the last size called `name` for which a bound holds, and with the next, if any.

    Sizes for which what is `known` is not so are passed over.
    """

    def at(size: int) -> Point:
        return {**examples, name: size}

    within = examples[name]
    beyond = next((size for size in (1, FAR * within) if not fact.holds(at(size))), within)
    step = 1 if beyond > within else -1
    while abs(beyond - within) > 1:
        middle = (within + beyond) // 2
        within, beyond = (middle, beyond) if fact.holds(at(middle)) else (within, middle)
    sides = (range(within, within - step * NEAR, -step), range(beyond, beyond + step * NEAR, step))
    fitting = ([at(size) for size in side if size > 0] for side in sides if beyond != within)
    found = (
        next((point for point in side if all(it.holds(point) for it in known)), None) for side in fitting
    )
    return [point for point in found if point]
