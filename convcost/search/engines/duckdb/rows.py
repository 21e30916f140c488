"""Every row of a design that fulfils the condition, part by part of the grid, with DuckDB."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from convcost.search.engines.duckdb.database import Connection, arrow_table, integer_array
from convcost.search.engines.duckdb.grid_queries import GridPart, GridQuery
from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.graph.graph_results import operation_number
from convcost.search.graph.sql import DUCKDB, SqlTranslator
from convcost.search.grid_blocks import RowBlock
from convcost.symbolic.columns import Column


class RowQuery:
    """Finds all rows of one design, with sizes and quantities."""

    def __init__(self, program: SweepProgram, translator: SqlTranslator, design: int) -> None:
        self.program = program
        self.design = design
        self.translator = translator
        values = {"point": program.point}
        values |= {f"s{place}": size for place, size in enumerate(program.sizes.values())}
        values |= {f"q{place}": each for place, each in enumerate(program.designs[design].quantities)}
        if program.reference:
            values["reference"] = program.reference.quantities[program.ratio_place]
        self.names = [*values]
        numbers = [operation_number(program.graph, value) for value in values.values()]
        conditions = [
            operation_number(program.graph, truth)
            for truth in (program.possible(design), program.condition(design))
        ]
        self.grid_query = GridQuery(program, translator, conditions, numbers)

    @cached_property
    def sql(self) -> str:
        """A query for all rows of a part of the grid."""
        wanted = dict(zip(self.names, self.grid_query.wanted, strict=True))
        return DUCKDB.sql(self.translator.select(self.grid_query.query(), wanted))

    def run(self, connection: Connection, part: GridPart) -> RowBlock:
        """The rows of a part, in the order of the grid."""
        table = arrow_table(connection, self.sql, part.parameters)
        arrays = {name: integer_array(table[name]) for name in table.column_names}
        order = _order(arrays["point"])
        if order is not None:
            arrays = {name: values[order] for name, values in arrays.items()}
        plan = self.program.plan
        columns = {name: _column(values) for name, values in arrays.items() if name != "point"}
        sizes = {axis.name: columns[f"s{place}"] for place, axis in enumerate(plan.grid.axes)}
        quantities = {name: columns[f"q{place}"] for place, name in enumerate(plan.metrics)}
        return RowBlock(self.design, arrays["point"], sizes, quantities, columns.get("reference"))


def _order(points: Any) -> Any:
    """The indices that sort the points; None if they are in order."""
    return None if (np.diff(points) > 0).all() else np.argsort(points)


def _column(values: Any) -> Column:
    return Column(values) if len(values) else Column(values, 1, 0, 0)
