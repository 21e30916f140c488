"""`convcost.sweep`: evaluates designs over a grid of sizes, and keeps the best rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.sweep import RATIO, Sweep, SweptDesign
from convcost.core.type_checks import (
    check_convention,
    check_size_names,
    check_text,
    check_type,
    is_module,
    merge_sizes,
)
from convcost.design import GivenDesign, StatedDesign, as_design, counted_designs
from convcost.devices.catalogue import device_named
from convcost.devices.device import Device
from convcost.search.design import Design
from convcost.search.engines.choice import AUTO
from convcost.search.engines.interface import GridProgress
from convcost.search.grid import Grid, values_axis
from convcost.search.sweep_request import (
    DEFAULT_TOP,
    SweepCriteria,
    SweepRequest,
    check_request,
    check_values,
    designs_on_grid,
    dtype_of,
    parse_criteria,
)
from convcost.search.sweep_run import run_sweep
from convcost.search.variants.variants import ModuleVariants, VariantDesign
from convcost.spec.spec import Spec, check_int
from convcost.tracing.target.module_text import is_module_text

if TYPE_CHECKING:
    import torch

    from convcost.search.grid_blocks import SweepPlan

NOTHING: Mapping[str, Any] = MappingProxyType({})


def sweep(
    *designs: GivenDesign | Callable[..., torch.nn.Module],
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
    """Evaluate designs exactly over a grid of sizes, and return the best; ratios are to the first design.

    sweep("[B,C,H,H] -> Conv2d(C, M, K)", over={"C": range(64, 257, 64), "K": [1, 3], "M": "2C,4C"}, H=32)

    Args:
        designs: Specs, reports with open sizes, or torch modules, on `inputs` or on their own,
            (module, "f32[B,3,H,W]"). With several, the others are compared with the first.
        over: The values of sizes by name: a range, a list, or a text such as "64:1024:64" (the stop is
            included), "2^5..2^10", or formulas in other sizes, "2C,4C".
        over_args: If the last design is a class of modules, or a function that makes one: the values of its
            arguments by name, {"width": range(64, 513, 64), "bias": [True, False]}. Each combination is
            built and counted; rows have its `arguments`, which `where` and `by` can use too.
        inputs: The inputs of modules: texts such as "f32[B,3,H,W]", or tensors. An argument of `over_args`
            may be a size in them: "f32[B,width]".
        where: A condition on quantities, sizes and ratio: "flops <= 1G and (params < 2M or C >= 64)".
        by: The quantity to sort rows by, smallest first, or largest first with "params:max". The ratio is of
            this quantity, or of FLOPs.
        top: The number of rows to keep.
        pareto: Quantities or sizes, as in `by`: "flops,C:max" keeps the Pareto front in both.
        out: A .parquet, .arrow, .csv or .jsonl file for all rows that meet `where`, with their specs.
        columns: The quantities of rows (default: FLOPs, parameters, and those in other options).
        engine: The engine that evaluates the grid: "numpy", "duckdb" or "spark" (default: DuckDB for a large
            grid, if installed). All give the same result.
        master: The URL of the Spark master, such as "spark://host:7077" (default: "local[*]", this
            machine). A Spark that already runs in this process is used.
        device: The device of the roofline lower bound: "h100" adds the quantity `seconds`; several devices
            add `seconds_h100_sxm` and so on.
        convention: The convention of FLOPs.
        dtype: The dtype of all floats, for bytes and lower bounds. By default, specs have float32, and
            modules their own dtypes.
        sizes: Values of sizes that are not swept.

    Impossible designs are left out, and counted by reason. Raises as `cost` does, SpecError for an invalid
    `where` or `over`, and UsageError if the grid is too large.

    >>> [row.sizes["C"] for row in sweep("[1, C] -> Linear(C, 8)", over={"C": "2:8:2"}, where="macs < 40")]
    [2, 4]
    """
    named = check_type("over", over, Mapping, "a mapping", 'For example, over={"C": "64:1024:64"}.')
    sizes = merge_sizes(sizes)
    given = (inputs,) if isinstance(inputs, str) or hasattr(inputs, "device") else tuple(inputs)
    variants = _class_variants(designs[-1:], over_args, given) if over_args else None
    stated = designs[:-1] if variants else designs
    fixed = {name: size for name, size in sizes.items() if name not in named}
    request = SweepRequest(
        counted_designs([_design(each, given) for each in stated], fixed),
        tuple(values_axis(name, named[name]) for name in check_size_names(named)),
        check_text("where", where, "flops <= 1G"),
        check_text("by", by, "flops"),
        top,
        split_names(pareto, "pareto"),
        None if out is None else Path(out),
        check_convention(convention),
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
    from convcost.search.variants.variant_counts import class_variants

    return class_variants(designs, over_args, inputs)


def _design(given: Any, inputs: tuple[Any, ...]) -> StatedDesign:
    """The given design; a module without inputs gets `inputs`."""
    has_none = is_module(given) or (isinstance(given, str) and is_module_text(given) and "->" not in given)
    return as_design(given, inputs if has_none else ())


def split_names(given: str | Sequence[str], option: str = "") -> tuple[str, ...]:
    """The names in a text such as "flops,params" or in a list; errors name `option`."""
    listed = given.split(",") if isinstance(given, str) else given
    every = (check_text(option, name, "flops,params").strip() for name in listed)
    names = tuple(name for name in every if name)
    if listed != [""] and listed and not names:
        raise UsageError(f"{str(given)[:40]!r} names nothing", hint="For example, flops,params.")
    return names


def _devices(given: str | Device | Sequence[str | Device]) -> tuple[Device, ...]:
    """The devices given as objects or by name."""
    listed = given.split(",") if isinstance(given, str) else [given] if isinstance(given, Device) else given
    return tuple(
        each if isinstance(each, Device) else device_named(check_text("device", each, "h100").strip())
        for each in listed
    )


def sweep_designs(
    request: SweepRequest, sizes: Mapping[str, Size], progress: GridProgress | None = None
) -> Sweep:
    """Run a sweep; `progress` gets the parts of the work and their number, and yields them again."""
    check_request(request, sizes)
    sizes = {name: check_int(name, size) for name, size in sizes.items()}
    criteria = parse_criteria(request, sizes)
    designs, grid = designs_on_grid(request, sizes, criteria.counted)
    check_values(criteria.names - {*criteria.table.names, *request.argument_names}, grid)
    variants = request.variants.designs(grid.fixed, criteria.counted) if request.variants else ()
    plan = _plan(request, criteria, designs, variants, grid)
    found = run_sweep(_sweep_without_rows(request, criteria, designs, plan, sizes), plan, request, progress)
    return replace(found, warnings=tuple(dict.fromkeys(_warnings(found, designs))))


def _warnings(sweep: Sweep, designs: Sequence[Design]) -> Iterator[str]:
    """The warnings of the designs with the sizes of the first row."""
    for design in designs if sweep.rows else ():
        if isinstance(design.stated, Spec):
            sizes = {name: size for name, size in sweep.rows[0].sizes.items() if name in design.stated.names}
            with suppress(ConvcostError):  # with these sizes, another design may be impossible
                yield from design.report(sizes).warnings


def _plan(
    request: SweepRequest,
    criteria: SweepCriteria,
    designs: Sequence[Design],
    variants: Sequence[VariantDesign],
    grid: Grid,
) -> SweepPlan:
    """The plan of a sweep: the variants of a module, or all designs except the reference."""
    from convcost.search.grid_blocks import SweepPlan

    first = 1 if request.has_reference else 0
    names = request.design_names
    table = criteria.table
    return SweepPlan(
        grid,
        names[-1:] * len(variants) if variants else names[first:],
        tuple(variants) if variants else tuple(designs[first:]),
        table.ratio_column,
        designs[0] if first else None,
        criteria.condition,
        {name: quotient for name, quotient in table.quotients.items() if name in criteria.needed - {RATIO}},
        criteria.columns,
        tuple(variant.arguments for variant in variants),
    )


def _sweep_without_rows(
    request: SweepRequest,
    criteria: SweepCriteria,
    designs: Sequence[Design],
    plan: SweepPlan,
    sizes: Mapping[str, Size],
) -> Sweep:
    """The sweep without results."""
    texts = (*(design.text for design in designs), *(each.text for each in request.all_variants))
    stated = [*map(SweptDesign, request.design_names, texts)]
    grid = plan.grid
    return Sweep(
        designs=tuple(stated[1:] if request.has_reference else stated),
        over={axis.name: axis.text for axis in grid.axes},
        over_arguments={axis.name: axis.text for each in request.all_variants for axis in each.axes},
        points=grid.points * max(len(plan.arguments), 1),
        impossible={},
        matching=0,
        rows=(),
        found=0,
        by=criteria.by,
        pareto=criteria.pareto,
        top=request.top,
        where=criteria.condition.text if criteria.condition else "",
        reference=stated[0] if request.has_reference else None,
        ratio_of=criteria.table.ratio_of,
        sizes=grid.fixed,
        assumed=tuple(name for name in grid.fixed if name not in sizes),
        convention=request.convention,
        dtype=dtype_of(request),
        columns=criteria.columns,
        bounds=criteria.table.device_names,
    )
