"""The columns of a database query for all rows of a design, and the block of rows made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.grid_blocks import RowBlock, integer_column

POINT, REFERENCE = "point", "reference"


class RowColumns:
    """The operations of a program that become columns: a row's point, sizes and quantities.

    With a reference, also its quantity for the ratio.
    """

    def __init__(self, program: SweepProgram, design: int) -> None:
        self.plan = program.plan
        self.design = design
        values = {POINT: program.point}
        values |= {f"s{place}": size for place, size in enumerate(program.sizes.values())}
        values |= {f"q{place}": each for place, each in enumerate(program.designs[design].quantities)}
        if program.reference_quantity is not None:
            values[REFERENCE] = program.reference_quantity
        self.numbers = {name: program.number(value) for name, value in values.items()}

    def block(self, table: Any) -> RowBlock:
        """The rows of an Arrow table with these columns."""
        arrays = {name: integer_array(table[name]) for name in self.numbers}
        columns = {name: integer_column(values) for name, values in arrays.items()}
        sizes = {axis.name: columns[f"s{place}"] for place, axis in enumerate(self.plan.grid.axes)}
        quantities = {name: columns[f"q{place}"] for place, name in enumerate(self.plan.metrics)}
        return RowBlock(self.design, arrays[POINT], sizes, quantities, columns.get(REFERENCE))


def integer_array(column: Any) -> Any:
    """A column of integers from Arrow as an array of 64-bit, or else of Python integers."""
    if str(column.type) == "int64":
        return column.to_numpy(zero_copy_only=False) if hasattr(column, "offset") else column.to_numpy()
    return np.array([int(value) for value in column.to_pylist()], object)
