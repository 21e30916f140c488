"""Runs a sweep: an engine evaluates the grid, the best rows are kept, and all are written to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.core.sweep import Sweep, SweepRow
from convcost.search.engines.choice import engine_for
from convcost.search.engines.interface import Engine, GridProgress
from convcost.search.output.sweep_file import RowSource, write_rows
from convcost.search.sweep_request import SweepRequest

if TYPE_CHECKING:
    from convcost.search.grid_blocks import RowBlock, SweepPlan
    from convcost.search.selection import Selection


class _SweepRun:
    """Evaluates the whole grid once, or again from the start, and keeps the best rows."""

    engine: Engine
    selection: Selection

    def __init__(
        self, sweep: Sweep, plan: SweepPlan, request: SweepRequest, progress: GridProgress | None
    ) -> None:
        self.sweep = sweep
        self.plan = plan
        self.request = request
        self.show_progress = progress

    def _start(self) -> None:
        from convcost.search.selection import ParetoFront, TopRows

        sweep = self.sweep
        self.engine = engine_for(self.request.engine, self.plan, self.request.master)
        self.selection = ParetoFront(sweep.pareto) if sweep.pareto else TopRows(sweep.by, sweep.top)

    def select(self) -> None:
        """Find the best rows alone."""
        self._start()
        self.engine.select(self.selection, self.progress)

    def blocks(self) -> Iterator[RowBlock]:
        """All rows that fulfil the condition."""
        self._start()
        yield from self.engine.blocks(self.selection, self.progress)

    def progress(self, parts: Iterator[Any], number: int) -> Iterator[Any]:
        """The parts as they are done; who asked for it is told how many."""
        return self.show_progress(parts, number, self.plan.grid.points) if self.show_progress else parts

    def rows(self, block: RowBlock) -> list[SweepRow]:
        """The rows of a block in Python's integers."""
        from convcost.search.grid_blocks import block_rows

        return block_rows(self.plan, block)


def run_sweep(asked: Sweep, plan: SweepPlan, request: SweepRequest, progress: GridProgress | None) -> Sweep:
    """The sweep with what is found; all rows are written to the file if there is one."""
    run = _SweepRun(asked, plan, request, progress)
    if request.file:
        write_rows(request.file, RowSource(asked, plan, run.blocks, run.rows))
    else:
        run.select()
    selection = run.selection
    selection.sort_by(asked.by)
    return replace(
        asked,
        impossible=dict(run.engine.impossible.most_common()),
        matching=selection.matching,
        rows=tuple(_rows(plan, selection.best(asked.top))),
        found=len(selection.points) if asked.pareto else selection.matching,
    )


def _rows(plan: SweepPlan, places: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """The rows of these designs and points, which are evaluated again."""
    import numpy as np

    from convcost.search.grid_blocks import GridEvaluator, block_rows

    evaluator = GridEvaluator(plan)
    points = np.unique(np.array([point for _, point in places], np.int64))
    designs = sorted({design for design, _ in places})
    found = {
        (block.design, point): row
        for block in evaluator.blocks(points, designs)
        for point, row in zip(block.points.tolist(), block_rows(plan, block), strict=True)
    }
    return (found[place] for place in places)
