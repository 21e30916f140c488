"""Makes derivations of the costs of designs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from convcost.analysis.explain.comparison import comparison_part
from convcost.analysis.explain.layer import excluded_step, flops, layer_part
from convcost.analysis.explain.layer_group import LayerGroup, layer_groups
from convcost.analysis.explain.steps import (
    DerivationPart,
    DerivationStep,
    DesignDerivation,
    Equation,
    EquationSide,
    Explanation,
    number,
)
from convcost.api import reports
from convcost.core.comparison import Comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.type_checks import check_type, merge_sizes
from convcost.design import GivenDesign, as_design, check_sizes, sized_spec
from convcost.spec import Spec, parse
from convcost.spec.founding_pair import FoundingPair

MODULE_HINT = "Use convcost.cost to see the costs of a module by submodule and operator."

MOST_BY_NAME = 12
"""A chain of more different layers is explained only in numbers."""

MOST_TERMS = 8
"""For a sum of more layers, only the result is shown."""


def explain(*designs: GivenDesign, convention: Convention = MATMUL, **sizes: Size) -> Explanation:
    """Derive the costs of designs step by step: shapes, loops, MACs, FLOPs, parameters, ratios.

    Args:
        designs: Specs, or reports of specs. The founding pair if there are none.
        convention: What counts as FLOPs.
        sizes: Values of sizes, by name.

    Raises:
        UsageError: For a torch module; `cost` shows its costs by submodule and operator. Also the errors of
            `cost`.

    >>> explain("Linear(10E, E)", E=128).parts[0].title
    'Linear(1280, 128)'
    """
    check_type("convention", convention, Convention, "a convention", 'For example, Convention("all").')
    given = merge_sizes(sizes)
    if not designs:
        pair = FoundingPair()
        return derivation(tuple(map(parse, pair.texts)), pair.sizes(given), convention)
    stated = tuple(map(as_design, designs))
    check_sizes(given, stated)
    specs = tuple(sized_spec(each, given, "a derivation", MODULE_HINT) for each in stated)
    counted = tuple(
        each if isinstance(each, Spec) else own.spec.report(own.sizes, convention)
        for each, own in zip(stated, specs, strict=True)
    )
    results = reports(counted, given, convention)
    named = tuple(_by_name(own.spec, each) for own, each in zip(specs, results, strict=True))
    return explanation(results, named)


def derivation(
    specs: tuple[Spec, ...], sizes: Mapping[str, Size], convention: Convention = MATMUL
) -> Explanation:
    """Derive the costs of `specs`, by names of sizes and by values."""
    results = reports(specs, sizes, convention)
    return explanation(results, tuple(map(_by_name, specs, results)))


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
    groups = [layer_groups(*pair) for pair in zip(reports, named, strict=True)]
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
    terms = [(group.times, amount(group.row)) for group in groups if amount(group.row) != 0]
    if not 1 < len(terms) <= MOST_TERMS:
        return DerivationStep(title, (Equation((number(total),)),))
    template = " + ".join("{} × {}" if count > 1 else "{}" for count, _ in terms)
    values = tuple(value for count, each in terms for value in ((count, each) if count > 1 else (each,)))
    return DerivationStep(title, (Equation((EquationSide(template, values), number(total))),))
