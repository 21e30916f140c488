"""The document of a sweep: the grid, and the best designs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import prod
from typing import Any

from convcost.core.cost import MATMUL
from convcost.core.metrics import BY_NAME
from convcost.core.report import warning_sentences
from convcost.core.sweep import RATIO, Sweep, SweepRow, plain_argument
from convcost.core.units import NONE, duration, exact, in_full, ratio
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.notes import convention_note, join_sizes
from convcost.render.style import Style
from convcost.render.texts import CodeText, CommandText, MathText, MixedText

MOST_LINES = 50

MOST_REASONS = 5


def sweep_document(sweep: Sweep, style: Style) -> Document:
    """The grid, the best designs and notes."""
    designs = (*((sweep.reference,) if sweep.reference else ()), *sweep.designs)
    return Document(
        heading=tuple(designs),
        facts=tuple(_facts(sweep)),
        costs=Section((_table(sweep),) if sweep.rows else (), tuple(_notes(sweep))),
    )


def _table(sweep: Sweep) -> Table:
    first = sweep.rows[0]
    headings = [
        *first.arguments,
        *map(MathText, first.sizes),
        *(_label(name, sweep) for name in sweep.columns),
    ]
    several = sweep.designs[1:] or sweep.reference
    places = len(str(min(len(sweep.rows), MOST_LINES)))
    lines = tuple(
        Line(row.name if several else str(number).rjust(places), tuple(_cells(row, sweep)))
        for number, row in enumerate(islice(sweep, MOST_LINES), 1)
    )
    return Table(("", *headings, *([RATIO] if sweep.reference else [])), lines)


def _cells(row: SweepRow, sweep: Sweep) -> Iterator[str]:
    yield from map(_argument, row.arguments.values())
    yield from map(exact, row.sizes.values())
    for name in sweep.columns:
        value = row.get(name)
        yield NONE if value is None else (_time if name in sweep.bounds else exact)(value)
    if sweep.reference:
        yield ratio(row.ratio)


def _argument(value: Any) -> str:
    return exact(value) if type(value) is int else str(plain_argument(value))


def _time(seconds: int | Fraction) -> str:
    return duration(Fraction(seconds))


def _facts(sweep: Sweep) -> Iterator[Fact]:
    bound = {name: in_full(size) for name, size in sweep.sizes.items() if name not in sweep.assumed}
    if sizes := join_sizes(bound, sweep.assumed, ()):
        yield Fact("sizes", sizes)
    arguments = (MixedText(f"{name} = {values}") for name, values in sweep.over_arguments.items())
    axes = (MixedText(MathText(name), f" = {values}") for name, values in sweep.over.items())
    yield Fact("over", MixedText.joined("; ", (*arguments, *axes)))
    if sweep.where:
        yield Fact("where", CodeText(sweep.where))
    yield Fact("designs", summary(sweep))
    yield Fact("shown", _order(sweep))


def summary(sweep: Sweep) -> str:
    """1,024; 96 impossible: groups must divide in_channels (96); the condition holds for 300."""
    text = f"{sweep.number:,}"
    if sweep.impossible:
        reasons = [f"{reason} ({count:,})" for reason, count in sweep.impossible.items()]
        more = f"; and {len(reasons) - MOST_REASONS} more reasons" if reasons[MOST_REASONS:] else ""
        text += f"; {sweep.number_impossible:,} impossible: {'; '.join(reasons[:MOST_REASONS])}{more}"
    text += f"; the condition holds for {sweep.matching:,}" if sweep.where else ""
    return f"{text}; {sweep.reference.name} is only the reference" if sweep.reference else text


def _order(sweep: Sweep) -> str:
    """the Pareto front in FLOPs (smallest), C (largest): 12 designs, by FLOPs, smallest first."""
    by = f"by {_noun(sweep.by.name, sweep)}, {'largest' if sweep.by.largest else 'smallest'} first"
    lines = min(len(sweep.rows), MOST_LINES)
    if not sweep.pareto:
        return f"{lines:,} of {sweep.found:,}, {by}"
    sides = (
        f"{_noun(each.name, sweep)} ({'largest' if each.largest else 'smallest'})" for each in sweep.pareto
    )
    return f"the Pareto front in {', '.join(sides)}: {lines:,} of {sweep.found:,}, {by}"


def _label(name: str, sweep: Sweep) -> str:
    """The heading of a column: of lower bounds on several devices, only which device."""
    return _noun(name, sweep).removeprefix("lower bound ")


def _noun(name: str, sweep: Sweep) -> str:
    """The label of a metric or of a lower bound; for a size and the ratio, the name itself."""
    if name in sweep.bounds:
        return f"lower bound on {sweep.bounds[name]}" if len(sweep.bounds) > 1 else "lower bound"
    metric = BY_NAME.get(name)
    return metric.standalone_label if metric else name


def _notes(sweep: Sweep) -> Iterator[str]:
    if not sweep.rows:
        yield "No design meets the condition." if sweep.where and not is_impossible(sweep) else NO_DESIGN
    if len(sweep.rows) > MOST_LINES:
        yield f"{len(sweep.rows):,} rows were kept; --json and --format csv have all of them."
    if sweep.reference and sweep.rows:
        yield f"ratio: {_noun(sweep.ratio_of, sweep)} relative to {sweep.reference.name} at the same sizes."
    if sweep.pareto and sweep.rows:
        yield "Of designs that are equal in all of these quantities, only the first is shown."
    if sweep.rows and (used := _used_bounds(sweep)):
        devices = ", ".join(f"{device} ({name})" for name, device in used.items())
        yield f"Roofline lower bound in {sweep.dtype} on {devices}. Real times are longer."
    yield from warning_sentences(sweep.warnings)
    yield convention_note(sweep.convention)
    if sweep.rows and sweep.rows[0].spec:
        yield "The first design in full:"
        yield CommandText(cost_command(sweep))


def _used_bounds(sweep: Sweep) -> dict[str, str]:
    """The lower bounds that are shown, or select or order the designs."""
    named = {*sweep.columns, sweep.by.name, *(each.name for each in sweep.pareto)}
    return {name: each for name, each in sweep.bounds.items() if name in named or name in sweep.where}


def cost_command(sweep: Sweep) -> str:
    """The command that counts the best design in the same way: convcost cost "[1, 64] -> Linear(64, 128)"."""
    convention = sweep.convention
    options = {
        "--count": convention.count if convention.count != MATMUL.count else "",
        "--taps": convention.padding if convention.padding != MATMUL.padding else "",
        "--device": ",".join(sweep.bounds.values()),
        "--dtype": sweep.dtype if sweep.dtype != "float32" else "",
    }
    spec = re.sub(NUMERIC_PRODUCT, _multiplied, sweep.rows[0].spec)
    quoted = shlex.quote(spec) if re.search(r'["$`\\!]', spec) else f'"{spec}"'
    return " ".join(
        ("convcost cost", quoted, *(f"{name} {value}" for name, value in options.items() if value))
    )


NUMERIC_PRODUCT = r"(?<![\w*/%.])[0-9]+(?:\*[0-9]+)+(?![\w*/%.])"


def _multiplied(product: re.Match[str]) -> str:
    return str(prod(map(int, product[0].split("*"))))


NO_DESIGN = "No design of the grid is possible."


def is_impossible(sweep: Sweep) -> bool:
    """Whether all designs of the grid are impossible."""
    return sweep.number_impossible == sweep.number


def why_nothing(sweep: Sweep) -> str:
    """Why there are no rows, in a sentence."""
    if is_impossible(sweep):
        return f"{NO_DESIGN[:-1]}: {', '.join(islice(sweep.impossible, MOST_REASONS))}."
    possible = sweep.number - sweep.number_impossible
    if possible == 1:
        return f"The only possible design does not meet {sweep.where}."
    return f"None of the {possible:,} possible designs meets {sweep.where}."
