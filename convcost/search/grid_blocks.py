"""The input and output of engines: a `SweepPlan`, and blocks of the rows that meet its condition.

`GridEvaluator` makes blocks with NumPy, and counts impossible points.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcost.core.cost import Size
from convcost.core.sweep import RATIO, Objective, SweepRow
from convcost.search.design import Design
from convcost.search.grid import Axis, AxisFormula, Grid
from convcost.search.quantities import QuantityQuotient, exact_quotient
from convcost.search.tabulate import BLOCK, tabulate
from convcost.search.variants.arguments import NO_ARGUMENTS, Arguments, exact_number, is_number
from convcost.search.variants.variants import VariantDesign
from convcost.search.where import WhereCondition, WhereQuotient
from convcost.symbolic.columns import Column


@dataclass(frozen=True)
class SweepPlan:
    """The designs to evaluate on a grid, with their names, and the `condition` of rows to keep.

    `ratio_of` is the column of integers for the ratio to the `reference`. `quotients` are the non-integer
    quantities by name, without the ratio; `columns` are the quantities of rows. `arguments` are each design's
    constructor arguments.
    """

    grid: Grid
    names: tuple[str, ...]
    designs: tuple[Design, ...] | tuple[VariantDesign, ...]
    ratio_of: str
    reference: Design | None = None
    condition: WhereCondition | None = None
    quotients: Mapping[str, QuantityQuotient] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    arguments: tuple[Arguments, ...] = ()

    @property
    def number_of_blocks(self) -> int:
        """The number of blocks of points."""
        return -(-self.grid.points // BLOCK)

    def arguments_of(self, design: int) -> Arguments:
        """The swept arguments of the design's constructor."""
        return self.arguments[design] if self.arguments else NO_ARGUMENTS

    @property
    def every_quotient(self) -> dict[str, QuantityQuotient]:
        """The non-integer quantities by name, including the ratio if there is a reference."""
        ratio = (
            {RATIO: QuantityQuotient(self.ratio_of, self.ratio_of, of_reference=True)}
            if self.reference
            else {}
        )
        return {**self.quotients, **ratio}

    @property
    def metrics(self) -> tuple[str, ...]:
        """The quantities to compute for each design."""
        return self.designs[0].counted.metrics

    @property
    def ratio_place(self) -> int:
        """The index of the ratio's metric."""
        return self.metrics.index(self.ratio_of)


class RowBlock(NamedTuple):
    """Rows of one design: their points, sizes and quantities, and the reference's quantity."""

    design: int
    points: Any
    sizes: Mapping[str, Column]
    quantities: Mapping[str, Column]
    reference: Column | None

    def where(self, mask: Any) -> RowBlock:
        """The rows where `mask` is true, or rows by index."""
        return RowBlock(
            self.design,
            self.points[mask],
            {name: _rows(column, mask) for name, column in self.sizes.items()},
            {name: _rows(column, mask) for name, column in self.quantities.items()},
            None if self.reference is None else _rows(self.reference, mask),
        )

    def between(self, start: int, stop: int) -> RowBlock:
        """The rows with points from `start` to below `stop`; rows must be in the order of the grid."""
        return self.where(slice(*np.searchsorted(self.points, (start, stop))))


def concatenate_blocks(blocks: Sequence[RowBlock]) -> RowBlock:
    """One block with the rows of several blocks of one design."""
    first, *others = blocks
    if not others:
        return first
    sizes = {name: _concatenate([block.sizes[name] for block in blocks]) for name in first.sizes}
    quantities = {
        name: _concatenate([block.quantities[name] for block in blocks]) for name in first.quantities
    }
    references = [block.reference for block in blocks if block.reference is not None]
    points = np.concatenate([block.points for block in blocks])
    return RowBlock(first.design, points, sizes, quantities, _concatenate(references) if references else None)


def _concatenate(columns: Sequence[Column]) -> Column:
    return integer_column(np.concatenate([exact_array(column) for column in columns]))


def integer_column(values: Any) -> Column:
    """An array of integers, which may be empty, as a column."""
    return Column(values) if len(values) else Column(values, 1, 0, 0)


def _rows(column: Column, mask: Any) -> Column:
    return Column(np.asarray(column.values)[mask], column.factor, column.low, column.high)


