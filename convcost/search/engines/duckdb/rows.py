"""All rows of a design that meet the condition, part by part of the grid, with DuckDB."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from convcost.search.engines.duckdb.database import Connection, query_table
from convcost.search.engines.duckdb.grid_queries import GridPart, GridQuery
from convcost.search.engines.row_columns import RowColumns
from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.graph.sql import DUCKDB, SqlTranslator
from convcost.search.grid_blocks import RowBlock


class RowQuery:
    """Finds all rows of one design, with sizes and quantities."""

    def __init__(self, program: SweepProgram, translator: SqlTranslator, design: int) -> None:
        self.translator = translator
        self.columns = RowColumns(program, design)
        numbers = [*self.columns.numbers.values()]
        self.grid_query = GridQuery(program, translator, program.row_conditions(design), numbers)

    @cached_property
    def sql(self) -> str:
        """The query for all rows of a part of the grid."""
        wanted = dict(zip(self.columns.numbers, self.grid_query.wanted, strict=True))
        return DUCKDB.sql(self.translator.select(self.grid_query.query(), wanted))

    def run(self, connection: Connection, part: GridPart) -> RowBlock:
        """The rows of a part, in the order of the grid."""
        block = self.columns.block(query_table(connection, self.sql, part.parameters))
        is_in_order = (np.diff(block.points) > 0).all()
        return block if is_in_order else block.where(np.argsort(block.points))
