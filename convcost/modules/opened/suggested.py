"""Example sizes that a failed run points at: a model that compares a size with a number wants that number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from convcost.formulas import ceil_div
from convcost.modules.opened.facts import relations
from convcost.modules.opened.needed import divisors
from convcost.modules.opened.sizes import Sizes
from convcost.symbols.change import names_in, put_in

RECENT = 12
"""So many questions before the failure are looked at."""

LARGEST_SIDE = 1_025
"""Of an image, beside what is tried."""

Examples = Mapping[str, int]


def suggested(sizes: Sizes) -> Iterator[Examples]:
    """The examples as they would have to be for what was unequal to be equal, by the last question first."""
    answers = reversed(sizes.inquiry.answers.items())
    for question, answer in islice(answers, RECENT):
        for relation, left, right in relations(question.subject, answer, sizes):
            if relation == "Unequality":
                yield from _equal(sizes.formula_of(left) - sizes.formula_of(right), sizes.examples)


def _equal(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` with a multiple, a number, or another size in one place that makes `difference` 0."""
    multiples = {size: ceil_div(examples[size], step) * step for size, step in divisors(difference).items()}
    if multiples:
        yield {**examples, **multiples}
    yield from _alike(difference, examples)
    for size in examples:
        number = _solution(difference, size, examples)
        if number > 1:
            yield {**examples, size: number}


def _alike(difference: Any, examples: Examples) -> Iterator[Examples]:
    """`examples` with the one number for all sizes of `difference`, as the sides of an image mostly have."""
    names = sorted(names_in(difference))
    roots = [
        number for number in range(2, LARGEST_SIDE) if put_in(difference, dict.fromkeys(names, number)) == 0
    ]
    if 0 < len(roots) < LARGEST_SIDE - 2:
        yield {**examples, **dict.fromkeys(names, roots[0])}


def _solution(difference: Any, size: str, examples: Examples) -> int:
    """What `size` is where `difference`, growing evenly with it, is 0 beside the other examples; else 0."""
    first, second, third = (put_in(difference, {**examples, size: number}) for number in (1, 2, 3))
    growth = second - first
    is_even = growth and third - second == growth and first % growth == 0
    return 1 - first // growth if is_even else 0