def exact_array(column: Column) -> Any:
    """The column's numbers as 64-bit integers, or as Python integers if they could overflow."""
    (low, high), values = column.bounds, np.asarray(column.values)
    fits = values.dtype != object and low >= -(2**63) and high < 2**63
    return (values if fits else values.astype(object)) * column.factor


class GridEvaluator:
    """Evaluates a plan's designs, and counts impossible ones by reason."""

    def __init__(self, plan: SweepPlan) -> None:
        self.plan = plan
        self.impossible: Counter[str] = Counter()

    def every_block(self) -> Iterator[Iterator[RowBlock]]:
        """The rows of the whole grid, a block of points at a time."""
        for start in range(0, self.plan.grid.points, BLOCK):
            yield self.blocks(np.arange(start, min(start + BLOCK, self.plan.grid.points)))

    def blocks(self, points: Any, designs: Collection[int] | None = None) -> Iterator[RowBlock]:
        """The rows at `points`, design by design, of all designs or of those given."""
        plan = self.plan
        sizes, points = self._sizes(points)
        reference = None
        if plan.reference and len(points):
            table = tabulate(plan.reference, sizes, points.shape)
            self._count(table.impossible, len(plan.designs))
            sizes, points = _restrict(sizes, table.possible), points[table.possible]
            reference = _rows(table.quantities[plan.ratio_place], table.possible)
        every = range(len(plan.designs)) if designs is None else designs
        for number in every if len(points) else ():
            table = tabulate(plan.designs[number], sizes, points.shape)
            self._count(table.impossible)
            columns = {name: Column(values) for name, values in sizes.items()}
            quantities = dict(zip(plan.metrics, table.quantities, strict=True))
            block = RowBlock(number, points, columns, quantities, reference).where(table.possible)
            if len(block.points):
                block = block.where(self._condition_mask(block))
            if len(block.points):
                yield block

    def _count(self, impossible: Mapping[str, int], times: int = 1) -> None:
        for reason, count in impossible.items():
            if count:
                self.impossible[reason] += count * times

    def _sizes(self, points: Any) -> tuple[dict[str, Any], Any]:
        """The sizes at `points`, and the points themselves, without those where a formula is not a size."""
        grid = self.plan.grid
        places = np.unravel_index(points, grid.lengths) if grid.axes else ()
        index = dict(zip((axis.name for axis in grid.axes), places, strict=True))
        sizes: dict[str, Any] = {}
        for axis in grid.order:
            sizes[axis.name] = values = _AxisValues(grid, axis, index, sizes).values()
            impossible = _is_none(values)
            if impossible.any():
                self._count_formulas(axis, index[axis.name][impossible])
                sizes, index = _restrict(sizes, ~impossible), _restrict(index, ~impossible)
                points = points[~impossible]
        return {axis.name: _smallest_type(sizes[axis.name]) for axis in grid.axes}, points

    def _count_formulas(self, axis: Axis, values: Any) -> None:
        """Count formulas that are not sizes, given their indices among the values of `axis`."""
        for number, part in axis.numbered_parts:
            if isinstance(part, AxisFormula):
                self._count(
                    {axis.formula_rule(part): int(np.count_nonzero(values == number))}, len(self.plan.designs)
                )

    def _condition_mask(self, block: RowBlock) -> Any:
        condition = self.plan.condition
        if not condition:
            return np.ones(len(block.points), bool)
        values = {name: WhereQuotient(size) for name, size in self.plan.grid.fixed.items()}
        values |= {name: WhereQuotient(column) for name, column in block.sizes.items()}
        values |= {name: WhereQuotient(column) for name, column in block.quantities.items()}
        values |= {
            name: WhereQuotient(*exact_number(value).as_integer_ratio())
            for name, value in self.plan.arguments_of(block.design).items()
            if is_number(value)
        }
        for name, quotient in self.plan.every_quotient.items():
            values[name] = WhereQuotient(*quotient.operands(block.quantities, block.reference))
        return np.broadcast_to(np.asarray(condition.holds(values), bool), len(block.points))

    def objective(self, block: RowBlock, objective: Objective) -> Any:
        """A key for each row; smaller is better, and a missing ratio is the worst."""
        name, sign = objective.name, -1 if objective.largest else 1
        if quotient := self.plan.every_quotient.get(name):
            if isinstance(quotient.denominator, int):
                return sign * exact_array(block.quantities[quotient.numerator])
            found = _quotients(block, quotient)
            return np.array([math.inf if value is None else sign * value for value in found], object)
        if name in (arguments := self.plan.arguments_of(block.design)):
            return np.full(len(block.points), sign * exact_number(arguments[name]), object)
        columns = {**block.sizes, **block.quantities}
        if name not in columns:
            return np.full(len(block.points), sign * self.plan.grid.fixed[name])
        return sign * exact_array(columns[name])


