"""Sweeps by DuckDB in this process: part by part of the grid, on several threads.

Queries leave out rows dominated by the best ones so far, so that they return few; those are compared here,
as Python integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from convcost.search.bound_rows import BoundRow, RowSample
from convcost.search.engines.duckdb.database import Connection, database, run_jobs
from convcost.search.engines.duckdb.grid_queries import GridPart, grid_parts, sample_part, tail_axes
from convcost.search.engines.duckdb.queries import CandidateRows, DesignQuery, ImpossibleCounts, RowQuery
from convcost.search.engines.interface import Progress
from convcost.search.engines.sweep_program import sweep_program
from convcost.search.graph.sql import DUCKDB, SqlTranslator
from convcost.search.grid_blocks import RowBlock, SweepPlan, concatenate_blocks
from convcost.search.selection import Selection
from convcost.search.tabulate import BLOCK

POINTS_OF_ROWS = 2**18
"""The number of points whose rows are in memory at once."""

FEWEST_SAMPLED = 2**14
"""The minimum size of the sample that is evaluated first, so that the first parts have bounds."""


class DuckDBEngine:
    """Evaluates a plan; EngineLimitError if a number may have more than 38 digits, or there is no formula."""

    def __init__(self, plan: SweepPlan) -> None:
        self.axes = tail_axes(plan.grid)
        self.grid = plan.grid
        self.program = sweep_program(plan, self.axes)
        self.translator = SqlTranslator(self.program.graph, DUCKDB, self.program.largest_sizes)
        self.impossible: Counter[str] = Counter()

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows that may be among the best to the selection."""
        counts = ImpossibleCounts(self.program)
        parts = [*grid_parts(self.grid, self.axes)]
        numbers = range(len(self.program.designs))
        queries = [
            DesignQuery(self.program, self.translator, number, selection.objectives) for number in numbers
        ]
        with database() as connection:
            sample = self._sample(connection, queries, selection)
            counting = (partial(counts.run, part=part) for part in counts.parts)
            selecting = (
                partial(_run_query, query, part, sample.bounds(selection))
                for part in parts
                for query in queries
            )
            jobs = run_jobs(connection, chain[Callable[[Connection], Any]](counting, selecting))
            for found in progress(jobs, len(counts.parts) + len(parts) * len(queries)):
                if isinstance(found, Counter):
                    self.impossible += found
                else:
                    design, candidates = found
                    selection.matching += candidates.matching
                    selection.add(design, candidates.points, candidates.keys)

    def blocks(self, selection: Selection, progress: Progress) -> Iterator[RowBlock]:
        """Every row, in the order of the grid; the best are added to the selection first."""
        self.select(selection, progress)
        parts = [*grid_parts(self.grid, self.axes, POINTS_OF_ROWS, POINTS_OF_ROWS)]
        numbers = range(len(self.program.designs))
        queries = [RowQuery(self.program, self.translator, number) for number in numbers]
        with database() as connection:
            jobs = (partial(query.run, part=part) for part in parts for query in queries)
            found = progress(run_jobs(connection, jobs), len(parts) * len(queries))
            yield from found if len(queries) == 1 else _blocks_in_order(found, parts, len(queries))

    def _sample(self, connection: Connection, queries: list[DesignQuery], selection: Selection) -> RowSample:
        """Evaluate a sample of the grid's points."""
        sample = RowSample(selection, FEWEST_SAMPLED)
        part = sample_part(self.grid, self.axes, sample.number)
        for query in queries:
            found = query.run(connection, part, ())
            sample.add(query.design, found.points, found.keys)
        return sample


def _run_query(
    query: DesignQuery, part: GridPart, bounds: list[BoundRow], connection: Connection
) -> tuple[int, CandidateRows]:
    return query.design, query.run(connection, part, bounds)


def _blocks_in_order(found: Iterator[RowBlock], parts: list[GridPart], number: int) -> Iterator[RowBlock]:
    """The rows of several designs in blocks of equal points, design by design, as from NumPy."""
    left: list[list[RowBlock]] = [[] for _ in range(number)]
    start = done = 0
    for part in parts:
        for blocks, block in zip(left, islice(found, number), strict=True):
            blocks.append(block)
        done += len(part)
        while done - start >= BLOCK:
            yield from _blocks_between(left, start, start + BLOCK)
            start += BLOCK
    yield from _blocks_between(left, start, done)


def _blocks_between(left: list[list[RowBlock]], start: int, stop: int) -> Iterator[RowBlock]:
    """The rows of each design with points from `start` to below `stop`, as one block."""
    for number, blocks in enumerate(left):
        if not blocks:
            continue
        every = concatenate_blocks(blocks)
        if len((block := every.between(start, stop)).points):
            yield block
        left[number] = [every.where(slice(np.searchsorted(every.points, stop), None))]
