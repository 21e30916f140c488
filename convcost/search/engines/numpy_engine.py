"""Sweeps by NumPy: block by block of the grid, exact for numbers of any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from convcost.search.engines.interface import Progress
from convcost.search.grid_blocks import GridEvaluator, RowBlock, SweepPlan
from convcost.search.selection import Selection


class NumPyEngine:
    """Evaluates a plan with NumPy."""

    def __init__(self, plan: SweepPlan) -> None:
        self.evaluator = GridEvaluator(plan)
        self.impossible: Counter[str] = self.evaluator.impossible

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows to the selection."""
        for _ in self.blocks(selection, progress):
            pass

    def blocks(self, selection: Selection, progress: Progress) -> Iterator[RowBlock]:
        """Every row, in the order of the grid; rows are added to the selection too."""
        evaluator = self.evaluator
        for blocks in progress(evaluator.every_block(), evaluator.plan.number_of_blocks):
            for block in blocks:
                selection.matching += len(block.points)
                values = [evaluator.objective(block, objective) for objective in selection.objectives]
                selection.add(block.design, block.points, values)
                yield block
