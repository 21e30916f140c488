"""From designs and sizes to their explanation."""

from __future__ import annotations

from collections.abc import Mapping

from convcost.analysis.explain.explanation import explanation
from convcost.analysis.explain.steps import Explanation
from convcost.api import comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.spec import Spec, check_names

MOST_BY_NAME = 12
"""A chain of more different layers is explained in numbers alone."""


def derivation(
    specs: tuple[Spec, ...], sizes: Mapping[str, Size], convention: Convention = MATMUL
) -> Explanation:
    """How the costs of `specs` come about, in the names of sizes and with numbers put in."""
    if len(specs) > 1:
        reports = comparison(specs, sizes, convention).candidates
    else:
        check_names(sizes, specs)
        reports = tuple(spec.report(sizes, convention) for spec in specs)
    return explanation(reports, tuple(map(_by_name, specs, reports)))


def _by_name(spec: Spec, report: Report) -> Report:
    """`report` with every size left open; itself where that is not possible, or too long to be read."""
    if not spec.names or len(spec.templates) > MOST_BY_NAME:
        return report
    try:
        return spec.report({}, stay_open=True)
    except ConvcostError:
        return report
