"""Keeps the best rows of blocks as they come: so many of the first, or those that no other one outdoes."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcost.core.errors import UsageError
from convcost.core.sweep import Objective
from convcost.search.grid_blocks import GridEvaluator, RowBlock

MOST_ON_A_FRONT = 2**17
"""Designs of a Pareto front that are kept."""


class Selection:
    """The best rows that were added so far, by `objectives`: of equal ones the first of the grid are better.

    What is kept is a number for each objective, and each row's point and design.
    """

    def __init__(self, evaluator: GridEvaluator, objectives: tuple[Objective, ...]) -> None:
        self.evaluator = evaluator
        self.objectives = objectives
        self.values = [np.zeros(0, np.int64) for _ in objectives]
        self.points = np.zeros(0, np.int64)
        self.designs = np.zeros(0, np.int64)
        self.matching = 0

    def add(self, block: RowBlock) -> None:
        """Take the rows of a block into account."""
        self.matching += len(block.points)
        new = [self.evaluator.objective(block, objective) for objective in self.objectives]
        self.values = [np.concatenate(pair) for pair in zip(self.values, new, strict=True)]
        self.points = np.concatenate([self.points, block.points])
        self.designs = np.concatenate([self.designs, np.full(len(block.points), block.design)])
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

    def sort_by(self, objective: Objective) -> None:
        """Put the rows in another order: that of one of the objectives."""
        place = self.objectives.index(objective)
        self._take(np.argsort(self.values[place], kind="stable"))

    def best(self, number: int) -> list[tuple[int, int]]:
        """The design and the point of each of the first rows."""
        return [*zip(self.designs[:number].tolist(), self.points[:number].tolist(), strict=True)]


class TopRows(Selection):
    """The first `number` rows."""

    def __init__(self, evaluator: GridEvaluator, objective: Objective, number: int) -> None:
        super().__init__(evaluator, (objective,))
        self.number = number

    def reduce(self) -> None:
        """Leave the first ones."""
        self._take(slice(self.number))


class ParetoFront(Selection):
    """The rows that no other one is at least as good as in every objective; of equal ones the first."""

    def reduce(self) -> None:
        """Leave the front."""
        self._take(self._front_of_two() if len(self.values) == 2 else self._front())
        if len(self.points) > MOST_ON_A_FRONT:
            message = f"more than {MOST_ON_A_FRONT:,} designs are on the Pareto front"
            raise UsageError(message, hint="Ask for fewer quantities, or for fewer designs with --where.")

    def _front_of_two(self) -> Any:
        """Of rows in order, those whose second number is below all before."""
        second = self.values[1]
        is_below = np.ones(len(second), bool)
        is_below[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
        return np.flatnonzero(is_below)

    def _front(self) -> Any:
        """The first of rows in order is on the front, and all that it outdoes are not; and so on."""
        front = []
        left = np.arange(len(self.points))
        while len(left):
            first, left = left[0], left[1:]
            front.append(first)
            is_outdone = np.ones(len(left), bool)
            for values in self.values:
                is_outdone &= np.asarray(values[left] >= values[first], bool)
            left = left[~is_outdone]
        return np.array(front, np.int64)
