"""What is asked of a sweep, checked: its designs and their grid, its condition, orders and columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import NamedTuple

from convcost.analysis.lower_bound import lower_bound
from convcost.api import CountedDesign, number_equal_names
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UnboundSizeError, UsageError, did_you_mean, unknown_name
from convcost.core.metrics import NAMES
from convcost.core.report import Report
from convcost.core.sweep import RATIO, SECONDS, Objective
from convcost.design import check_sizes
from convcost.devices.device import Device
from convcost.search.design import CountedQuantities, Design, complete_design, open_names
from convcost.search.engines.choice import AUTO, MOST_IN_NUMPY, check_engine
from convcost.search.grid import OVER_HINT, Axis, Grid
from convcost.search.output.sweep_file import check_file
from convcost.search.quantities import QuantityTable, quantity_table
from convcost.search.variants.variants import ModuleVariants
from convcost.search.where import CONDITIONAL, WhereCondition, parse_condition
from convcost.spec.spec import check_int

DEFAULT_TOP = 20

MOST_ROWS = 10**5
"""Rows that a sweep keeps."""

ALWAYS_SHOWN = ("flops", "params")

DEFAULT_DTYPE = "float32"


@dataclass(frozen=True)
class SweepRequest:
    """Designs, the variants of a module after them, and what is asked of them; ratios are to the first.

    Without a `dtype` specs are in float32, and reports in their own. `columns` are the quantities that rows
    have, if they are not the usual ones.
    """

    designs: tuple[CountedDesign, ...]
    axes: tuple[Axis, ...]
    where: str = ""
    by: str = ""
    top: int = DEFAULT_TOP
    pareto: tuple[str, ...] = ()
    file: Path | None = None
    convention: Convention = MATMUL
    dtype: str = ""
    devices: tuple[Device, ...] = ()
    columns: tuple[str, ...] = ()
    engine: str = AUTO
    master: str = ""
    variants: ModuleVariants | None = None

    @property
    def has_reference(self) -> bool:
        """Whether there are several, so that the first is what the ratios are to."""
        return len(self.designs) + (self.variants is not None) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes that a number can be put in for."""
        own = (name for design in self.designs for name in open_names(design))
        return tuple(dict.fromkeys((*own, *(self.variants.names if self.variants else ()))))

    @property
    def all_variants(self) -> tuple[ModuleVariants, ...]:
        """The module whose arguments are swept, if there is one."""
        return (self.variants,) if self.variants else ()

    @property
    def design_names(self) -> tuple[str, ...]:
        """A name for each design, and for the module whose arguments are swept; equal ones are numbered."""
        return number_equal_names([design.name for design in (*self.designs, *self.all_variants)])

    @property
    def argument_names(self) -> tuple[str, ...]:
        """The swept arguments of a constructor."""
        return tuple(axis.name for variants in self.all_variants for axis in variants.axes)


def check_request(request: SweepRequest, sizes: Mapping[str, Size]) -> None:
    """UsageError for what can be refused before anything is parsed or counted."""
    if not (request.designs or request.variants):
        raise UsageError("a design is missing", hint="Give one or more; ratios are to the first.")
    if not 1 <= check_int("top", request.top) <= MOST_ROWS:
        raise UsageError(f"top is {request.top}", hint=f"Give 1 to {MOST_ROWS:,}.")
    if request.file:
        check_file(request.file)
    check_engine(request.engine, request.master, has_variants=bool(request.variants))
    _check_swept(request)
    _check_given(request, sizes)


class SweepCriteria(NamedTuple):
    """What is asked of each design: the condition, the order, and what is `counted` for them.

    `names` are those that the condition and the order are about, `columns` the quantities of rows, and
    `needed` all quantities that are computed.
    """

    by: Objective
    pareto: tuple[Objective, ...]
    table: QuantityTable
    condition: WhereCondition | None
    names: frozenset[str]
    columns: tuple[str, ...]
    needed: frozenset[str]
    counted: CountedQuantities


