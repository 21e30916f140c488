"""Selects the best rows from blocks: the first ones by an objective, or the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Self

import numpy as np

from convcost.core.errors import UsageError
from convcost.core.sweep import Objective
from convcost.search.bound_rows import BoundRow

MOST_ON_A_FRONT = 2**17
"""The most designs on a Pareto front."""


class Selection:
    """The best rows added so far, by `objectives`; ties keep the order of the grid.

    It has each row's values by objective, its point and its design.
    """

    def __init__(self, objectives: tuple[Objective, ...]) -> None:
        self.objectives = objectives
        self.values = [np.zeros(0, np.int64) for _ in objectives]
        self.points = np.zeros(0, np.int64)
        self.designs = np.zeros(0, np.int64)
        self.matching = 0

    def add(self, design: int, points: Any, values: Sequence[Any]) -> None:
        """Add rows of a design: arrays of points, and of values for each objective.

        Rows that can't be among the best may be left out; engines count `matching` rows themselves.
        """
        self.values = [np.concatenate(pair) for pair in zip(self.values, values, strict=True)]
        self.points = np.concatenate([self.points, points])
        self.designs = np.concatenate([self.designs, np.full(len(points), design)])
        self._take(self._order())
        self.reduce()

    def _order(self) -> Any:
        """The order of rows by the first objective, then the second, ..., then as in the grid."""
        order = np.lexsort((self.designs, self.points))
        for values in reversed(self.values):
            order = order[np.argsort(values[order], kind="stable")]
        return order

    def _take(self, places: Any) -> None:
        self.values = [values[places] for values in self.values]
        self.points, self.designs = self.points[places], self.designs[places]

    def reduce(self) -> None:
        """Keep only the selected rows; rows are in order."""
        raise NotImplementedError

    def empty_copy(self) -> Self:
        """An empty selection with the same objectives."""
        found = copy(self)
        found.values = [np.zeros(0, np.int64) for _ in self.objectives]
        found.points = found.designs = np.zeros(0, np.int64)
        found.matching = 0
        return found

    @property
    def number_wanted(self) -> int:
        """The number of rows to find, if known; else 1."""
        return 1

    def bounds(self) -> list[BoundRow]:
        """Rows that exclude others: those that are nowhere better, and not earlier if equal."""
        return self._bound_rows(slice(None))

    def _bound_rows(self, places: slice) -> list[BoundRow]:
        keys = zip(*(values[places].tolist() for values in self.values), strict=True)
        return [*map(BoundRow, keys, self.points[places].tolist())]

    def sort_by(self, objective: Objective) -> None:
        """Sort the rows by one of the objectives."""
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
        """Keep the first rows."""
        self._take(slice(self.number))

    @property
    def number_wanted(self) -> int:
        """The number of rows."""
        return self.number

    def bounds(self) -> list[BoundRow]:
        """The last row, once the selection is full."""
        return self._bound_rows(slice(self.number - 1, self.number))


class ParetoFront(Selection):
    """The rows that no other row dominates; of equal ones the first."""

    def reduce(self) -> None:
        """Keep the front."""
        self._take(self._front_of_two() if len(self.values) == 2 else self._front())
        if len(self.points) > MOST_ON_A_FRONT:
            message = f"more than {MOST_ON_A_FRONT:,} designs are on the Pareto front"
            raise UsageError(message, hint="Ask for fewer quantities, or for fewer designs by a condition.")

    def _front_of_two(self) -> Any:
        """The rows in order whose second value is below all previous ones."""
        second = self.values[1]
        is_below = np.ones(len(second), bool)
        is_below[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
        return np.flatnonzero(is_below)

    def _front(self) -> Any:
        """The front of rows in order: repeatedly take the first, and drop all that it dominates."""
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
