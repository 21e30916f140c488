"""The document of a match: the target, the closest sizes, and the answer in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from convcost.core.cost import Size
from convcost.core.match import UNITS, Choice, Match, Metric
from convcost.core.units import NONE, exact, in_full, percent, sign, signed_percent
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.formulas import math_text, short_text
from convcost.render.notes import convention_note, join_sizes
from convcost.render.style import Style
from convcost.render.texts import MathText, MixedText

MOST_LINES = 24

WIDEST = 80
"""The widest table: a wider one would be split, and its second part would lack the sizes."""

GUTTER = 3
"""The width between two columns."""

MOST_NAMED = 3
"""The most sizes to name in a sentence."""

VERBS = {"flops": "costs", "macs": "costs", "valid_macs": "costs"}
"""Other quantities are what a design has."""

TENSORS_OF_BYTES = " of input, parameters and output"


def match_document(match: Match, style: Style) -> Document:
    """The target, the closest sizes and notes."""
    reference = match.reference
    full = _table(match, _other_metrics(match))
    return Document(
        heading=(*([(reference.name, reference.spec)] if reference else []), (match.name, match.spec)),
        facts=tuple(_facts(match)),
        costs=Section(
            (full if _width(full) <= WIDEST else _table(match, ()),),
            _notes(match),
        ),
    )


def _table(match: Match, others: tuple[Metric, ...]) -> Table:
    sizes, units = map(MathText, match.vary), (UNITS[name] for name in others)
    columns = ("", *sizes, UNITS[match.metric], "difference", "relative", *units)
    lines = (_line(choice, match, others) for choice in _table_choices(match))
    return Table(columns, (_target_line(match, others), *lines))


def _width(table: Table) -> int:
    rows = [table.columns, *((line.label, *line.cells) for line in table.lines)]
    return sum(max(map(len, column)) + GUTTER for column in zip(*rows, strict=True))


def _facts(match: Match) -> Iterator[Fact]:
    if sizes := _given_sizes(match):
        yield Fact("sizes", sizes)
    varied = MixedText.joined(", ", map(MathText, match.vary))
    yield Fact("vary", MixedText(varied, f" of {match.name}") if match.reference else varied)
    number = prod(map(len, match.searched.values()))
    what = "pairs" if len(match.vary) > 1 else "values"
    yield Fact(
        "searched", MixedText(MixedText.joined(", ", _search_ranges(match)), f": all {number:,} {what}")
    )


def _search_ranges(match: Match) -> Iterator[str]:
    """E from 8 to 4,096 in steps of 8, for each varied size."""
    for name, sizes in match.searched.items():
        steps = f" in steps of {sizes.step:,}" if sizes.step > 1 else ""
        yield MixedText(MathText(name), f" from {sizes[0]:,} to {sizes[-1]:,}{steps}")


def _given_sizes(match: Match) -> str:
    """E = 128, L = 10; B and S default to 1; H open."""
    reference = match.reference
    assumed = tuple(dict.fromkeys((*(reference.assumed if reference else ()), *match.assumed)))
    left_open = dict.fromkeys((*(reference.open_names if reference else ()), *match.left_open))
    every = {**(reference.sizes if reference else {}), **match.sizes}
    bound = {name: in_full(size) for name, size in every.items() if name not in {*assumed, *left_open}}
    return join_sizes(bound, assumed, [name for name in left_open if name not in match.sizes])


def _other_metrics(match: Match) -> tuple[Metric, ...]:
    """Another metric to show, if it has a number."""
    is_open = match.left_open or (match.reference and match.reference.open_names)
    return () if is_open else ("flops",) if match.metric == "params" else ("params",)


def _target_line(match: Match, others: tuple[Metric, ...]) -> Line:
    reference = match.reference
    amounts = (short_text(getattr(reference, name)) if reference else "" for name in others)
    label = reference.name if reference else "budget"
    return Line(label, (*[""] * len(match.vary), exact(match.target), "", "", *amounts))


def _line(choice: Choice, match: Match, others: tuple[Metric, ...]) -> Line:
    sizes = (f"{size:,}" for size in choice.sizes.values())
    left = _signed_text(choice.difference), _share(choice.difference, match.target)
    amounts = (exact(getattr(choice.report, name)) for name in others)
    return Line(_label(choice, match), (*sizes, exact(choice.cost), *left, *amounts))


def _label(choice: Choice, match: Match) -> str:
    if choice in match.best:
        return "best" if match.at_most else "closest"
    if choice == match.above:
        return "over budget" if match.at_most else "next above"
    return "" if match.choices else "next below"


def _table_choices(match: Match) -> list[Choice]:
    """The choices of the table in order, including the nearest on both sides."""
    if not match.choices:
        sides = (side for side in (match.below, match.above) if side and side not in match.best)
        costs = {best.cost for best in match.best}
        others = (side for side in sides if side.cost not in costs)
        return sorted([*others, *match.best], key=lambda choice: choice.cost)
    above = [match.above] if match.above else []
    return [*_shown_choices(match), *above]


def _shown_choices(match: Match) -> list[Choice]:
    """The pairs to show, in order: of many, the closest."""
    choices = match.choices
    places = sorted(range(len(choices)), key=lambda place: abs(choices[place].difference))
    return [choices[place] for place in sorted(places[:MOST_LINES])]


def _notes(match: Match) -> tuple[str, ...]:
    notes = [_verdict(match)] if match.found else []
    if len(match.choices) > 1:
        first, second = map(MathText, match.vary)
        which = MixedText(
            f"Of the pairs {_within_target(match)}, each is the closest both for its ",
            first,
            " and for its ",
            second,
            ".",
        )
        notes.append(which)
    if len(match.choices) > MOST_LINES:
        found = f"{len(match.choices):,} such pairs were found"
        notes.append(f"{found}; the {MOST_LINES} closest are shown. --json has all.")
    has_flops = "flops" in (match.metric, *_other_metrics(match))
    return (*notes, *match.notes, *([convention_note(match.convention)] if has_flops else []))


def _verdict(match: Match) -> str:
    first = match.best[0]
    sizes = MixedText.joined(" or ", map(_choice_sizes, match.best[:MOST_NAMED]))
    others = " or others" if len(match.best) > MOST_NAMED else ""
    with_sizes = MixedText("With ", sizes, f"{others}, {match.name}")
    costs = f"{VERBS.get(match.metric, 'has')} {{}}{in_full(first.cost)} {UNITS[match.metric]}"
    costs += TENSORS_OF_BYTES if match.metric == "bytes" else ""
    target = match.reference.name if match.reference else "the budget"
    if not first.difference:
        return MixedText(with_sizes, f" {costs.format('exactly ')}, the same as {target}.")
    off = _difference_with_share(first.difference, match.target)
    if len({choice.cost for choice in match.best}) > 1:
        return MixedText(with_sizes, f" is equally close to {target} on either side: {off} off.")
    more = "more" if first.difference > 0 else "fewer"
    return MixedText(with_sizes, f" {costs.format('')}, {off} {more} than {target}.")


def _within_target(match: Match) -> str:
    return f"that don't exceed {match.reference.name}" if match.reference else "within the budget"


def _choice_sizes(choice: Choice) -> str:
    """E = 48, K = 3."""
    return MixedText.joined(", ", (math_text("{} = {}", *pair) for pair in choice.sizes.items()))


def _difference_with_share(difference: Size, target: Size) -> str:
    """3,200 (0.98%)."""
    part = f" ({percent(Fraction(abs(difference), target))})" if target else ""
    return in_full(abs(difference)) + part


def _signed_text(difference: Size) -> str:
    """`difference` with its sign: +120, −3,200, 0."""
    return f"{sign(difference)}{exact(abs(difference))}"


def _share(difference: Size, target: Size) -> str:
    """difference / target in percent with its sign; a dash if target is 0."""
    return signed_percent(Fraction(difference, target)) if target else NONE
