"""The comparison of two designs, and the loops that explain the ratio of their MACs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from convcost.analysis.explain.layer_group import LayerGroup
from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    DerivationStep,
    Equation,
    EquationSide,
    Factor,
    Loop,
    Multiple,
    Sentence,
    divided,
    factors,
    names_in,
    number,
)
from convcost.core.arithmetic import elements
from convcost.core.comparison import Comparison, quotient_name
from convcost.core.cost import MATMUL, Shape, Size
from convcost.core.report import Report
from convcost.core.units import plural

MOST_FACTORS = 4
"""More factors are not a readable explanation."""

EQUAL_LOOPS = "the other loops are equal."

LayerGroups = tuple[LayerGroup, ...]


def comparison_part(
    comparison: Comparison, other: Report, first_groups: LayerGroups, groups: LayerGroups
) -> DerivationPart:
    """The comparison of `other` with the first candidate; a torch module has no groups of layers."""
    first = comparison.first
    are_specs = bool(first_groups and groups)
    inputs = _inputs(comparison, other, first_groups[0], groups[0]) if are_specs else ()
    reasons = _why(first, other, first_groups, groups) if are_specs else ()
    steps = (
        DerivationStep("inputs", tuple(inputs)),
        DerivationStep("FLOPs", tuple(_ratio(first, other, "flops"))),
        DerivationStep("why", tuple(reasons)),
        DerivationStep("real data", tuple(_on_real_data(first, other))),
        DerivationStep("parameters", tuple(_ratio(first, other, "params"))),
        DerivationStep("outputs", tuple(_outputs(comparison, other))),
    )
    return DerivationPart(quotient_name(other.name, first.name), tuple(step for step in steps if step.lines))


def _inputs(
    comparison: Comparison, other: Report, first_group: LayerGroup, group: LayerGroup
) -> Iterator[DerivationLine]:
    first = comparison.first
    sizes = elements(first.input), elements(other.input)
    if sizes[0] != sizes[1]:
        words = "{} has {} input elements, {} has {}"
        counts = (other.name, sizes[1], first.name, sizes[0])
        found = comparison.equal_inputs(other) if comparison.is_open else None
        if found is None:
            yield Sentence(f"{words}: the designs do not do the same work.", counts)
        else:
            yield Sentence(f"{words}: equally many at {{}} = {{}}.", (*counts, found.size, found.value))
    elif _rearranged(first_group.named.input, group.named.input):
        words = "{} and {} hold the same {} elements, arranged differently."
        yield Sentence(words, (first_group.named.input, group.named.input, sizes[0]))


def _rearranged(first: Shape, other: Shape) -> bool:
    return first != other and _size_names(first) == _size_names(other)


def _size_names(shape: Shape) -> list[str]:
    return sorted(str(name) for size in shape for name in names_in(size))


def _ratio(first: Report, other: Report, metric: str) -> Iterator[DerivationLine]:
    base, value = getattr(first, metric), getattr(other, metric)
    if base != 0:
        yield Equation((EquationSide("{} / {}", (value, base)), number(Factor(divided(value, base)))))


def _why(
    first: Report, other: Report, first_groups: LayerGroups, groups: LayerGroups
) -> Iterator[DerivationLine]:
    """The origin of the ratio, if FLOPs are only MACs and it can be derived."""
    if first.convention == MATMUL and first.macs != 0 and other.macs != 0:
        sizes = {**first.sizes, **other.sizes}
        yield from ratio_reason(first_groups, groups, divided(other.macs, first.macs), sizes)


def _on_real_data(first: Report, other: Report) -> Iterator[DerivationLine]:
    """The ratio without MACs on padding, if it differs."""
    base, value = first.valid_macs, other.valid_macs
    if first.convention != MATMUL or base is None or value is None or base == 0:
        return
    if divided(value, base) != divided(other.macs, first.macs):
        yield from _ratio(first, other, "valid_macs")


def _outputs(comparison: Comparison, other: Report) -> Iterator[DerivationLine]:
    first = comparison.first
    output_ratio = comparison.ratio("output_elements", other)
    cost_ratio = comparison.ratio("flops_per_output_element", other)
    if other.output_elements == first.output_elements or cost_ratio is None:
        return
    counts = other.output_elements, first.output_elements
    yield Sentence(
        "{} has {} output elements, compared with {}: {} as many.",
        (other.name, *counts, Multiple(output_ratio)),
    )
    yield Sentence("Each of them costs {} the FLOPs.", (Multiple(cost_ratio),))


class LoopTerm(NamedTuple):
    """A loop, or repeated layers, and the remaining factors of its extent that the other side lacks."""

    loop: Loop
    remaining: tuple[Any, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no factor was cancelled."""
        return self.remaining == factors(self.loop.named)


