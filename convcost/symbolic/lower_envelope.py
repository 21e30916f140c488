"""The lower envelope of several formulas: which one is the smallest, for each range of a size.

Formulas are added one by one. Each range keeps those that no other one is known to be below; if the order of
two is not known, both are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, groupby, islice
from typing import NamedTuple, TypeAlias

from sympy import Expr

from convcost.core.breakeven import LowerEnvelope, Stretch
from convcost.core.comparison import Comparison
from convcost.core.report import Assumption
from convcost.symbolic.bounds import is_never_negative
from convcost.symbolic.breakeven import deciding_difference
from convcost.symbolic.crossings import sign_of, sign_runs
from convcost.symbolic.sizes import is_fulfilled
from convcost.symbolic.sympy_bridge import symbol

MOST_STRETCHES = 16
"""More stretches are not a readable answer."""

FIRST_SHOWN = 3
"""If there are too many stretches, this many are shown, and the last one."""

MOST_PROVED = 60
"""With more formulas in several sizes, no proofs are tried that one is always smaller."""

LONGEST_PERIOD = 2**12
"""The most integers tried to find one that the assumptions allow."""

Sign: TypeAlias = int | None
"""−1, 0 or 1; None if it is not known."""


class Interval(NamedTuple):
    """The integers from `start` to `end` (None: infinity)."""

    start: int
    end: int | None

    def intersection(self, other: Interval) -> Interval | None:
        """The integers in both; None if there are none."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends, default=None)
        return None if end is not None and end < start else Interval(start, end)


ALL = Interval(1, None)


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The ascending intervals, with adjacent ones joined."""
    joined: list[Interval] = []
    for interval in intervals:
        if joined and joined[-1].end == interval.start - 1:
            joined[-1] = Interval(joined[-1].start, interval.end)
        else:
            joined.append(interval)
    return joined


class Order(NamedTuple):
    """The order of two formulas: `signs` of their difference on intervals of the deciding size.

    If several `sizes` decide, there is one sign for all values, and both formulas may be equal at some of
    them.
    """

    sizes: tuple[str, ...]
    signs: tuple[tuple[Interval, Sign], ...]

    def always(self) -> Order:
        """The order with one sign for all values; None if it varies."""
        signs = {sign for _, sign in self.signs} - {0}
        sign = signs.pop() if len(signs) == 1 else None if signs else 0
        return Order(self.sizes, ((ALL, sign),))


GetOrder: TypeAlias = Callable[[str, str], Order]

Part: TypeAlias = tuple[Interval, tuple[str, ...]]
"""An interval, and the names of the formulas that may be the smallest there."""


def cheapest(comparison: Comparison, metric: str) -> LowerEnvelope:
    """The candidates with the least of `metric`, over the sizes that are valid for all of them."""
    reports = comparison.candidates
    assumed = tuple(dict.fromkeys(each for report in reports for each in report.assumptions))
    return lower_envelope({report.name: getattr(report, metric) for report in reports}, assumed)


def lower_envelope(formulas: Mapping[str, Expr | int], assumed: tuple[Assumption, ...] = ()) -> LowerEnvelope:
    """The smallest of `formulas`, over the positive sizes that the assumptions allow."""
    orders = _Orders(formulas, assumed)
    if impossible := orders.impossible_sizes():
        return LowerEnvelope(impossible, ())
    if envelope := _envelope_of_one_size(tuple(formulas), orders):
        return envelope
    smallest = tuple(formulas)
    if len(formulas) <= MOST_PROVED:
        [(_, smallest)] = _smallest_parts(formulas, lambda *pair: orders(*pair).always())
        if envelope := _envelope_of_one_size(smallest, orders):
            return envelope
    return LowerEnvelope(orders.sizes(smallest), (Stretch(*ALL, smallest, is_decided=False),))


def _envelope_of_one_size(names: tuple[str, ...], orders: _Orders) -> LowerEnvelope | None:
    """The envelope of the formulas called `names`; None if several sizes decide."""
    sizes: set[str] = set()

    def get_order(first: str, second: str) -> Order:
        if len(sizes) > 1:  # the result will be discarded
            return Order((), ((ALL, None),))
        order = orders(first, second)
        sizes.update(order.sizes)
        return order

    parts = _smallest_parts(names, get_order)
    if len(sizes) > 1:
        return None
    if not sizes:
        [(_, smallest)] = parts
        return LowerEnvelope((), (Stretch(*ALL, smallest),))
    [size] = sizes
    possible = _merged(
        (part, smallest) for interval, smallest in parts for part in orders.domain(size).restrict(interval)
    )
    stretches = tuple(
        Stretch(*interval, smallest, _are_equal(smallest, interval, orders))
        for interval, smallest in possible
    )
    return LowerEnvelope((size,), _shortened(stretches))


def _shortened(stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """The stretches; if there are too many, those in the middle are combined into an undecided one."""
    if len(stretches) <= MOST_STRETCHES:
        return stretches
    first, middle, last = stretches[:FIRST_SHOWN], stretches[FIRST_SHOWN:-1], stretches[-1]
    names = tuple(dict.fromkeys(name for stretch in middle for name in stretch.candidates))
    return (*first, Stretch(middle[0].start, middle[-1].end, names, is_decided=False), last)


def _are_equal(names: tuple[str, ...], interval: Interval, orders: _Orders) -> bool:
    """Whether all of these formulas are known to be equal in the interval."""
    pair_orders = (orders(*pair) for pair in combinations(names, 2))
    return all(
        sign == 0 for order in pair_orders for part, sign in order.signs if part.intersection(interval)
    )


def _smallest_parts(names: Iterable[str], get_order: GetOrder) -> list[Part]:
    """The smallest formulas on each interval."""
    parts: list[Part] = [(ALL, ())]
    for name in names:
        parts = _merged(inner for part in parts for inner in _with_formula(name, part, get_order))
    return parts


def _with_formula(name: str, part: Part, get_order: GetOrder) -> Iterator[Part]:
    """The part with one more formula, split where its order relative to another one changes."""
    interval, smallest = part
    split: list[tuple[Interval, dict[str, Sign]]] = [(interval, {})]
    for other in smallest:
        signs = get_order(other, name).signs
        split = [
            (common, {**known, other: sign})
            for each, known in split
            for span, sign in signs
            if (common := each.intersection(span))
        ]
    for each, known in split:
        remaining = tuple(other for other in smallest if known[other] != -1)
        yield each, remaining if 1 in known.values() else (*remaining, name)


def _merged(parts: Iterable[Part]) -> list[Part]:
    """The parts, with adjacent ones of the same formulas merged."""
    merged = []
    for smallest, group in groupby(parts, key=lambda part: part[1]):
        intervals = [interval for interval, _ in group]
        merged.append((Interval(intervals[0].start, intervals[-1].end), smallest))
    return merged


class _Orders:
    """The order of each pair of formulas, computed on demand."""

    def __init__(self, formulas: Mapping[str, Expr | int], assumed: tuple[Assumption, ...]) -> None:
        self._formulas = formulas
        self._assumed = assumed
        self._known: dict[tuple[str, str], Order] = {}
        self._domains: dict[str, Domain] = {}

    def __call__(self, first: str, second: str) -> Order:
        """The signs of `second` − `first`."""
        pair = first, second
        if pair not in self._known:
            self._known[pair] = self._order(*pair)
        return self._known[pair]

    def domain(self, size: str) -> Domain:
        """The possible values of a size."""
        if size not in self._domains:
            self._domains[size] = Domain(size, self._assumed)
        return self._domains[size]

    def impossible_sizes(self) -> tuple[str, ...]:
        """The first size without a possible value, if any."""
        names = sorted({size.name for each in self._assumed for size in each.formula.free_symbols})
        return tuple(islice((name for name in names if not any(self.domain(name).restrict(ALL))), 1))

    def sizes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The sizes that decide between the first of these formulas and the others."""
        return tuple(sorted({size for other in names[1:] for size in self(names[0], other).sizes}))

    def _order(self, first: str, second: str) -> Order:
        formulas = self._formulas[first], self._formulas[second]
        difference, least = deciding_difference(*formulas, self._assumed)
        sizes = tuple(sorted(size.name for size in difference.free_symbols))
        if not sizes:
            return Order((), ((ALL, sign_of(difference)),))
        if len(sizes) == 1:
            return Order(sizes, self.domain(sizes[0]).signs(difference))
        proved = (sign for sign in (1, -1) if is_never_negative(sign * difference, least))
        return Order(sizes, ((ALL, next(proved, None)),))


