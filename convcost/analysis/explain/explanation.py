"""Makes derivations of the costs of designs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from convcost.analysis.explain.comparison import comparison_part
from convcost.analysis.explain.layer import excluded_step, flops, layer_part
from convcost.analysis.explain.layer_group import LayerGroup, layer_groups
from convcost.analysis.explain.operation_group import module_parts, sum_equation
from convcost.analysis.explain.steps import (
    DerivationPart,
    DerivationStep,
    DesignDerivation,
    Explanation,
)
from convcost.api import CountedDesign, reports
from convcost.core.comparison import Comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.type_checks import check_convention, merge_sizes
from convcost.core.weights import WeightsReport, require_costs
from convcost.design import (
    GivenDesign,
    StatedDesign,
    as_design,
    check_sizes,
    counted_designs,
    sized_spec,
)
from convcost.spec import Spec, parse
from convcost.spec.founding_pair import FoundingPair
from convcost.tracing.module_design import ModuleDesign

MODULE_HINT = "Explain the reports one by one."

MOST_BY_NAME = 12
"""A chain of more different layers is explained only in numbers."""


def explain(*designs: GivenDesign, convention: Convention = MATMUL, **sizes: Size) -> Explanation:
    """Derive the costs of designs step by step: shapes, loops, MACs, FLOPs, parameters, ratios.

    Args:
        designs: What `cost` takes: specs, reports, or a torch module with its inputs, as (module, x). The
            founding pair if there are none. A module is derived by the operators that it runs.
        convention: What counts as FLOPs.
        sizes: Values of sizes, by name.

    Raises:
        UsageError: For a file of weights. Also the errors of `cost`.

    >>> explain("Linear(10E, E)", E=128).parts[0].title
    'Linear(1280, 128)'
    """
    check_convention(convention)
    given = merge_sizes(sizes)
    if not designs:
        pair = FoundingPair()
        return derivation(tuple(map(parse, pair.texts)), pair.sizes(given), convention)
    stated = tuple(map(as_design, designs))
    check_sizes(given, stated)
    pairs = [_counted(each, given, convention) for each in stated]
    return _derivation([spec for spec, _ in pairs], tuple(each for _, each in pairs), given, convention)


def _counted(
    design: StatedDesign, sizes: Mapping[str, Size], convention: Convention
) -> tuple[Spec | None, CountedDesign]:
    """The design as it is counted, and its spec, which a torch module does not have."""
    if isinstance(design, Spec):
        return design, design
    if isinstance(design, ModuleDesign):
        return None, counted_designs((design,), sizes)[0]
    if design.trace or isinstance(design, WeightsReport):
        return None, design
    own = sized_spec(design, sizes, "a derivation", MODULE_HINT)
    return own.spec, own.spec.report(own.sizes, convention)


def derivation(
    designs: Sequence[CountedDesign], sizes: Mapping[str, Size], convention: Convention = MATMUL
) -> Explanation:
    """Derive the costs of `designs`, by names of sizes and by values."""
    specs = [design if isinstance(design, Spec) else None for design in designs]
    return _derivation(specs, tuple(designs), sizes, convention)


def _derivation(
    specs: Sequence[Spec | None],
    designs: tuple[CountedDesign, ...],
    sizes: Mapping[str, Size],
    convention: Convention,
) -> Explanation:
    results = reports(designs, sizes, convention)
    require_costs(results, "a derivation needs FLOPs")
    named = (_by_name(spec, each) if spec else each for spec, each in zip(specs, results, strict=True))
    return explanation(results, tuple(named))


def _by_name(spec: Spec, report: Report) -> Report:
    """The report with all sizes open; `report` itself if that is impossible, or too long to read."""
    if not spec.names or len(spec.templates) > MOST_BY_NAME:
        return report
    try:
        return spec.report({}, stay_open=True)
    except ConvcostError:
        return report


def explanation(reports: tuple[Report, ...], named: tuple[Report, ...]) -> Explanation:
    """Derive the costs in `reports`; `named` are the reports with all sizes open, or the same reports."""
    groups = [
        () if report.trace else layer_groups(report, by_name)
        for report, by_name in zip(reports, named, strict=True)
    ]
    is_single = len(reports) == 1
    designs = tuple(
        DesignDerivation(report, _parts(report, own_groups, "" if is_single else report.name))
        for report, own_groups in zip(reports, groups, strict=True)
    )
    if is_single:
        return Explanation(designs)
    first, *others = groups
    comparison = Comparison(reports)
    pairs = zip(reports[1:], others, strict=True)
    return Explanation(
        designs,
        tuple(comparison_part(comparison, other, first, other_groups) for other, other_groups in pairs),
    )


def _parts(report: Report, groups: tuple[LayerGroup, ...], title: str) -> tuple[DerivationPart, ...]:
    if report.trace:
        return module_parts(report, report.trace, title)
    parts = tuple(layer_part(group, report.convention, title) for group in groups)
    return (*parts, total_part(report, groups)) if len(groups) > 1 else parts


def total_part(report: Report, groups: tuple[LayerGroup, ...]) -> DerivationPart:
    """The sums over all layers."""
    steps = (
        _sum("MACs", groups, lambda row: row.cost.macs, report.macs),
        flops(report.cost, report.convention),
        excluded_step(report.cost, report.convention, report.rows),
        _sum("parameters", groups, lambda row: row.params, report.params),
    )
    return DerivationPart(f"{report.name}, in total", tuple(step for step in steps if step.lines))


def _sum(
    title: str, groups: tuple[LayerGroup, ...], amount: Callable[[Row], Size], total: Size
) -> DerivationStep:
    terms = tuple((group.times, amount(group.row)) for group in groups if amount(group.row) != 0)
    return DerivationStep(title, (sum_equation(terms, total),))
