"""A match laid out: the target, the sizes that come nearest to it, what is left over."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core.match import UNITS, Choice, Match, Metric
from convcost.core.units import exact, in_full
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.match_notes import match_notes, share, signed
from convcost.render.style import Style

MOST_LINES = 24

WIDEST = 80
"""A wider table would be split, and the second part of it could not say which sizes it is about."""

GUTTER = 3
"""Between two columns."""


def matching(match: Match, style: Style) -> Document:
    """What to read of a match."""
    reference = match.reference
    full = _table(match, _beside(match))
    return Document(
        heading=(*([(reference.name, reference.spec)] if reference else []), (match.name, match.spec)),
        facts=tuple(_facts(match)),
        costs=Section(
            (full if _width(full) <= WIDEST else _table(match, ()),), match_notes(match, len(_some(match)))
        ),
    )


def _table(match: Match, beside: tuple[Metric, ...]) -> Table:
    columns = ("", *match.vary, UNITS[match.metric], "difference", "share", *(UNITS[name] for name in beside))
    lines = (_line(choice, match, beside) for choice in _listed(match))
    return Table(columns, (_target_line(match, beside), *lines))


def _width(table: Table) -> int:
    rows = [table.columns, *((line.label, *line.cells) for line in table.lines)]
    return sum(max(map(len, column)) + GUTTER for column in zip(*rows, strict=True))


def _facts(match: Match) -> Iterator[Fact]:
    if sizes := _sizes(match):
        yield Fact("sizes", sizes)
    varied = "; ".join(f"{name}, {bounds}" for name, bounds in match.ranges.items())
    yield Fact("vary", f"{varied}, in {match.name}" if match.reference else varied)


def _sizes(match: Match) -> str:
    """E = 128, L = 10; B = S = 1 assumed; H open."""
    reference = match.reference
    assumed = tuple(dict.fromkeys((*(reference.assumed if reference else ()), *match.assumed)))
    left_open = dict.fromkeys((*(reference.open_names if reference else ()), *match.left_open))
    every = {**(reference.sizes if reference else {}), **match.sizes}
    given = ", ".join(
        f"{name} = {in_full(size)}" for name, size in every.items() if name not in {*assumed, *left_open}
    )
    taken = " = ".join(assumed) + " = 1 assumed" if assumed else ""
    unneeded = [name for name in left_open if name not in match.sizes]
    return "; ".join(part for part in (given, taken, f"{', '.join(unneeded)} open" * bool(unneeded)) if part)


def _beside(match: Match) -> tuple[Metric, ...]:
    """What is shown beside the metric, where it has a number."""
    is_open = match.left_open or (match.reference and match.reference.open_names)
    return () if is_open else ("flops",) if match.metric == "params" else ("params",)


def _target_line(match: Match, beside: tuple[Metric, ...]) -> Line:
    reference = match.reference
    others = (exact(getattr(reference, name)) if reference else "" for name in beside)
    label = reference.name if reference else "budget"
    return Line(label, (*[""] * len(match.vary), exact(match.target), "", "", *others))


def _line(choice: Choice, match: Match, beside: tuple[Metric, ...]) -> Line:
    sizes = (f"{size:,}" for size in choice.sizes.values())
    left = signed(choice.difference), share(choice.difference, match.target)
    others = (exact(getattr(choice.report, name)) for name in beside)
    return Line(_label(choice, match), (*sizes, exact(choice.cost), *left, *others))


def _label(choice: Choice, match: Match) -> str:
    if choice in match.best:
        return "closest"
    if choice == match.above:
        return "over budget" if match.at_most else "next above"
    return "" if match.choices else "next below"


def _listed(match: Match) -> list[Choice]:
    """The choices to show, in order, with what is next to the target: of many pairs some."""
    if not match.choices:
        sides = (side for side in (match.below, match.above) if side and side not in match.best)
        costs = {best.cost for best in match.best}
        others = (side for side in sides if side.cost not in costs)
        return sorted([*others, *match.best], key=lambda choice: choice.cost)
    above = [match.above] if match.above else []
    return [*_some(match), *above]


def _some(match: Match) -> list[Choice]:
    """The pairs to show: of many the nearest, and others spread evenly."""
    last = len(match.choices) - 1
    if last < MOST_LINES:
        return list(match.choices)
    places = {step * last // (MOST_LINES - 1) for step in range(MOST_LINES)}
    return [choice for place, choice in enumerate(match.choices) if place in places or choice in match.best]