def block_rows(plan: SweepPlan, block: RowBlock) -> list[SweepRow]:
    """The rows of a block, with Python integers."""
    number = len(block.points)
    integers = {
        name: exact_array(block.quantities[name]).tolist()
        for name in plan.columns
        if name in block.quantities
    }
    sizes = {name: exact_array(column).tolist() for name, column in block.sizes.items()}
    quotients = {
        name: _quotients(block, quotient) for name, quotient in plan.quotients.items() if name in plan.columns
    }
    ratio = plan.every_quotient.get(RATIO)
    ratios = _quotients(block, ratio) if ratio else [None] * number
    rows = (_by_row(sizes, number), _by_row(integers, number), ratios, _by_row(quotients, number))
    name, text = plan.names[block.design], plan.designs[block.design].spec_format
    return [
        SweepRow(name, row[0], *row[1:], text.format(row[0]) if text else "", plan.arguments_of(block.design))
        for row in zip(*rows, strict=True)
    ]


def _restrict(arrays: Mapping[str, Any], mask: Any) -> dict[str, Any]:
    return {name: values[mask] for name, values in arrays.items()}


def _is_none(values: Any) -> Any:
    if values.dtype != object:
        return np.zeros(len(values), bool)
    return np.array([value is None for value in values], bool)


def _smallest_type(values: Any) -> Any:
    """Python integers as 64-bit ones, if they fit."""
    fits = values.dtype == object and all(-(2**63) <= value < 2**63 for value in values)
    return values.astype(np.int64) if fits else values


def _by_row(columns: Mapping[str, list[Any]], number: int) -> list[dict[str, Any]]:
    """A dict for each of `number` rows."""
    names = [*columns]
    return (
        [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if names
        else [{} for _ in range(number)]
    )


def _quotients(block: RowBlock, quotient: QuantityQuotient) -> list[Fraction | None]:
    above, below = quotient.operands(block.quantities, block.reference)
    own = exact_array(above).tolist()
    others = [below] * len(own) if isinstance(below, int) else exact_array(below).tolist()
    return [*map(exact_quotient, own, others)]


class _AxisValues(NamedTuple):
    """The values of `axis` at points; `places` are the indices of each axis, `sizes` the known sizes."""

    grid: Grid
    axis: Axis
    places: Mapping[str, Any]
    sizes: Mapping[str, Any]

    def values(self) -> Any:
        """An integer for each point; with formulas, Python integers, and None where it is not a size."""
        at = self.places[self.axis.name]
        parts = [*self.axis.numbered_parts]
        has_formulas = any(isinstance(part, AxisFormula) for _, part in parts)
        if not has_formulas and len(self.axis) <= BLOCK:
            return np.array([size for _, part in parts for size in part], np.int64)[at]
        values = np.zeros(len(at), object if has_formulas else np.int64)
        for start, part in parts:
            if isinstance(part, range):
                here = (at >= start) & (at < start + len(part))
                values[here] = part.start + part.step * (at[here] - start)
            else:
                here = np.flatnonzero(at == start)
                values[here] = self._formula(part, here)
        return values

    def _formula(self, formula: AxisFormula, here: Any) -> Any:
        """The values of a formula at the points `here`, computed once per combination of its sizes."""
        needed = sorted(self.grid.dependencies(self.axis) - {self.axis.name})
        key = np.zeros(len(here), np.int64)
        for axis in self.grid.axes:
            if axis.name in needed:
                key = key * len(axis) + self.places[axis.name][here]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        names = formula.names & self.sizes.keys()
        value: Callable[[Any], Size | None] = lambda place: self.grid.formula_value(  # noqa: E731
            self.axis, formula, {name: int(self.sizes[name][place]) for name in names}
        )
        return np.array([value(place) for place in here[first]], object)[inverse]
