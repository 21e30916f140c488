"""The library's front door: a line of text in, a report or a comparison out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from convcost.errors import ConvcostError, UsageError
from convcost.explain import explanation
from convcost.explain.steps import Explanation
from convcost.fitting.request import Request, answered
from convcost.matching import LARGEST, Match, PerSize, metric_named
from convcost.quantities import MATMUL, Convention, Size
from convcost.report import Comparison, Report
from convcost.spec import Spec, check_names, parse
from convcost.units import parse_amount

FOUNDING_PAIR = (
    "dense = [B, S, L*E] -> Linear(L*E, E)",
    "conv = [B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)",
)
FOUNDING_SIZES = {"K": 3}
MOST_BY_NAME = 12


def cost(spec: str | Spec, **sizes: Size) -> Report:
    """What `spec` costs with `sizes` put in: cost("Linear(10E, E)", E=128).flops.

    A size without a value stays open, and the costs are sympy formulas in it. Raises SpecError where the
    text is wrong or a layer does not fit its input, UsageError for a size that the spec does not have.
    """
    design = parsed(spec)
    check_names(sizes, (design,))
    return design.report(sizes)


def compare(*specs: str | Spec, **sizes: Size) -> Comparison:
    """Two or more designs side by side; without any, the founding pair.

    Each of `sizes` has to occur in one of the designs; raises as `cost` does.
    """
    sizes = sizes if specs else FOUNDING_SIZES | sizes
    return comparison(tuple(map(parsed, specs or FOUNDING_PAIR)), sizes)


def comparison(
    specs: tuple[Spec, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
) -> Comparison:
    """The reports of `specs` under one convention and dtype."""
    if len(specs) < 2:
        raise UsageError(
            "a comparison needs two designs or more", hint="For a single one there is convcost layer."
        )
    check_names(sizes, specs)
    own = [{name: sizes[name] for name in spec.names if name in sizes} for spec in specs]
    stay_open = any(spec.leaves_open(sizes) for spec in specs)
    reports = [
        spec.report(bound, convention, dtype, stay_open) for spec, bound in zip(specs, own, strict=True)
    ]
    return Comparison(_named_apart(reports))


def explained(
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


def match(
    a: str | Spec,
    b: str | Spec | None = None,
    *,
    vary: str | Sequence[str],
    metric: str = "flops",
    budget: Size | str | None = None,
    multiple_of: PerSize = 1,
    minimum: PerSize = 1,
    maximum: PerSize = LARGEST,
    **sizes: Size,
) -> Match:
    """The values of `vary` that bring the cost of `b` nearest to that of `a`, or that of `a` to `budget`.

    `vary` is a size of that design, or two: `vary="E,K"` gives the pairs within the target of which neither
    can grow without the other's loss. The limits are for each of them, or by name: `{"E": 8}`. Where
    nothing fits, the match is not `found`. Raises as `cost` does, and UsageError where there is no metric,
    no target or no such size.
    """
    return matching(
        tuple(parsed(spec) for spec in (a, b) if spec is not None),
        sizes,
        vary=vary.split(",") if isinstance(vary, str) else vary,
        metric=metric,
        budget=parse_amount(budget, metric_named(metric)) if isinstance(budget, str) else budget,
        multiple_of=multiple_of,
        minimum=minimum,
        maximum=maximum,
    )


def matching(
    specs: tuple[Spec, ...], sizes: Mapping[str, Size], *, vary: Sequence[str], **options: Any
) -> Match:
    """What `match` gives, with a convention and a dtype among the options."""
    return answered(Request(specs, tuple(name.strip() for name in vary), **options), sizes)


def parsed(spec: str | Spec) -> Spec:
    """`spec`, parsed if it is still a text."""
    return spec if isinstance(spec, Spec) else parse(spec)


def _named_apart(reports: list[Report]) -> tuple[Report, ...]:
    names = [report.name for report in reports]
    numbered = [
        f"{name} #{names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]
    return tuple(replace(report, name=name) for report, name in zip(reports, numbered, strict=True))
