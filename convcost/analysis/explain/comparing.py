"""How one design compares with another, and why."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.explain.arithmetic import divided, names_in
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.reason import reason
from convcost.analysis.explain.steps import Equation, Factor, Line, Part, Sentence, Side, Step, Times, number
from convcost.core.arithmetic import elements
from convcost.core.cost import MATMUL, Shape
from convcost.core.report import Comparison, Report

Groups = tuple[Group, ...]


def comparison_part(comparison: Comparison, other: Report, first_groups: Groups, groups: Groups) -> Part:
    """`other` against the first candidate."""
    first = comparison.first
    steps = (
        Step("inputs", tuple(_inputs(first, other, first_groups[0], groups[0]))),
        Step("FLOPs", tuple(_ratio(first, other, "flops"))),
        Step("why", tuple(_why(first, other, first_groups, groups))),
        Step("real data", tuple(_on_real_data(first, other))),
        Step("parameters", tuple(_ratio(first, other, "params"))),
        Step("outputs", tuple(_outputs(comparison, other))),
    )
    return Part(f"{other.name} ÷ {first.name}", tuple(step for step in steps if step.lines))


def _inputs(first: Report, other: Report, first_group: Group, group: Group) -> Iterator[Line]:
    sizes = elements(first.input), elements(other.input)
    if sizes[0] != sizes[1]:
        yield Sentence(
            "{} has {} input elements, {} has {}: the designs do not do the same work.",
            (other.name, sizes[1], first.name, sizes[0]),
        )
    elif _rearranged(first_group.named.input, group.named.input):
        words = "{} and {} are the same numbers, {} of them, in two arrangements."
        yield Sentence(words, (first_group.named.input, group.named.input, sizes[0]))


def _rearranged(first: Shape, other: Shape) -> bool:
    return first != other and _names(first) == _names(other)


def _names(shape: Shape) -> list[str]:
    return sorted(str(name) for size in shape for name in names_in(size))


def _ratio(first: Report, other: Report, metric: str) -> Iterator[Line]:
    base, value = getattr(first, metric), getattr(other, metric)
    if base != 0:
        yield Equation((Side("{} / {}", (value, base)), number(Factor(divided(value, base)))))


def _why(first: Report, other: Report, first_groups: Groups, groups: Groups) -> Iterator[Line]:
    """Where the ratio comes from, if FLOPs are MACs alone and it can be derived."""
    if first.convention == MATMUL and first.macs != 0 and other.macs != 0:
        sizes = {**first.sizes, **other.sizes}
        yield from reason(first_groups, groups, divided(other.macs, first.macs), sizes)


def _on_real_data(first: Report, other: Report) -> Iterator[Line]:
    """The ratio without taps on padding, where that is another."""
    base, value = first.valid_macs, other.valid_macs
    if first.convention != MATMUL or base is None or value is None or base == 0:
        return
    if divided(value, base) != divided(other.macs, first.macs):
        yield from _ratio(first, other, "valid_macs")


def _outputs(comparison: Comparison, other: Report) -> Iterator[Line]:
    first = comparison.first
    more = comparison.ratio("output_elements", other)
    each = comparison.ratio("flops_per_output_element", other)
    if other.output_elements == first.output_elements or each is None:
        return
    counts = other.output_elements, first.output_elements
    yield Sentence("{} yields {} output elements against {}: {} as many.", (other.name, *counts, Times(more)))
    yield Sentence("Each of them costs {} the FLOPs.", (Times(each),))