def parse_criteria(request: SweepRequest, sizes: Mapping[str, Size]) -> SweepCriteria:
    """The request's condition and order, parsed; `sizes` are those that are not swept."""
    by, pareto = _objectives(request)
    table = _table(request, by)
    known = _known_names(request, sizes, table)
    for objective in (by, *pareto):
        if objective.name not in known:
            hint = CONDITIONAL.get(objective.name, "")
            raise unknown_name("no quantity or size is called", objective.name, known, hint=hint)
    condition = parse_condition(request.where, known, table.times) if request.where.strip() else None
    names = frozenset(each.name for each in (by, *pareto)) | (condition.names if condition else frozenset())
    _check_numeric_arguments(request, names)
    _check_unambiguous(request, names, table)
    columns = _columns(request, table, names)
    needed = names.union(columns) & {*table.names}
    counted = CountedQuantities(
        table.integer_columns(needed), request.convention, dtype_of(request), table.bounds
    )
    return SweepCriteria(by, pareto, table, condition, names, columns, needed, counted)


def _check_swept(request: SweepRequest) -> None:
    """UsageError for a swept size that neither a design nor a formula has."""
    known = request.names
    used = {name for axis in request.axes for name in axis.names}
    for axis in request.axes:
        if axis.name not in {*known, *used}:
            near = did_you_mean(axis.name, known)
            has = f"Choose from {', '.join(known)}." if known else "There is no open size."
            raise UsageError(f"no size is called {axis.name[:64]}{near}", hint=has)


def _check_given(request: SweepRequest, sizes: Mapping[str, Size]) -> None:
    """UsageError for a size that nothing has, and for an argument that is called as something else is."""
    of_variants = {name for variants in request.all_variants for name in variants.names}
    check_sizes({name: size for name, size in sizes.items() if name not in of_variants}, request.designs)
    others = {*request.names, *(axis.name for axis in request.axes), *sizes, *NAMES, RATIO, SECONDS}
    if twice := next((name for name in request.argument_names if name in others), ""):
        raise UsageError(f"{twice} is both an argument and a size or a quantity", hint="Rename one of them.")


def _check_numeric_arguments(request: SweepRequest, used: Collection[str]) -> None:
    """UsageError for a condition on an argument that is no number, or an order by it."""
    for axis in (axis for variants in request.all_variants for axis in variants.axes):
        if axis.name in used and not axis.is_numeric:
            message = f"{axis.name} has values that are not numbers: rows can't be filtered or sorted by it"
            raise UsageError(message, hint=f"They are {axis.text[:60]}.")


def _check_unambiguous(request: SweepRequest, used: Collection[str], table: QuantityTable) -> None:
    """UsageError for a condition or an order that is about a size and a quantity of one name."""
    sizes = {*(axis.name for axis in request.axes), *request.names}
    if name := next((name for name in sorted(used) if name in table.names and name in sizes), ""):
        raise UsageError(f"{name} is both a size and a quantity", hint="Rename the size.")


def _objectives(request: SweepRequest) -> tuple[Objective, tuple[Objective, ...]]:
    """What rows are sorted by, and what the Pareto front is in."""
    pareto = tuple(dict.fromkeys(map(_parse_objective, request.pareto)))
    if len({objective.name for objective in pareto}) < len(pareto):
        raise UsageError("one quantity can't be the smallest and the largest on a Pareto front")
    by = _parse_objective(request.by or (request.pareto or ("flops",))[0])
    if pareto and by not in pareto:
        hint = f"Sort by one of {', '.join(map(str, pareto))}, or add it."
        raise UsageError(f"{by} is not among the quantities of the Pareto front", hint=hint)
    return by, pareto


