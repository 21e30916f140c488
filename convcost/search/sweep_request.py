"""The request of a sweep, and its checks: designs, grid, condition, order and columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import NamedTuple

from convcost.analysis.lower_bound import lower_bound
from convcost.api import CountedDesign, number_equal_names
from convcost.core.cost import BATCH_LIKE, MATMUL, Convention, Size, example_size, example_values
from convcost.core.dtypes import DEFAULT_DTYPE, dtype_named
from convcost.core.errors import UnboundSizeError, UsageError, did_you_mean, join_words, unknown_name
from convcost.core.metrics import NAMES
from convcost.core.report import Report
from convcost.core.sweep import RATIO, SECONDS, Objective
from convcost.core.units import count_error
from convcost.core.weights import require_costs
from convcost.design import check_sizes
from convcost.devices.device import Device
from convcost.search.design import CountedQuantities, Design, complete_design, open_names
from convcost.search.engines.choice import AUTO, MOST_IN_NUMPY, check_engine
from convcost.search.grid import Axis, Grid
from convcost.search.output.sweep_file import check_file
from convcost.search.quantities import QuantityTable, quantity_table
from convcost.search.variants.variants import ModuleVariants
from convcost.search.where import CONDITIONAL, WhereCondition, parse_condition
from convcost.spec.spec import check_int

DEFAULT_TOP = 20

MOST_ROWS = 10**5
"""The most rows to keep."""

ALWAYS_SHOWN = ("flops", "params")


@dataclass(frozen=True)
class SweepRequest:
    """The request of a sweep: designs, then variants of a module, and options. Ratios are to the first.

    Without a `dtype`, specs have float32, and reports their own. `columns` are the quantities of rows; empty
    for the default.
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
        """Whether there are several designs, so that the first is the reference of ratios."""
        return len(self.designs) + (self.variants is not None) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """The open sizes of all designs."""
        own = (name for design in self.designs for name in open_names(design))
        return tuple(dict.fromkeys((*own, *(self.variants.names if self.variants else ()))))

    @property
    def all_variants(self) -> tuple[ModuleVariants, ...]:
        """The module whose arguments are swept, if any."""
        return (self.variants,) if self.variants else ()

    @property
    def design_names(self) -> tuple[str, ...]:
        """The names of designs and variants; equal names are numbered."""
        return number_equal_names([design.name for design in (*self.designs, *self.all_variants)])

    @property
    def argument_names(self) -> tuple[str, ...]:
        """The swept arguments of a constructor."""
        return tuple(axis.name for variants in self.all_variants for axis in variants.axes)


def check_request(request: SweepRequest, sizes: Mapping[str, Size]) -> None:
    """UsageError for invalid requests, before anything is parsed or counted."""
    if not (request.designs or request.variants):
        raise UsageError("a design is missing", hint="Give one or more; ratios are to the first.")
    if not 1 <= check_int("top", request.top) <= MOST_ROWS:
        raise count_error("top", request.top, 1, MOST_ROWS)
    if request.file:
        check_file(request.file)
    check_engine(request.engine, request.master, has_variants=bool(request.variants))
    require_costs((each for each in request.designs if isinstance(each, Report)), "a sweep needs FLOPs")
    _check_swept(request)
    _check_given(request, sizes)


class SweepCriteria(NamedTuple):
    """The parsed criteria: the condition, the order, and the quantities to count.

    `names` are those in the condition and the order, `columns` the quantities of rows, and `needed` all
    quantities to compute.
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
    """Parse the request's condition and order; `sizes` are those that are not swept."""
    by, pareto = _objectives(request)
    table = _table(request, by)
    known = _known_names(request, sizes, table)
    for objective in (by, *pareto):
        if objective.name not in known:
            hints = CONDITIONAL.get(objective.name, {})
            raise unknown_name("no quantity or size is called", objective.name, known, **hints)
    condition = parse_condition(request.where, known, table.times) if request.where.strip() else None
    names = frozenset(each.name for each in (by, *pareto)) | (condition.names if condition else frozenset())
    _check_numeric_arguments(request, names)
    _check_unambiguous(request, names, table)
    columns = _columns(request, table, names)
    needed = names.union(columns) & {*table.names}
    counted = CountedQuantities(
        table.integer_columns(needed),
        request.convention,
        dtype_named(request.dtype) if request.dtype else "",
        table.bounds,
    )
    return SweepCriteria(by, pareto, table, condition, names, columns, needed, counted)


def _check_swept(request: SweepRequest) -> None:
    """UsageError for a swept size that is in no design and no formula."""
    known = request.names
    used = {name for axis in request.axes for name in axis.names}
    for axis in request.axes:
        if axis.name not in {*known, *used}:
            near = did_you_mean(axis.name, known)
            listed = f"Choose from {', '.join(known)}." if known else "No size is open."
            name, what = axis.name[:64], "An argument of a module is swept by"
            raise UsageError(
                f"no size is called {name}{near}",
                hint=f'{listed} {what} over_args={{"{name}": "8,16"}}.',
                cli_hint=f"{listed} {what} --over-arg {name}=8,16.",
            )


