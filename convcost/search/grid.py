"""The grid of a sweep: parses each `--over`, and gives the sizes at any point.

A point is a number from 0; the last size changes fastest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from convcost.core.cost import Size, example_size
from convcost.core.errors import Span, SpecError, UsageError
from convcost.core.type_checks import MOST_DIGITS, check_digits, check_type
from convcost.core.units import range_problem
from convcost.spec.argument_grammar import parse_size
from convcost.spec.evaluate import evaluate
from convcost.spec.spec import check_int
from convcost.spec.syntax import Expression, names

MOST_POINTS = 10**12
"""The most points of a grid, with any engine."""

MOST_PARTS = 10_000
"""The most values or ranges given for one size."""

LARGEST_BOUND = 10**18
"""The largest bound of a range: longer ranges have no len() in Python."""

POWER = re.compile(r"\s*([0-9]{1,19})\s*(?:\^|\*\*)\s*([0-9]{1,2})\s*")

DIFFERENCE = re.compile(r"([0-9]+)\s*-\s*([0-9]+)")

OVER_HINT = "Write it as C=64:1024:64, K=1,3,5, P=2^5..2^10 or M=2C,4C."


class AxisFormula(NamedTuple):
    """A formula for a size in other sizes."""

    expression: Expression
    text: str

    @property
    def names(self) -> frozenset[str]:
        """The sizes in the formula."""
        return frozenset(each.name for each in names(self.expression))


Part = range | AxisFormula


@dataclass(frozen=True)
class Axis:
    """The values of one size, as given in `text`: ranges of numbers, and formulas in other sizes."""

    name: str
    parts: tuple[Part, ...]
    text: str

    def __len__(self) -> int:
        return sum(1 if isinstance(part, AxisFormula) else len(part) for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        """The sizes in its formulas."""
        return frozenset().union(*(part.names for part in self.parts if isinstance(part, AxisFormula)))

    @property
    def numbered_parts(self) -> Iterator[tuple[int, Part]]:
        """Each part, with the number of values before it."""
        start = 0
        for part in self.parts:
            yield start, part
            start += 1 if isinstance(part, AxisFormula) else len(part)

    def formula_rule(self, formula: AxisFormula) -> str:
        """The rule for one of its formulas to be a size."""
        return f"{self.name} = {formula.text} must be a whole number"


def parse_axis(text: str) -> Axis:
    """axis: NAME "=" values"""
    name, equals, values = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise UsageError(f"--over {text[:60]} is not a size with its values", hint=OVER_HINT)
    return parse_values(name.strip(), values, text, len(name) + 1)


def parse_values(name: str, values: str, text: str = "", offset: int = 0) -> Axis:
    """values: part ("," part)*, where part: power ".." power | sum ":" sum [":" sum] | sum

    `values` start at `offset` in `text`, which errors show. A range includes its stop if the step reaches it.
    """
    text, parts = text or values, []
    if values.count(",") >= MOST_PARTS:
        raise UsageError(f"{name[:40]} has more than {MOST_PARTS:,} values", hint="Write a range.")
    for part in values.split(","):
        parts += _parse_part(part, text, offset)
        offset += len(part) + 1
    axis = Axis(name, tuple(parts), values.strip())
    _check_values(axis)
    return axis


def values_axis(name: str, values: str | Size | Iterable[Size | str]) -> Axis:
    """The axis of values given in Python: a text, a number, a range, or a list of numbers and formulas."""
    if isinstance(values, range) and values and values.step > 0:
        axis = Axis(name, (values,), f"{values[0]}:{values[-1]}:{values.step}")
        _check_bounds(values, Span(0, 1), axis.text)
        return axis
    wanted, hint = "a string, a range or a list", f'For example, over={{"{name}": range(64, 1025, 64)}}.'
    if not isinstance(values, Iterable):
        values = [check_int(name, values)]
    if isinstance(values, str):
        values = [values]
    listed = [*check_type(f"over {name}", values, (list, tuple, range), wanted, hint)]
    texts = [each if isinstance(each, str) else str(check_int(name, each)) for each in listed]
    if not any(text.strip() for text in texts):
        raise UsageError(f"{name} has no values in over", hint=hint)
    return parse_values(name, ",".join(texts))


def _parse_part(part: str, text: str, offset: int) -> list[Part]:
    span = Span(offset + len(part) - len(part.lstrip()), offset + max(len(part.rstrip()), 1))
    if not part.strip():
        raise SpecError("a value is missing", text=text, span=Span(offset, offset + 1), hint=OVER_HINT)
    if ".." in part:
        return _parse_powers(part, text, span)
    bounds = []
    for bound in part.split(":"):
        bounds.append(_parse_bound(bound, text, offset))
        offset += len(bound) + 1
    if len(bounds) == 1:
        [only] = bounds
        return [_range(only, only, text=text, span=span) if isinstance(only, int) else only]
    if len(bounds) > 3 or not all(isinstance(bound, int) for bound in bounds):
        message = "a range is START:STOP or START:STOP:STEP, of numbers"
        raise SpecError(message, text=text, span=span, hint=OVER_HINT)
    return [_range(*bounds, text=text, span=span)]


def _parse_bound(part: str, text: str, offset: int) -> Any:
    """An int, or a formula if it has names; its errors point into `text`."""
    if not part.strip():
        message = "a bound of the range is missing"
        raise SpecError(message, text=text, span=Span(offset, offset + 1), hint=OVER_HINT)
    try:
        expression = parse_size(part)
        found = AxisFormula(expression, part.strip())
        return found if found.names else evaluate(expression, {}, part)
    except SpecError as error:
        span = Span(*(place + offset for place in error.span))
        raise SpecError(error.message, text=text, span=span, hint=error.hint or OVER_HINT) from None


def _range(start: int, stop: int, step: int = 1, *, text: str, span: Span) -> range:
    if problem := range_problem(start, stop, step):
        raise SpecError(problem, text=text, span=span)
    found = range(start, stop + 1, step)
    _check_bounds(found, span, text)
    return found


def _circle_error(names: list[str]) -> UsageError:
    whose = "their values depend on each other" if names[1:] else "its values depend on itself"
    return UsageError(f"{', '.join(names)}: {whose}", hint=OVER_HINT)


def _check_bounds(values: range, span: Span, text: str) -> None:
    if values[0] < 0 or values[-1] > LARGEST_BOUND:
        raise SpecError(_bounds_problem(values[0], text[span.start : span.end]), text=text, span=span)


def _bounds_problem(start: int, text: str) -> str:
    """Why a range is out of bounds; `64-512` was meant as a range."""
    if start < 0 and (bounds := DIFFERENCE.fullmatch(text)):
        return f"{text} is {start:,}; a range is written {bounds[1]}:{bounds[2]}"
    return "a size is from 0 to 10^18"


def _parse_powers(part: str, text: str, span: Span) -> list[Part]:
    """power ".." power: all powers of one base between them"""
    first, last = (POWER.fullmatch(bound) for bound in (part.split("..") * 2)[:2])
    if not first or not last or part.count("..") > 1 or int(first[1]) != int(last[1]):
        raise SpecError(
            "`..` is for powers of one base, with exponents up to 99: 2^5..2^10",
            text=text,
            span=span,
            hint=OVER_HINT,
        )
    powers = [int(first[1]) ** exponent for exponent in range(int(first[2]), int(last[2]) + 1)]
    if not powers:
        message = f"the range is empty: {first[0].strip()} is more than {last[0].strip()}"
        raise SpecError(message, text=text, span=span)
    return [_range(power, power, text=text, span=span) for power in powers]


def _check_values(axis: Axis) -> None:
    """UsageError for a repeated value."""
    ranges = [part for part in axis.parts if isinstance(part, range)]
    single = [part[0] for part in ranges if len(part) == 1]
    twice = {value for value, count in Counter(single).items() if count > 1}
    formulas = [part.expression for part in axis.parts if isinstance(part, AxisFormula)]
    twice |= {value for part in ranges if len(part) > 1 for value in single if value in part}
    if twice or len({*map(str, formulas)}) < len(formulas):
        raise UsageError(f"{axis.name}={axis.text[:60]}: a value is given twice")


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of its axes; formulas may also use `fixed` sizes."""

    axes: tuple[Axis, ...]
    fixed: Mapping[str, Size]

    def __post_init__(self) -> None:
        every = [axis.name for axis in self.axes]
        if twice := next((name for name in every if every.count(name) > 1), ""):
            raise UsageError(f"{twice} is swept twice", hint="Write all its values together: K=1,3,5")
        if fixed := next((name for name in every if name in self.fixed), ""):
            raise UsageError(f"{fixed} is swept but also has a value", hint="Leave one of them out.")
        for axis in self.axes:
            for name in sorted(axis.names - {*every, *self.fixed}):
                raise UsageError(
                    f"{axis.name}={axis.text[:60]}: {name[:40]} has no value",
                    hint=f'Sweep it too: over={{"{name[:40]}": {example_size(name)}}}.',
                    cli_hint=f"Sweep it too: --over {name[:40]}={example_size(name)}.",
                )
        _ = self.order
        if self.points > MOST_POINTS:
            message = f"the grid has {self.points:,} points; the limit is {MOST_POINTS:,}"
            raise UsageError(message, hint="Take larger steps, or fewer sizes.")

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The number of values of each size."""
        return tuple(map(len, self.axes))

    @property
    def points(self) -> int:
        """The number of combinations."""
        return prod(self.lengths)

    @cached_property
    def order(self) -> tuple[Axis, ...]:
        """The axes, each after those in its formulas; UsageError for a circular dependency."""
        ordered: list[Axis] = []
        waiting = list(self.axes)
        while waiting:
            known = {axis.name for axis in ordered} | {*self.fixed}
            ready = [axis for axis in waiting if axis.names <= known]
            if not ready:
                raise _circle_error([axis.name for axis in waiting])
            ordered += ready
            waiting = [axis for axis in waiting if axis not in ready]
        return tuple(ordered)

    def dependencies(self, axis: Axis) -> frozenset[str]:
        """The sizes of the grid that the values of `axis` depend on, directly or indirectly."""
        found: frozenset[str] = frozenset({axis.name})
        for other in reversed(self.order):
            if other.name in found:
                found |= other.names - {*self.fixed}
        return found

    def formula_value(self, axis: Axis, formula: AxisFormula, sizes: Mapping[str, Size]) -> Size | None:
        """The value of `formula`; None if it is not a size, such as 10 / 4 or 4 - 5."""
        try:
            value = evaluate(formula.expression, {**self.fixed, **sizes}, formula.text)
            check_digits(axis.name, value, MOST_DIGITS)
        except (SpecError, UsageError):
            return None
        return value if value >= 0 else None
