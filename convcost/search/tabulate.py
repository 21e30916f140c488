"""Computes a design's quantities over ranges of sizes, block by block, and where it is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from convcost.core.errors import ConvcostError, UnboundSizeError, UsageError, join_words
from convcost.search.design import EvaluableDesign
from convcost.search.evaluator import Restriction
from convcost.search.varied_int import VariedInt
from convcost.symbolic.columns import Column, MixedConditionError, broadcast_column, merge_columns

BLOCK = 2**16
"""The number of places to evaluate together, which fit a processor's cache."""

MOST_ONE_BY_ONE = 2**14
"""The most places to evaluate one by one, if no formula holds for many."""


Arrays = Mapping[str, Any]
"""The values of each varied size, as arrays that broadcast to the places of a block."""


class CostTable(NamedTuple):
    """A design's quantities at each place of a block, and whether it is possible there.

    A place has an index for each varied size; those of the first place are `start`. `restrictions` are those
    of each evaluation, with the shape of its places.
    """

    quantities: tuple[Column, ...]
    possible: Any
    start: tuple[int, ...] = ()
    restrictions: tuple[tuple[tuple[int, ...], list[Restriction]], ...] = ()

    @property
    def costs(self) -> Column:
        """The first quantity."""
        return self.quantities[0]

    @property
    def impossible(self) -> Counter[str]:
        """The number of places at which each rule is the first to fail."""
        counts: Counter[str] = Counter()
        for shape, restrictions in self.restrictions:
            for rule, *places in restrictions:
                before, after = (np.count_nonzero(np.broadcast_to(where, shape)) for where in places)
                counts[rule] += int(before - after)
        return +counts


def tables(design: EvaluableDesign, ranges: Mapping[str, range]) -> Iterator[CostTable]:
    """Tables of all places; the last size changes fastest."""
    axes = len(ranges)
    inner = len([*ranges.values()][-1])
    steps = [max(1, BLOCK // inner)] * (axes - 1) + [BLOCK]
    starts = (range(0, len(sizes), step) for sizes, step in zip(ranges.values(), steps, strict=True))
    for start in product(*starts):
        block = zip(ranges.items(), start, steps, strict=True)
        arrays = {
            name: _array(sizes[first : first + step]).reshape([-1] + [1] * (axes - 1 - axis))
            for axis, ((name, sizes), first, step) in enumerate(block)
        }
        yield tabulate(design, arrays)._replace(start=start)


def _array(sizes: range) -> Any:
    return np.arange(sizes.start, sizes.stop, sizes.step)


def tabulate(design: EvaluableDesign, sizes: Arrays, shape: tuple[int, ...] | None = None) -> CostTable:
    """The quantities at `sizes`; if code branches on a size, each branch is evaluated separately.

    The places have the shape to which the sizes broadcast, or `shape`, in case there are no sizes.
    """
    if shape is None:
        shape = np.broadcast_shapes(*(values.shape for values in sizes.values()))
    evaluator = design.evaluator()
    try:
        quantities = design.evaluate({name: Column(values) for name, values in sizes.items()}, evaluator)
    except MixedConditionError as mixed:
        return _by_branch(design, sizes, np.broadcast_to(mixed.condition, shape))
    except UnboundSizeError:
        return _one_by_one(design, sizes, shape)
    except ConvcostError as error:
        evaluator.restrict_to_none(error.message)
        quantities = (0,) * len(design.counted.metrics)
    return CostTable(
        tuple(broadcast_column(quantity, shape) for quantity in quantities),
        np.broadcast_to(evaluator.possible, shape),
        restrictions=((shape, evaluator.restrictions),),
    )


def _by_branch(design: EvaluableDesign, sizes: Arrays, condition: Any) -> CostTable:
    shape = condition.shape
    branches = [np.asarray(condition), ~np.asarray(condition)]
    tables = [
        tabulate(design, {name: np.broadcast_to(values, shape)[branch] for name, values in sizes.items()})
        for branch in branches
    ]
    possible = np.zeros(shape, bool)
    for branch, table in zip(branches, tables, strict=True):
        possible[branch] = table.possible
    by_metric = zip(*(table.quantities for table in tables), strict=True)
    return CostTable(
        tuple(merge_columns(branches, columns) for columns in by_metric),
        possible,
        restrictions=tuple(each for table in tables for each in table.restrictions),
    )


def _one_by_one(design: EvaluableDesign, sizes: Arrays, shape: tuple[int, ...]) -> CostTable:
    names = [*sizes]
    if np.prod(shape) > MOST_ONE_BY_ONE:
        message = f"the cost has no formula in {join_words(names)}"
        hint = f"Narrow the ranges: at most {MOST_ONE_BY_ONE:,} values can be tried without one."
        raise UsageError(message, hint=hint)
    quantities = [np.zeros(shape, object) for _ in design.counted.metrics]
    possible, restrictions = np.zeros(shape, bool), []
    every = np.broadcast_arrays(*sizes.values())
    for place in np.ndindex(shape):
        evaluator = design.evaluator()
        here = {name: VariedInt(values[place]) for name, values in zip(names, every, strict=True)}
        try:
            found = design.evaluate(here, evaluator)
        except UnboundSizeError:
            raise
        except ConvcostError as error:
            evaluator.restrict_to_none(error.message)
            restrictions.append(((), evaluator.restrictions))
            continue
        for column, quantity in zip(quantities, found, strict=True):
            column[place] = int(quantity)
        possible[place] = True
    return CostTable(tuple(map(Column, quantities)), possible, restrictions=tuple(restrictions))
