"""Keeps the best rows of blocks as they come: so many of the first, or those that no other one dominates."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Self

import numpy as np

from convcost.core.errors import UsageError
from convcost.core.sweep import Objective
from convcost.search.bound_rows import BoundRow

MOST_ON_A_FRONT = 2**17
"""Designs of a Pareto front that are kept."""


class Selection:
    """The best rows that were added so far, by `objectives`: of equal ones the first of the grid are better.

    What is kept is a number for each objective, and each row's point and design.
    """

    def __init__(self, objectives: tuple[Objective, ...]) -> None:
        self.objectives = objectives
        self.values = [np.zeros(0, np.int64) for _ in objectives]
        self.points = np.zeros(0, np.int64)
        self.designs = np.zeros(0, np.int64)
        self.matching = 0

    def add(self, design: int, points: Any, values: Sequence[Any]) -> None:
        """Take rows of a design into account: arrays of points, and of a number for each objective.

        Those that can't be among the best may be left out; `matching` is what an engine counts.
        """
        self.values = [np.concatenate(pair) for pair in zip(self.values, values, strict=True)]
        self.points = np.concatenate([self.points, points])
        self.designs = np.concatenate([self.designs, np.full(len(points), design)])
        self._take(self._order())
        self.reduce()

    def _order(self) -> Any:
        """The rows from the best by the first objective on, then by the second, ..., then as in the grid."""
        order = np.lexsort((self.designs, self.points))
        for values in reversed(self.values):
            order = order[np.argsort(values[order], kind="stable")]
        return order

    def _take(self, places: Any) -> None:
        self.values = [values[places] for values in self.values]
        self.points, self.designs = self.points[places], self.designs[places]

    def reduce(self) -> None:
        """Leave those that are kept, of rows in order."""
        raise NotImplementedError

    def empty_copy(self) -> Self:
        """A selection by the same objectives without rows."""
        found = copy(self)
        found.values = [np.zeros(0, np.int64) for _ in self.objectives]
        found.points = found.designs = np.zeros(0, np.int64)
        found.matching = 0
        return found

    @property
    def number_wanted(self) -> int:
        """How many rows are looked for, if that is known."""
        return 1

    def bounds(self) -> list[BoundRow]:
        """Rows by which others can be left out: those that are nowhere better, and not earlier if equal."""
        return self._bound_rows(slice(None))

    def _bound_rows(self, places: slice) -> list[BoundRow]:
        keys = zip(*(values[places].tolist() for values in self.values), strict=True)
        return [*map(BoundRow, keys, self.points[places].tolist())]

    def sort_by(self, objective: Objective) -> None:
        """Put the rows in another order: that of one of the objectives."""
        place = self.objectives.index(objective)
        self._take(np.argsort(self.values[place], kind="stable"))

    def best(self, number: int) -> list[tuple[int, int]]:
        """The design and the point of each of the first rows."""
        return [*zip(self.designs[:number].tolist(), self.points[:number].tolist(), strict=True)]


class TopRows(Selection):
    """The first `number` rows."""

    def __init__(self, objective: Objective, number: int) -> None:
        super().__init__((objective,))
        self.number = number

    def reduce(self) -> None:
        """Leave the first ones."""
        self._take(slice(self.number))

    @property
    def number_wanted(self) -> int:
        """As many as are kept."""
        return self.number

    def bounds(self) -> list[BoundRow]:
        """The last of the rows, if there are all that are kept."""
        return self._bound_rows(slice(self.number - 1, self.number))


class ParetoFront(Selection):
    """The rows that no other one is at least as good as in every objective; of equal ones the first."""

    def reduce(self) -> None:
        """Leave the front."""
        self._take(self._front_of_two() if len(self.values) == 2 else self._front())
        if len(self.points) > MOST_ON_A_FRONT:
            message = f"more than {MOST_ON_A_FRONT:,} designs are on the Pareto front"
            raise UsageError(message, hint="Ask for fewer quantities, or for fewer designs by a condition.")

    def _front_of_two(self) -> Any:
        """Of rows in order, those whose second number is below all before."""
        second = self.values[1]
        is_below = np.ones(len(second), bool)
        is_below[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
        return np.flatnonzero(is_below)

    def _front(self) -> Any:
        """The first of rows in order is on the front, and all that it dominates are not; and so on."""
        front = []
        left = np.arange(len(self.points))
        while len(left):
            first, left = left[0], left[1:]
            front.append(first)
            is_dominated = np.ones(len(left), bool)
            for values in self.values:
                is_dominated &= np.asarray(values[left] >= values[first], bool)
            left = left[~is_dominated]
        return np.array(front, np.int64)
