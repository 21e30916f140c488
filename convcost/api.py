"""The library's front door: a line of text in, a report or a comparison out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from convcost.errors import UsageError
from convcost.quantities import MATMUL, Convention, Size
from convcost.report import Comparison, Report
from convcost.spec import Spec, check_names, parse

FOUNDING_PAIR = (
    "dense = [B, S, L*E] -> Linear(L*E, E)",
    "conv = [B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)",
)
FOUNDING_SIZES = {"K": 3}


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
