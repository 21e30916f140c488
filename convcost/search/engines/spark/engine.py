"""Sweeps by Spark, on the cores of one machine or many: part after part of the grid, each by all of them.

Spark gets ranges of points, no rows. A query leaves out the rows that the best ones so far dominate; those
that come back are compared here, in Python's integers.
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
"""Points whose rows are in memory together; a multiple of BLOCK."""

FEWEST_SAMPLED = 2**15
"""Points that are looked at first, so that the first part has something to be compared with."""


class SparkEngine:
    """Evaluates a plan; EngineLimitError where a number has more than 38 digits, or code has no formula."""

    def __init__(self, plan: SweepPlan, master: str = "") -> None:
        self.plan = plan
        self.master = master
        self.program = sweep_program(plan, 0)
        translator = SparkTranslator(self.program.graph, self.program.largest_sizes)
        self.source = SparkGrid(self.program, translator)
        self.impossible: Counter[str] = Counter()

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows to the selection that may be among the best."""
        queries = self._design_queries(selection)
        with _spark(self.master) as spark:
            self._select(spark, queries, selection, progress)

    def _design_queries(self, selection: Selection) -> list[SparkDesignQuery]:
        """The queries of each design, of which one is made: what Spark can't do is known before it starts."""
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
        """Every row, in the order of the grid; the selection gets the best of them before."""
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
    """A session, and what comes back of queries."""

    session: Any

    def partitions(self, part: range) -> int:
        """In how many tasks a part is evaluated: some for each core, so that all end at one time."""
        cores: int = self.session.sparkContext.defaultParallelism
        return max(1, min(4 * cores, len(part) // BLOCK))

    def rows(self, sql: str) -> Iterator[Any]:
        """The rows, of which so many are in memory as one task gives."""
        return iter(self.session.sql(sql).toLocalIterator())

    def table(self, sql: str) -> Any:
        """The rows as an Arrow table, in the order of the tasks."""
        return self.session.sql(sql).toArrow()


@contextmanager
def _spark(master: str) -> Iterator[Spark]:
    """Spark; ConvcostError where it fails."""
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
    """The rows that may be among the best: points, and keys by objective."""
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
    """64-bit integers, or Python's where they are decimals."""
    if isinstance(values[0], int):
        return np.array(values, np.int64)
    return np.array([int(value) for value in values], object)