def _parse_objective(text: str) -> Objective:
    """objective: NAME [":" ("min" | "max")]"""
    name, colon, direction = (part.strip() for part in text.partition(":"))
    if colon and direction not in ("min", "max"):
        raise UsageError(
            f"{text[:60]}: {direction[:20]} is not min or max", hint=f"For example, {name[:40]}:max"
        )
    return Objective(name, direction == "max")


def dtype_of(request: SweepRequest) -> str:
    """What lower bounds are found in; UsageError where designs have several."""
    if request.dtype:
        return dtype_named(request.dtype)
    found = {design.dtype if isinstance(design, Report) else DEFAULT_DTYPE for design in request.designs}
    if request.devices and found != {DEFAULT_DTYPE} and len(found) > 1:
        raise UsageError(
            f"the designs have different dtypes: {' and '.join(sorted(found))}",
            hint="Give one dtype for all.",
        )
    return found.pop() if len(found) == 1 else DEFAULT_DTYPE


def _table(request: SweepRequest, by: Objective) -> QuantityTable:
    """All quantities that there can be."""
    dtype = dtype_of(request)
    bounds = [lower_bound(device, dtype, bool(request.dtype)) for device in request.devices]
    return quantity_table(bounds, by.name if request.has_reference else "")


def _columns(request: SweepRequest, table: QuantityTable, used: Collection[str]) -> tuple[str, ...]:
    """The quantities that rows have; UsageError for one that there is not."""
    for name in request.columns:
        if name not in table.names:
            hint = CONDITIONAL.get(name, "")
            raise unknown_name("no quantity is called", name, table.names, hint=hint)
    usual = (*ALWAYS_SHOWN, *(name for name in table.names if name in (*table.times, *used)))
    return tuple(name for name in dict.fromkeys(request.columns or usual) if name != RATIO)


def designs_on_grid(
    request: SweepRequest, sizes: Mapping[str, Size], counted: CountedQuantities
) -> tuple[tuple[Design, ...], Grid]:
    """The designs with all their sizes but those of the grid, and the grid."""
    swept = [axis.name for axis in request.axes]
    designs = tuple(
        complete_design(
            design,
            sizes,
            tuple(name for name in swept if name in open_names(design)),
            counted,
            range_option="--over",
        )
        for design in request.designs
    )
    assumed = {name: 1 for design in designs for name in design.assumed}
    for variants in request.all_variants:
        assumed |= dict.fromkeys(variants.assumed({*sizes, *swept}), 1)
    grid = Grid(request.axes, {**assumed, **sizes})
    if not (request.axes or request.variants):
        raise UsageError("no size is swept", hint=OVER_HINT)
    _check_variants(request, grid)
    return designs, grid


def _check_variants(request: SweepRequest, grid: Grid) -> None:
    """UsageError for more rows of variants than are evaluated, before these are counted."""
    rows = grid.points * prod(len(axis.values) for each in request.all_variants for axis in each.axes)
    if request.variants and rows > MOST_IN_NUMPY:
        message = f"the variants have {rows:,} points; the limit is {MOST_IN_NUMPY:,}"
        raise UsageError(message, hint="Take larger steps, or fewer sizes and arguments.")


def _known_names(request: SweepRequest, sizes: Mapping[str, Size], table: QuantityTable) -> tuple[str, ...]:
    """What a condition or an order may be about."""
    every = (*request.argument_names, *(axis.name for axis in request.axes), *sizes, *request.names)
    return tuple(dict.fromkeys((*table.names, *every)))


def check_values(used: Iterable[str], grid: Grid) -> None:
    """UnboundSizeError for a size that no quantity depends on, but the condition or the order does."""
    have = {*(axis.name for axis in grid.axes), *grid.fixed}
    if missing := next((name for name in sorted(used) if name not in have), ""):
        raise UnboundSizeError(
            f"{missing} has no value",
            hint=f"Give sizes: {missing}=128",
            cli_hint=f"Give sizes: --{missing} 128",
        )