class Domain:
    """The positive integers that the assumptions on a single size allow."""

    def __init__(self, size: str, assumed: tuple[Assumption, ...]) -> None:
        self._size = symbol(size)
        own = [each for each in assumed if each.formula.free_symbols == {self._size}]
        self._divisions = [each for each in own if each.relation == "whole"]
        self._intervals = [ALL]
        for each in own:
            if each.relation != "whole":
                self._intervals = _joined(self._satisfying(each))

    def _satisfying(self, assumption: Assumption) -> Iterator[Interval]:
        """The parts of the intervals where the assumption holds, or may hold."""
        allowed = (0,) if assumption.relation == "zero" else (0, 1)
        return (part for part, sign in self.signs(assumption.formula) if sign is None or sign in allowed)

    def signs(self, formula: Expr) -> tuple[tuple[Interval, Sign], ...]:
        """The sign of a formula in this size, by interval."""
        runs = sign_runs(formula, self._size)
        if runs is None:
            return tuple((interval, None) for interval in self._intervals)
        ends = (*(after.start - 1 for after in runs[1:]), None)
        return tuple(
            (common, run.sign)
            for interval in self._intervals
            for run, end in zip(runs, ends, strict=True)
            if (common := interval.intersection(Interval(run.start, end)))
        )

    def restrict(self, interval: Interval) -> Iterator[Interval]:
        """The possible parts of the interval, each starting and ending at a possible integer."""
        for each in self._intervals:
            common = each.intersection(interval)
            if common and (trimmed := self._trimmed(common)):
                yield trimmed

    def _trimmed(self, interval: Interval) -> Interval | None:
        """The interval from its first to its last integer for which all divisions are exact."""
        start, end = interval
        first = self._first_divisible(range(start, start + LONGEST_PERIOD if end is None else end + 1))
        if first is None or end is None:
            return None if first is None else Interval(first, None)
        last = self._first_divisible(range(end, start - 1, -1))
        return Interval(first, last) if last else None

    def _first_divisible(self, numbers: range) -> int | None:
        """The first possible number; the first of all if too many were tried; None if none is possible."""
        first = next(filter(self._is_divisible, numbers[:LONGEST_PERIOD]), None)
        return numbers[0] if first is None and len(numbers) >= LONGEST_PERIOD else first

    def _is_divisible(self, number: int) -> bool:
        return all(is_fulfilled(each, {self._size.name: number}) for each in self._divisions)
