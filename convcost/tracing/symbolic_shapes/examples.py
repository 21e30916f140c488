"""Example sizes: which to run a model on first, and which a failed run points at.

A model that compares a size with a number wants that number. It wants less where a table was cut to the
size, mask[:T, :T] say: no more came out than the table has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from convcost.core.arithmetic import ceil_div
from convcost.core.errors import UsageError
from convcost.symbolic.substitution import names_in, substitute, value_at
from convcost.tracing.declared_inputs import DeclaredInputs, SizeExpression
from convcost.tracing.symbolic_shapes.assumptions import divisors
from convcost.tracing.symbolic_shapes.guards import BOUNDS, Guard, guards_in, relations
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes

Examples = Mapping[str, int]
"""A number for each open size."""

TYPICAL = 224
"""As many sizes are: what holds for others alone is of little use."""

ODD = (211, 199, 197, 193, 191, 181, 179, 173, 167, 163)

ROUND = (224, 192, 160, 128, 96, 64, 320, 384, 448, 512)

SMALL_ODD = (13, 11, 7, 5, 17, 19, 23, 29, 31, 3)

SMALL_ROUND = (16, 12, 8, 24, 20, 28, 4, 32, 36, 40)

TRIAL_SIZES = (ODD, ROUND, SMALL_ODD, SMALL_ROUND, (TYPICAL,))
"""Odd ones first: what holds for them does not hold because they happen to be multiples."""

LOWER = tuple(n for n in range(ODD[0], 1, -1) if all(n % divisor for divisor in range(2, n)))
"""Where a bound is looked for, from above."""

HIGHER = (257, 521, 1031, 2053, 4099)

OTHERS = (
    (1,),
    (2, 3, 4, 5),
    (30, 41, 58, 77),
    (57, 102, 63, 90),
    (96, 320, 448, 672),
    (1021, 1030, 2011, 1344),
)

MOST_EXPRESSIONS = 12
"""So many expressions before the failure are looked at."""

MOST_BOUNDS = 50
"""So many for the bounds that they say."""

MOST_CHANGES = 2
"""So many examples that change the last answer."""

MOST_NUMBERS = 1_000
"""So many numbers are tried for each size that others are computed of."""

NUMBERS_HINT = "Give them numbers, such as --h 7."

LARGEST_SIDE = 1_025
"""Of an image, beside what is tried."""


def trial_examples(names: Iterable[str]) -> list[Examples]:
    """What to try, one after the other."""
    return [_each(tuple(names), numbers) for numbers in TRIAL_SIZES]


def fitting_examples(examples: Examples, inputs: DeclaredInputs) -> Examples:
    """`examples` with larger ones where a computed size of an input is no whole number, or less than 2.

    UsageError where there are none.
    """
    every = (size for declared in inputs.all for size in declared.shape)
    computed = [size for size in every if isinstance(size, SizeExpression)]
    found = dict(examples)
    for name in examples:
        own = [size for size in computed if name in size.names]
        numbers = (number for number in range(found[name], found[name] + MOST_NUMBERS))
        fits = (number for number in numbers if all(_fits(size, {**found, name: number}) for size in own))
        found[name] = next(fits, found[name])
    if not all(_fits(size, found) for size in computed):
        names = ", ".join(dict.fromkeys(name for size in computed for name in size.names))
        sizes = ", ".join(map(str, computed))
        raise UsageError(f"no numbers for {names} were found that make sizes of {sizes}", hint=NUMBERS_HINT)
    return found


def _fits(size: SizeExpression, examples: Examples) -> bool:
    value = size.value(examples)
    return value is not None and value > 1


def probe_points(examples: Examples) -> list[Examples]:
    """Where to look at shapes: at other examples, and at these with one size changed."""
    changed = [
        {**examples, name: number}
        for name, example in examples.items()
        for number in (1, example + 1, 2 * example)
    ]
    return changed + [_each(tuple(examples), numbers) for numbers in TRIAL_SIZES + OTHERS]


def _each(names: tuple[str, ...], numbers: tuple[int, ...]) -> Examples:
    return {name: numbers[place % len(numbers)] for place, name in enumerate(names)}


def suggested_examples(sizes: SymbolicSizes) -> Iterator[Examples]:
    """The examples as they would have to be for what was unequal to be equal, by the last question first.

    Smaller ones go before where they change another answer too, and all that change the last one first.
    """
    answers = list(islice(reversed(sizes.guard_log.answers.items()), MOST_BOUNDS))
    bounds = [list(guards_in(question.expression, sizes, BOUNDS)) for question, _ in answers]
    for guard in bounds[0] if bounds else ():
        yield from islice(_counterexamples(guard, sizes.examples), MOST_CHANGES)
    known = [guard for found in bounds for guard in found]
    for question, answer in answers[:MOST_EXPRESSIONS]:
        for relation, left, right in relations(question.expression, answer, sizes):
            if relation == "Unequality":
                difference = sizes.formula_of(left) - sizes.formula_of(right)
                for examples in _examples_making_equal(difference, sizes.examples):
                    yield from _smaller_examples(examples, sizes.examples, known)
                    yield examples


def _counterexamples(guard: Guard, examples: Examples) -> Iterator[Examples]:
    """`examples` with all sizes of `guard` smaller, or one of them another, such that it isn't so."""
    names = sorted(names_in(guard.difference))
    for some in (names, *([name] for name in names)):
        smaller = (_with_smaller_sizes(some, limit, examples) for limit in LOWER)
        larger = ({**examples, some[0]: number} for number in HIGHER)
        tried = (changed for changed in chain(smaller, larger) if changed and not guard.holds(changed))
        yield from islice(tried, 1)


