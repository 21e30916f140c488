"""Sweeps by Spark, on the cores of one or many machines: part by part of the grid, each on all cores.

Spark gets ranges of points, not rows. Queries leave out rows dominated by the best ones so far; the rows that
they return are compared here, as Python integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from convcost.core.errors import ConvcostError
from convcost.search.bound_rows import BoundRow, RowSample, spread_points
from convcost.search.engines.interface import Progress
from convcost.search.engines.spark.queries import (
    SparkDesignQuery,
    SparkGrid,
    SparkImpossibleCounts,
    SparkRowQuery,
    grid_parts,
)
from convcost.search.engines.spark.session import spark_session
from convcost.search.engines.spark.sql import SparkTranslator
from convcost.search.engines.sweep_program import sweep_program
from convcost.search.grid_blocks import RowBlock, SweepPlan
from convcost.search.selection import Selection, TopRows
from convcost.search.tabulate import BLOCK

POINTS_OF_ROWS = 2**20
"""The number of points whose rows are in memory at once; a multiple of BLOCK."""

FEWEST_SAMPLED = 2**15
"""The minimum size of the sample that is evaluated first, so that the first part has bounds."""


class SparkEngine:
    """Evaluates a plan; EngineLimitError if a number may have more than 38 digits, or there is no formula."""

    def __init__(self, plan: SweepPlan, master: str = "") -> None:
        self.plan = plan
        self.master = master
        self.program = sweep_program(plan, 0)
        translator = SparkTranslator(self.program.graph, self.program.largest_sizes)
        self.source = SparkGrid(self.program, translator)
        self.impossible: Counter[str] = Counter()

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows that may be among the best to the selection."""
        queries = self._design_queries(selection)
        with _spark(self.master) as spark:
            self._select(spark, queries, selection, progress)

    def _design_queries(self, selection: Selection) -> list[SparkDesignQuery]:
        """The queries of each design. Each makes its SQL once, so that errors come before Spark starts."""
        numbers = range(len(self.program.designs))
        queries = [SparkDesignQuery(self.source, number, selection.objectives) for number in numbers]
        for query in queries:
            query.not_dominated(range(1), 1, ())
        return queries

    def _select(
        self, spark: Spark, queries: list[SparkDesignQuery], selection: Selection, progress: Progress
    ) -> None:
        plan, counts = self.plan, SparkImpossibleCounts(self.program)
        sample = RowSample(selection, FEWEST_SAMPLED)
        jobs: list[Callable[[], None]] = [
            partial(self._count_impossible, spark, counts, part) for part in counts.parts
        ]
        points = spread_points(plan.grid.points, sample.number)
        jobs += [partial(_add_to_sample, spark, query, points, sample) for query in queries]
        for part in grid_parts(plan.grid.points):
            jobs += [partial(_add_best, spark, query, part, selection, sample) for query in queries]
            if plan.condition:
                jobs += [partial(_add_number, spark, query, part, selection) for query in queries]
        for _ in progress((job() for job in jobs), len(jobs)):
            pass
        if not plan.condition:
            selection.matching = plan.grid.points * len(queries) - self.impossible.total()

    def _count_impossible(self, spark: Spark, counts: SparkImpossibleCounts, part: range) -> None:
        self.impossible += counts.counts.by_reason(spark.rows(counts.sql(part, spark.partitions(part))))

    def blocks(self, selection: Selection, progress: Progress) -> Iterator[RowBlock]:
        """Every row, in the order of the grid; the best are added to the selection first."""
        design_queries = self._design_queries(selection)
        queries = [SparkRowQuery(self.source, query.design) for query in design_queries]
        parts = grid_parts(self.plan.grid.points, POINTS_OF_ROWS, self.plan.grid.points)
        with _spark(self.master) as spark:
            self._select(spark, design_queries, selection, progress)
            found = (
                [
                    query.columns.block(spark.table(query.sql(part, spark.partitions(part))))
                    for query in queries
                ]
                for part in parts
            )
            for part, blocks in zip(parts, progress(found, len(parts)), strict=True):
                for start in range(part.start, part.stop, BLOCK):
                    for block in blocks:
                        if len((rows := block.between(start, start + BLOCK)).points):
                            yield rows


@dataclass(frozen=True)
class Spark:
    """A session, and methods that run queries."""

    session: Any

    def partitions(self, part: range) -> int:
        """The number of tasks for a part: several for each core, so that all cores finish together."""
        cores: int = self.session.sparkContext.defaultParallelism
        return max(1, min(4 * cores, len(part) // BLOCK))

    def rows(self, sql: str) -> Iterator[Any]:
        """The rows of a query; only one task's rows are in memory."""
        return iter(self.session.sql(sql).toLocalIterator())

    def table(self, sql: str) -> Any:
        """The rows of a query as an Arrow table, in the order of tasks."""
        return self.session.sql(sql).toArrow()


@contextmanager
def _spark(master: str) -> Iterator[Spark]:
    """A running Spark; its errors become ConvcostErrors."""
    with spark_session(master) as session:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            yield Spark(session)
        except (PySparkException, Py4JError) as error:
            reason = str(error).strip().partition("\n")[0][:300]
            raise ConvcostError(f"Spark failed: {reason}", hint="Use another engine.") from None


def _add_number(spark: Spark, query: SparkDesignQuery, part: range, selection: Selection) -> None:
    [(number,)] = spark.rows(query.count(part, spark.partitions(part)))
    selection.matching += number


def _add_to_sample(spark: Spark, query: SparkDesignQuery, points: range, sample: RowSample) -> None:
    for found, keys in _best(spark, query, points, sample.best, ()):
        sample.add(query.design, found, keys)


def _add_best(
    spark: Spark, query: SparkDesignQuery, part: range, selection: Selection, sample: RowSample
) -> None:
    for points, keys in _best(spark, query, part, selection, sample.bounds(selection)):
        selection.add(query.design, points, keys)


def _best(
    spark: Spark, query: SparkDesignQuery, part: range, selection: Selection, bounds: Sequence[BoundRow]
) -> Iterator[tuple[Any, list[Any]]]:
    """Batches of rows that may be among the best: points, and keys by objective."""
    partitions = spark.partitions(part)
    if isinstance(selection, TopRows):
        sql = query.first(part, partitions, selection.number, bounds)
    else:
        sql = query.not_dominated(part, partitions, bounds)
    rows = spark.rows(sql)
    while batch := [*islice(rows, BLOCK)]:
        points, *columns = map(integer_array, zip(*batch, strict=True))
        every = iter(columns)
        yield points, [key.combine([*islice(every, len(key.names))]) for key in query.keys]


def integer_array(values: Sequence[Any]) -> Any:
    """An array of 64-bit integers, or of Python integers for decimals."""
    if isinstance(values[0], int):
        return np.array(values, np.int64)
    return np.array([int(value) for value in values], object)