def _check_given(request: SweepRequest, sizes: Mapping[str, Size]) -> None:
    """UsageError for an unknown size, and for an argument with the name of a size or quantity."""
    of_variants = {name for variants in request.all_variants for name in variants.names}
    check_sizes({name: size for name, size in sizes.items() if name not in of_variants}, request.designs)
    others = {*request.names, *(axis.name for axis in request.axes), *sizes, *NAMES, RATIO, SECONDS}
    if twice := next((name for name in request.argument_names if name in others), ""):
        raise UsageError(f"{twice} is both an argument and a size or a quantity", hint="Rename one of them.")


def _check_numeric_arguments(request: SweepRequest, used: Collection[str]) -> None:
    """UsageError for a condition or an order on an argument that is not a number."""
    for axis in (axis for variants in request.all_variants for axis in variants.axes):
        if axis.name in used and not axis.is_numeric:
            message = f"{axis.name} has values that are not numbers: rows can't be filtered or sorted by it"
            raise UsageError(message, hint=f"They are {axis.text[:60]}.")


def _check_unambiguous(request: SweepRequest, used: Collection[str], table: QuantityTable) -> None:
    """UsageError for a name that is both a size and a quantity, in a condition or an order."""
    sizes = {*(axis.name for axis in request.axes), *request.names}
    if name := next((name for name in sorted(used) if name in table.names and name in sizes), ""):
        raise UsageError(f"{name} is both a size and a quantity", hint="Rename the size.")


def _objectives(request: SweepRequest) -> tuple[Objective, tuple[Objective, ...]]:
    """The objective to sort by, and those of the Pareto front."""
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
    """The dtype of lower bounds; UsageError if designs have different ones."""
    if request.dtype:
        return dtype_named(request.dtype)
    found = {design.dtype if isinstance(design, Report) else DEFAULT_DTYPE for design in request.designs}
    if request.devices and found != {DEFAULT_DTYPE} and len(found) > 1:
        raise UsageError(
            f"the designs have different dtypes: {join_words(sorted(found))}",
            hint="Give one dtype for all.",
        )
    return found.pop() if len(found) == 1 else DEFAULT_DTYPE


def _table(request: SweepRequest, by: Objective) -> QuantityTable:
    """All available quantities."""
    dtype = dtype_of(request)
    bounds = [lower_bound(device, dtype, bool(request.dtype)) for device in request.devices]
    return quantity_table(bounds, by.name if request.has_reference else "")


def _columns(request: SweepRequest, table: QuantityTable, used: Collection[str]) -> tuple[str, ...]:
    """The quantities of rows; UsageError for an unknown one."""
    for name in request.columns:
        if name not in table.names:
            raise unknown_name("no quantity is called", name, table.names, **CONDITIONAL.get(name, {}))
    defaults = (*ALWAYS_SHOWN, *(name for name in table.names if name in (*table.times, *used)))
    return tuple(name for name in dict.fromkeys(request.columns or defaults) if name != RATIO)


def designs_on_grid(
    request: SweepRequest, sizes: Mapping[str, Size], counted: CountedQuantities
) -> tuple[tuple[Design, ...], Grid]:
    """The grid, and the designs with all other sizes set."""
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
        raise _nothing_swept([name for name in request.names if name not in sizes])
    _check_variants(request, grid)
    return designs, grid


def _nothing_swept(names: Sequence[str]) -> UsageError:
    """The error for a request without --over, with an open size of the designs that can be swept."""
    message = "no size is swept"
    if not names:
        return UsageError(message, hint="The designs have no open size: write one as a name, Linear(C, 64).")
    name = next((name for name in names if name not in BATCH_LIKE), names[0])
    return UsageError(
        message,
        hint=f'Give values: over={{"{name}": "{example_values(name)}"}}.',
        cli_hint=f"Give values: --over {name}={example_values(name)}.",
    )


def _check_variants(request: SweepRequest, grid: Grid) -> None:
    """UsageError for too many rows of variants, before variants are counted."""
    rows = grid.points * prod(len(axis.values) for each in request.all_variants for axis in each.axes)
    if request.variants and rows > MOST_IN_NUMPY:
        message = f"the variants have {rows:,} points; the limit is {MOST_IN_NUMPY:,}"
        raise UsageError(message, hint="Take larger steps, or fewer sizes and arguments.")


def _known_names(request: SweepRequest, sizes: Mapping[str, Size], table: QuantityTable) -> tuple[str, ...]:
    """The names that conditions and orders can use."""
    every = (*request.argument_names, *(axis.name for axis in request.axes), *sizes, *request.names)
    return tuple(dict.fromkeys((*table.names, *every)))


def check_values(used: Iterable[str], grid: Grid) -> None:
    """UnboundSizeError for a size without a value that only the condition or the order uses."""
    have = {*(axis.name for axis in grid.axes), *grid.fixed}
    if missing := next((name for name in sorted(used) if name not in have), ""):
        raise UnboundSizeError(
            f"{missing} has no value",
            hint=f"Give sizes: {missing}={example_size(missing)}",
            cli_hint=f"Give sizes: --{missing} {example_size(missing)}",
        )