def _smaller_examples(wanted: Examples, examples: Examples, known: Iterable[Guard]) -> Iterator[Examples]:
    """Smaller sizes than are `wanted`, where something `known` of the examples is not so for them."""
    changed = [name for name, number in wanted.items() if number < examples[name]]
    if changed:
        lower = _with_smaller_sizes(changed, min(wanted[name] for name in changed), wanted)
        if lower and any(guard.holds(examples) and not guard.holds(lower) for guard in known):
            yield lower


def _with_smaller_sizes(names: Iterable[str], limit: int, examples: Examples) -> Examples:
    """`examples` with a number of its own below `limit` for each of `names`; nothing if there are too few."""
    names = list(names)
    others = {number for name, number in examples.items() if name not in names}
    numbers = [number for number in LOWER if number < limit and number not in others][: len(names)]
    return {**examples, **dict(zip(names, numbers, strict=True))} if len(numbers) == len(names) else {}


def _examples_making_equal(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` with a multiple, a number, or another size in one place that makes `difference` 0."""
    multiples = {size: ceil_div(examples[size], step) * step for size, step in divisors(difference).items()}
    if multiples:
        yield {**examples, **multiples}
    yield from _with_equal_sizes(difference, examples)
    for size in examples:
        number = _solution(difference, size, examples)
        if number > 1:
            yield {**examples, size: number}


def _with_equal_sizes(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` with the one number for all sizes of `difference`, as the sides of an image mostly have."""
    names = sorted(names_in(difference))
    roots = [
        number
        for number in range(2, LARGEST_SIDE)
        if substitute(difference, dict.fromkeys(names, number)) == 0
    ]
    if 0 < len(roots) < LARGEST_SIDE - 2:
        yield {**examples, **dict.fromkeys(names, roots[0])}


def _solution(difference: Any, size: str, examples: Examples) -> int:
    """What `size` is where `difference`, growing evenly with it, is 0 beside the other examples; else 0."""
    first, second, third = (value_at(difference, {**examples, size: number}) for number in (1, 2, 3))
    growth = second - first
    is_even = growth and third - second == growth and first % growth == 0
    return 1 - first // growth if is_even else 0
