"""Runs a sweep: evaluates the grid with an engine, keeps the best rows, and writes all to a file."""

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
    """Evaluates the whole grid and keeps the best rows; writing a file may restart it."""

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
        """Find the best rows."""
        self._start()
        self.engine.select(self.selection, self.progress)

    def blocks(self) -> Iterator[RowBlock]:
        """All rows that meet the condition."""
        self._start()
        yield from self.engine.blocks(self.selection, self.progress)

    def progress(self, parts: Iterator[Any], number: int) -> Iterator[Any]:
        """The parts of the work, with progress shown if requested."""
        return self.show_progress(parts, number, self.plan.grid.points) if self.show_progress else parts

    def rows(self, block: RowBlock) -> list[SweepRow]:
        """The rows of a block, with Python integers."""
        from convcost.search.grid_blocks import block_rows

        return block_rows(self.plan, block)


def run_sweep(empty: Sweep, plan: SweepPlan, request: SweepRequest, progress: GridProgress | None) -> Sweep:
    """Run a sweep: `empty` with its results. All rows are written to the request's file, if any."""
    run = _SweepRun(empty, plan, request, progress)
    if request.file:
        write_rows(request.file, RowSource(empty, plan, run.blocks, run.rows))
    else:
        run.select()
    selection = run.selection
    selection.sort_by(empty.by)
    return replace(
        empty,
        impossible=dict(run.engine.impossible.most_common()),
        matching=selection.matching,
        rows=tuple(_rows(plan, selection.best(empty.top))),
        found=len(selection.points) if empty.pareto else selection.matching,
    )


def _rows(plan: SweepPlan, places: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """The rows of these designs and points, evaluated again."""
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
