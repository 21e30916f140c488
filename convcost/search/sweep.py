"""What designs cost over a grid of sizes: the request checked, the grid evaluated, the best rows kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from convcost.api import Design as Stated
from convcost.api import as_design, number_equal_names
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError, unknown_name
from convcost.core.sweep import RATIO, Sweep, SweepRow, SweptDesign
from convcost.core.type_checks import check_size_names, check_text, check_type, is_module, merge_sizes
from convcost.devices.catalogue import device_named
from convcost.devices.device import Device
from convcost.search.design import CountedQuantities
from convcost.search.engines.choice import AUTO, engine_for
from convcost.search.engines.interface import Engine, Progress
from convcost.search.grid import OVER_HINT, values_axis
from convcost.search.sweep_file import RowSource, check_file, write_rows
from convcost.search.sweep_request import (
    DEFAULT_TOP,
    SweepRequest,
    check_clear,
    check_given,
    check_numbers,
    check_swept,
    check_values,
    columns_of,
    designs_on_grid,
    dtype_of,
    known_names,
    objectives_of,
    table_of,
)
from convcost.search.variants import ModuleVariants
from convcost.search.where import parse_condition
from convcost.spec.spec import check_int
from convcost.tracing.given_inputs import profile_on_inputs

if TYPE_CHECKING:
    import torch

    from convcost.search.grid_blocks import RowBlock, SweepPlan
    from convcost.search.selection import Selection

MOST_ROWS = 10**5
"""Rows that a sweep keeps."""


NOTHING: Mapping[str, Any] = MappingProxyType({})


def sweep(
    *designs: str | Stated | torch.nn.Module | Callable[..., torch.nn.Module],
    over: Mapping[str, str | Size | Iterable[Size | str]] = NOTHING,
    over_args: Mapping[str, Any] = NOTHING,
    inputs: Any = (),
    where: str = "",
    by: str = "",
    top: int = DEFAULT_TOP,
    pareto: str | Sequence[str] = (),
    out: str | PathLike[str] | None = None,
    columns: str | Sequence[str] = (),
    engine: str = AUTO,
    master: str = "",
    device: str | Device | Sequence[str | Device] = (),
    convention: Convention = MATMUL,
    dtype: str = "",
    **sizes: Size,
) -> Sweep:
    """The best of all designs over a grid of sizes, exactly counted; with several, by ratios to the first.

    sweep("[B,C,H,H] -> Conv2d(C, M, K)", over={"C": range(64, 257, 64), "K": [1, 3], "M": "2C,4C"}, H=32)

    Args:
        designs: Specs, reports with open sizes, or torch modules on `inputs`. The first of several is what
            the others are compared with.
        over: The values of sizes by name: a range, a list, or a text such as "64:1024:64" (the stop is
            among them), "2^5..2^10" or "2C,4C": formulas in other sizes.
        over_args: With a class of modules, or a function that makes one, as the last design: the values of
            its arguments by name, {"width": range(64, 513, 64), "bias": [True, False]}. Each combination is
            built and counted; rows have its `arguments`, which conditions and orders may be about too.
        inputs: What modules are called with: texts such as "f32[B,3,H,W]", or tensors. An argument of
            `over_args` may be a size in them: "f32[B,width]".
        where: A condition on quantities, sizes and ratio: "flops <= 1G and (params < 2M or C >= 64)".
        by: What the rows are sorted by, smallest first; "params:max" has the largest first. The ratio is
            that of this quantity, or of FLOPs.
        top: The number of rows that are kept.
        pareto: Quantities or sizes, as `by`: "flops,C:max" keeps what nothing else outdoes in both.
        out: A file .parquet, .arrow, .csv or .jsonl for all rows that fulfil `where`, with their specs.
        columns: The quantities that rows have (default: FLOPs, parameters, and those that are asked about).
        engine: What evaluates the grid: "numpy", "duckdb" or "spark" (default: DuckDB for a large grid, if it
            is installed). All find the same.
        master: The URL of Spark's master, such as "spark://host:7077" (default: "local[*]", this machine's
            cores). A Spark that runs in this process is used.
        device: What to find the roofline lower bound on: "h100" has it as `seconds`; of several each has its
            own, as `seconds_h100_sxm`.
        convention: What FLOPs are.
        dtype: What bytes are counted and lower bounds are found in (default: float32).
        sizes: The sizes that are not swept.

    Designs that are impossible are left out, and counted by reason. Raises as `cost` does, SpecError where
    `where` or `over` can't be read, and UsageError where the grid is too large.
    """
    named = check_type("over", over, Mapping, "a mapping", 'Such as over={"C": "64:1024:64"}.')
    sizes = merge_sizes(sizes)
    given = (inputs,) if isinstance(inputs, str) or hasattr(inputs, "device") else tuple(inputs)
    variants = _class_variants(designs[-1:], over_args, given) if over_args else None
    stated = designs[:-1] if variants else designs
    fixed = {name: size for name, size in sizes.items() if name not in named}
    request = SweepRequest(
        tuple(_design(each, given, fixed) for each in stated),
        tuple(values_axis(name, named[name]) for name in check_size_names(named)),
        check_text("where", where, "flops <= 1G"),
        check_text("by", by, "flops"),
        top,
        split_names(pareto, "pareto"),
        None if out is None else Path(out),
        check_type("convention", convention, Convention, "a convention", 'Such as Convention("all").'),
        check_text("dtype", dtype, "bfloat16"),
        _devices(device),
        split_names(columns, "columns"),
        check_text("engine", engine, "duckdb"),
        check_text("master", master, "spark://host:7077"),
        variants,
    )
    return sweep_designs(request, sizes)


def _class_variants(
    designs: Sequence[Any], over_args: Mapping[str, Any], inputs: tuple[Any, ...]
) -> ModuleVariants:
    from convcost.search.variant_counts import class_variants

    return class_variants(designs, over_args, inputs)


def _design(design: Any, inputs: tuple[Any, ...], sizes: Mapping[str, Size]) -> Stated:
    """The design; of a torch module its report, with formulas in those sizes of its inputs that are open."""
    return profile_on_inputs(design, inputs, sizes) if is_module(design) else as_design(design)


def split_names(given: str | Sequence[str], option: str = "") -> tuple[str, ...]:
    """The names in a text such as "flops,params", or in a list, for that option."""
    listed = given.split(",") if isinstance(given, str) else given
    every = (check_text(option, name, "flops,params").strip() for name in listed)
    names = tuple(name for name in every if name)
    if listed != [""] and listed and not names:
        raise UsageError(f"{str(given)[:40]!r} names nothing", hint="Such as flops,params.")
    return names


def _devices(given: str | Device | Sequence[str | Device]) -> tuple[Device, ...]:
    """Devices, or those of the catalogue that are called so."""
    listed = given.split(",") if isinstance(given, str) else [given] if isinstance(given, Device) else given
    return tuple(
        each if isinstance(each, Device) else device_named(check_text("device", each, "h100").strip())
        for each in listed
    )


def sweep_designs(
    request: SweepRequest, sizes: Mapping[str, Size], progress: Progress | None = None
) -> Sweep:
    """What `sweep` gives; `progress` gets the blocks of a large grid and their number, and passes them on."""
    if not (request.designs or request.variants):
        raise UsageError("there is no design", hint="Give one, or several: ratios are to the first.")
    top = check_int("top", request.top)
    if not 1 <= top <= MOST_ROWS:
        raise UsageError(f"top is {top}", hint=f"Give 1 to {MOST_ROWS:,}.")
    if request.file:
        check_file(request.file)
    check_swept(request)
    check_given(request, sizes)
    sizes = {name: check_int(name, size) for name, size in sizes.items()}
    by, pareto = objectives_of(request)
    table = table_of(request, by)
    known = known_names(request, sizes, table)
    for objective in (by, *pareto):
        if objective.name not in known:
            raise unknown_name("no quantity and no size is called", objective.name, known)
    where = request.where.strip()
    condition = parse_condition(request.where, known, table.times) if where else None
    used = {objective.name for objective in (by, *pareto)} | (condition.names if condition else frozenset())
    check_numbers(request, used)
    check_clear(request, used, table)
    columns = columns_of(request, table, used)
    needed = {*columns, *used} & {*table.names}
    counted = CountedQuantities(table.integers(needed), request.convention, dtype_of(request), table.bounds)
    designs, grid = designs_on_grid(request, sizes, counted)
    check_values(used - needed - {*request.argument_names}, grid)
    first = 1 if request.has_reference else 0
    if not (request.axes or request.variants):
        raise UsageError("no size is swept", hint=OVER_HINT)
    names = number_equal_names((*request.designs, *request.all_variants))
    texts = (*(design.text for design in designs), *(each.text for each in request.all_variants))
    stated = [*map(SweptDesign, names, texts)]
    variants = request.variants.designs(grid.fixed, counted) if request.variants else ()
    from convcost.search.grid_blocks import SweepPlan

    plan = SweepPlan(
        grid,
        names[-1:] * len(variants) if variants else names[first:],
        variants or designs[first:],
        table.ratio_column,
        designs[0] if first else None,
        condition,
        {name: quotient for name, quotient in table.quotients.items() if name in needed - {RATIO}},
        columns,
        tuple(variant.arguments for variant in variants),
    )
    asked = Sweep(
        designs=tuple(stated[first:]),
        over={axis.name: axis.text for axis in grid.axes},
        over_arguments={axis.name: axis.text for each in request.all_variants for axis in each.axes},
        points=grid.points * max(len(variants), 1),
        impossible={},
        matching=0,
        rows=(),
        found=0,
        by=by,
        pareto=pareto,
        top=top,
        where=condition.text if condition else "",
        reference=stated[0] if first else None,
        ratio_of=table.ratio_of,
        sizes=grid.fixed,
        assumed=tuple(name for name in grid.fixed if name not in sizes),
        convention=request.convention,
        dtype=dtype_of(request),
        columns=columns,
        bounds=table.device_names,
    )
    return _run(asked, plan, request, progress)


class _Run:
    """Evaluates the whole grid once, or again from the start, and keeps the best rows."""

    engine: Engine
    selection: Selection

    def __init__(
        self, sweep: Sweep, plan: SweepPlan, request: SweepRequest, progress: Progress | None
    ) -> None:
        self.sweep = sweep
        self.plan = plan
        self.request = request
        self.progress = progress or _no_progress

    def _start(self) -> None:
        from convcost.search.selection import ParetoFront, TopRows

        sweep = self.sweep
        self.engine = engine_for(self.request.engine, self.plan, self.request.master)
        self.selection = ParetoFront(sweep.pareto) if sweep.pareto else TopRows(sweep.by, sweep.top)

    def select(self) -> None:
        """Find the best rows alone."""
        self._start()
        self.engine.select(self.selection, self.progress)

    def blocks(self) -> Iterator[RowBlock]:
        """All rows that fulfil the condition."""
        self._start()
        yield from self.engine.blocks(self.selection, self.progress)

    def rows(self, block: RowBlock) -> list[SweepRow]:
        """The rows of a block in Python's integers."""
        from convcost.search.grid_blocks import block_rows

        return block_rows(self.plan, block)


def _no_progress(parts: Iterator[Any], number: int) -> Iterator[Any]:
    return parts


def _run(asked: Sweep, plan: SweepPlan, request: SweepRequest, progress: Progress | None) -> Sweep:
    """The sweep with what is found; all rows are written to the file if there is one."""
    run = _Run(asked, plan, request, progress)
    if request.file:
        write_rows(request.file, RowSource(asked, plan, run.blocks, run.rows))
    else:
        run.select()
    selection = run.selection
    selection.sort_by(asked.by)
    return replace(
        asked,
        impossible=dict(run.engine.impossible.most_common()),
        matching=selection.matching,
        rows=tuple(_rows(plan, selection.best(asked.top))),
        found=len(selection.points) if asked.pareto else selection.matching,
    )


def _rows(plan: SweepPlan, places: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """The rows of these designs and points, which are evaluated again."""
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
