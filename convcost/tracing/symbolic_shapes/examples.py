"""Example sizes: the first ones to run a model on, and those that a failed run suggests.

If a model compares a size with a number, that number is suggested. If a table was cut to the size, as in
mask[:T, :T], a smaller size is suggested, since the table may have been too short.
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
"""A typical size. Formulas that don't hold for it are of little use."""

ODD = (211, 199, 197, 193, 191, 181, 179, 173, 167, 163)

ROUND = (224, 192, 160, 128, 96, 64, 320, 384, 448, 512)

SMALL_ODD = (13, 11, 7, 5, 17, 19, 23, 29, 31, 3)

SMALL_ROUND = (16, 12, 8, 24, 20, 28, 4, 32, 36, 40)

TRIAL_SIZES = (ODD, ROUND, SMALL_ODD, SMALL_ROUND, (TYPICAL,))
"""Odd sizes come first: no condition holds for them just because they are multiples of something."""

LOWER = tuple(n for n in range(ODD[0], 1, -1) if all(n % divisor for divisor in range(2, n)))
"""Primes to search for a lower bound, in descending order."""

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
"""The most expressions before a failure that are examined."""

MOST_BOUNDS = 50
"""The most expressions that are examined for bounds."""

MOST_CHANGES = 2
"""The most examples that change the last answer."""

MOST_NUMBERS = 1_000
"""The most numbers that are tried for a size that other sizes are computed from."""

NUMBERS_HINT = "Give them numbers, such as --h 7."

LARGEST_SIDE = 1_025
"""The largest number that is tried for all sizes of a difference, such as the sides of an image."""


def trial_examples(names: Iterable[str]) -> list[Examples]:
    """The examples to try, in order."""
    return [_assign_numbers(tuple(names), numbers) for numbers in TRIAL_SIZES]


def fitting_examples(examples: Examples, inputs: DeclaredInputs) -> Examples:
    """`examples`, increased until each computed size of an input is an integer ≥ 2.

    Raises:
        UsageError: No such sizes were found.
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
        raise UsageError(f"found no numbers for {names} that make {sizes} integers", hint=NUMBERS_HINT)
    return found


def _fits(size: SizeExpression, examples: Examples) -> bool:
    value = size.value(examples)
    return value is not None and value > 1


def probe_points(examples: Examples) -> list[Examples]:
    """Points at which to compare shapes: other examples, and these with one size changed."""
    changed = [
        {**examples, name: number}
        for name, example in examples.items()
        for number in (1, example + 1, 2 * example)
    ]
    return changed + [_assign_numbers(tuple(examples), numbers) for numbers in TRIAL_SIZES + OTHERS]


def _assign_numbers(names: tuple[str, ...], numbers: tuple[int, ...]) -> Examples:
    return {name: numbers[place % len(numbers)] for place, name in enumerate(names)}


def suggested_examples(sizes: SymbolicSizes) -> Iterator[Examples]:
    """Examples that would make unequal sizes equal, starting from the last question about sizes.

    Examples that change the last answer come first. Smaller ones come before larger ones if they change
    another answer too.
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
    """`examples` with the sizes of `guard` changed so that it does not hold."""
    names = sorted(names_in(guard.difference))
    for some in (names, *([name] for name in names)):
        smaller = (_with_smaller_sizes(some, limit, examples) for limit in LOWER)
        larger = ({**examples, some[0]: number} for number in HIGHER)
        candidates = (found for found in chain(smaller, larger) if found and not guard.holds(found))
        yield from islice(candidates, 1)


def _smaller_examples(wanted: Examples, examples: Examples, known: Iterable[Guard]) -> Iterator[Examples]:
    """Sizes smaller than `wanted`, if a guard in `known` that holds for `examples` does not hold for them."""
    changed = [name for name, number in wanted.items() if number < examples[name]]
    if changed:
        lower = _with_smaller_sizes(changed, min(wanted[name] for name in changed), wanted)
        if lower and any(guard.holds(examples) and not guard.holds(lower) for guard in known):
            yield lower


def _with_smaller_sizes(names: Iterable[str], limit: int, examples: Examples) -> Examples:
    """`examples` with distinct numbers below `limit` for `names`; empty if there are too few numbers."""
    names = list(names)
    others = {number for name, number in examples.items() if name not in names}
    numbers = [number for number in LOWER if number < limit and number not in others][: len(names)]
    return {**examples, **dict(zip(names, numbers, strict=True))} if len(numbers) == len(names) else {}


def _examples_making_equal(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` changed so that `difference` is 0: by multiples, by equal sizes, or by one other number."""
    multiples = {size: ceil_div(examples[size], step) * step for size, step in divisors(difference).items()}
    if multiples:
        yield {**examples, **multiples}
    yield from _with_equal_sizes(difference, examples)
    for size in examples:
        number = _solution(difference, size, examples)
        if number > 1:
            yield {**examples, size: number}


def _with_equal_sizes(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` with one number for all sizes of `difference`, as for the sides of an image."""
    names = sorted(names_in(difference))
    roots = [
        number
        for number in range(2, LARGEST_SIDE)
        if substitute(difference, dict.fromkeys(names, number)) == 0
    ]
    if 0 < len(roots) < LARGEST_SIDE - 2:
        yield {**examples, **dict.fromkeys(names, roots[0])}


def _solution(difference: Any, size: str, examples: Examples) -> int:
    """The `size` at which `difference` is 0, with the other examples; 0 if it is not linear in `size`."""
    first, second, third = (value_at(difference, {**examples, size: number}) for number in (1, 2, 3))
    growth = second - first
    is_even = growth and third - second == growth and first % growth == 0
    return 1 - first // growth if is_even else 0