class LoopQuotient(NamedTuple):
    """The terms of a quotient."""

    numerator: list[LoopTerm]
    denominator: list[LoopTerm]


def ratio_reason(
    first: LayerGroups, other: LayerGroups, ratio: Any, sizes: Mapping[str, Size]
) -> Iterator[DerivationLine]:
    """`ratio` explained by the loops that only one side has, or by a formula in the names of sizes."""
    sentence = _shared_loops(first, other, ratio, sizes)
    if sentence:
        yield sentence
        return
    named = divided(*(sum(each.times * each.named.cost.macs for each in side) for side in (other, first)))
    if named != ratio:
        yield Equation((number(named), number(Factor(ratio))), "ratio of MACs")


def _shared_loops(
    first: LayerGroups, other: LayerGroups, ratio: Any, sizes: Mapping[str, Size]
) -> DerivationLine | None:
    """The explanation by loops, if each side has one kind of contraction and the rest explains the ratio."""
    numerator, denominator = ([group for group in side if group.row.contracts] for side in (other, first))
    if len(numerator) != 1 or len(denominator) != 1:
        return None
    sides = _without_common(LoopQuotient(_terms(numerator[0]), _terms(denominator[0])))
    values = [[_value(term, sizes) for term in side] for side in sides]
    if len(sides.numerator + sides.denominator) > MOST_FACTORS or None in (*values[0], *values[1]):
        return None
    if divided(*(elements(tuple(side)) for side in values)) != ratio:
        return None
    own = elements(tuple(factor for term in sides.denominator for factor in term.remaining))
    macs = denominator[0].times * denominator[0].named.cost.macs
    return _sentence(sides, values, ratio, divided(macs, own))


def _terms(group: LayerGroup) -> list[LoopTerm]:
    layers = Loop("layer", group.times, group.times)
    return [LoopTerm(loop, factors(loop.named)) for loop in (layers, *group.loops)]


def _without_common(sides: LoopQuotient) -> LoopQuotient:
    """The quotient without equal loops, and without names of sizes that are factors of both sides."""
    equal = set(map(_identity, sides.numerator)) & set(map(_identity, sides.denominator))
    numerator, denominator = ([term for term in side if _identity(term) not in equal] for side in sides)
    common = _names_in_terms(numerator) & _names_in_terms(denominator)
    return LoopQuotient(_reduced(numerator, common.copy()), _reduced(denominator, common.copy()))


def _identity(term: LoopTerm) -> tuple[str, Size]:
    return term.loop.name, term.loop.named


def _names_in_terms(terms: list[LoopTerm]) -> Counter[Any]:
    return Counter(name for term in terms for name in names_in(term.loop.named))


def _reduced(terms: list[LoopTerm], common: Counter[Any]) -> list[LoopTerm]:
    reduced = []
    for term in terms:
        remaining = []
        for factor in term.remaining:
            if common[factor] > 0:
                common[factor] -= 1
            elif factor != 1:
                remaining.append(factor)
        reduced.append(term._replace(remaining=tuple(remaining)))
    return [term for term in reduced if term.remaining and term.loop.extent != 1]


def _value(term: LoopTerm, sizes: Mapping[str, Size]) -> Any:
    """The value of the remaining factors of `term`; None if a size has no value."""
    if term.is_whole:
        return term.loop.extent
    values = tuple(
        factor if isinstance(factor, int) else sizes.get(str(factor), 0) for factor in term.remaining
    )
    return None if 0 in values else elements(values)


def _sentence(sides: LoopQuotient, values: list[list[Any]], ratio: Any, shared: Any) -> DerivationLine:
    numerator, denominator = (list(map(_words, *pair)) for pair in zip(sides, values, strict=True))
    quotient = " ÷ ".join((" × ".join(numerator) or "1", *denominator))
    is_named = not isinstance(shared, int)
    common, rest = ("the other factors, {}, are in both.", (shared,)) if is_named else (EQUAL_LOOPS, ())
    result = ratio if isinstance(ratio, int) else Factor(ratio)
    return Sentence(f"{quotient} = {{}}; {common}", (*values[0], *values[1], result, *rest))


def _words(term: LoopTerm, value: Any) -> str:
    return f"{{}} {plural(value, term.loop.name)}" if term.is_whole else f"{{}} (of {term.loop.name})"
