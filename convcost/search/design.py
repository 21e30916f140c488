"""A design with numbers for all but the varied sizes, and its cost as a function of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol, cast

from convcost.analysis.lower_bound import LowerBound
from convcost.api import CountedDesign
from convcost.core.cost import BATCH_LIKE, Convention, Size
from convcost.core.errors import ConvcostError, UnboundSizeError
from convcost.core.match import Choice, Metric
from convcost.core.report import Report
from convcost.search.evaluator import ColumnEvaluator, ColumnSizes, UnknownSize
from convcost.search.formulas import NO_BOUNDS, QuantityFormulas, formulas_of, quantities_of
from convcost.search.module_format import module_format
from convcost.spec import Spec
from convcost.spec.spec_format import SpecFormat, spec_format


class CountedQuantities(NamedTuple):
    """What is computed, and how it is counted: metrics, or `bounds` by what they are called."""

    metrics: tuple[Metric, ...]
    convention: Convention
    dtype: str
    bounds: Mapping[str, LowerBound] = NO_BOUNDS


class EvaluableDesign(Protocol):
    """What has a number of quantities at sizes that are columns."""

    @property
    def counted(self) -> CountedQuantities:
        """What is computed."""

    def evaluator(self) -> ColumnEvaluator:
        """What collects the places at which it is possible."""

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """Each quantity; ConvcostError where it is possible at no place."""


@dataclass(frozen=True)
class Design:
    """A spec or a report with `sizes` for its names, and how its cost is counted.

    The other names are varied, `assumed` to be 1, or `left_open` because the cost does not depend on them.
    That cost is the first of the metrics that are computed.
    A report that was made from a spec is evaluated as that: its formulas may assume more of the sizes.
    """

    stated: CountedDesign
    counted: CountedQuantities
    sizes: Mapping[str, Size]
    assumed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What states it."""
        return self.stated.full_text if isinstance(self.stated, Spec) else self.stated.full_spec

    @cached_property
    def spec_format(self) -> SpecFormat | None:
        """Its text with the sizes that have a number, into which those of the varied ones can be put.

        None for a module that has no text.
        """
        found = spec_format(self.spec) if self.spec else module_format(self._counted_report)
        return found and found.put_in({**self.known, **{name: name for name in self.left_open}})

    @property
    def bound(self) -> dict[str, Size]:
        """The open sizes that have a number now."""
        return {**self.sizes, **dict.fromkeys(self.assumed, 1)}

    @property
    def known(self) -> dict[str, Size]:
        """All sizes that have a number, those included that a report was made with."""
        stated = self.stated
        before = (
            {}
            if isinstance(stated, Spec)
            else {name: size for name, size in stated.sizes.items() if name not in stated.open_names}
        )
        return {**before, **self.bound}

    @property
    def spec(self) -> Spec | None:
        """The spec that it is, or was made from."""
        source = self.stated if isinstance(self.stated, Spec) else self.stated.source
        return source if isinstance(source, Spec) else None

    @cached_property
    def _counted_report(self) -> Report:
        assert isinstance(self.stated, Report)
        return replace(self.stated, convention=self.counted.convention)

    @cached_property
    def _formulas(self) -> QuantityFormulas:
        return formulas_of(self._counted_report, self.counted.metrics, self.counted.bounds)

    def evaluator(self) -> ColumnEvaluator:
        """What evaluates it."""
        return ColumnEvaluator(self.counted.metrics, self.counted.convention)

    def dependencies(self, varied: tuple[str, ...]) -> frozenset[str]:
        """The names that its cost depends on; all that are left open where that can't be told."""
        if not self.spec:
            return frozenset(
                str(name)
                for formula in self._formulas.quantities
                for name in getattr(formula, "free_symbols", ())
            )
        try:
            quantities = self.evaluate({name: UnknownSize(name) for name in varied}, self.evaluator())
        except ConvcostError:
            return frozenset(self.left_open)
        unknown = (quantity for quantity in quantities if isinstance(quantity, UnknownSize))
        return frozenset(name for quantity in unknown for name in quantity.names)

    def cost(self, varied: Mapping[str, Size]) -> Size:
        """Its cost with numbers for the varied sizes; ConvcostError where they are not possible."""
        return cast("Size", self.evaluate(varied, self.evaluator())[0])

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """Each of its metrics where the varied sizes are ints, or columns of numbers at many places.

        At some of the places it may not be possible: `evaluator` has those at which it is. Raises
        ConvcostError where it is possible nowhere.
        """
        return (
            self._from_layers(self.spec, varied, evaluator)
            if self.spec
            else self._formulas.evaluate(self._own_sizes(varied), evaluator)
        )

    def _own_sizes(self, varied: Mapping[str, Any]) -> dict[str, Any]:
        """What is bound, and those of the varied sizes that it has."""
        own = open_names(self.stated)
        return {**self.bound, **{name: size for name, size in varied.items() if name in own}}

    def _from_layers(
        self, spec: Spec, varied: Mapping[str, Any], evaluator: ColumnEvaluator
    ) -> tuple[Any, ...]:
        unknown: dict[str, Any] = {name: UnknownSize(name) for name in self.left_open}
        sizes = ColumnSizes({**self.known, **unknown, **varied})
        network = spec.build_network(sizes)
        network = replace(network, divisions=tuple(sizes.divisions))
        dtype = self.counted.dtype if isinstance(self.stated, Spec) else self.stated.dtype
        report = network.report(self.counted.convention, dtype, evaluator)
        return quantities_of(report, self.counted.metrics, self.counted.bounds)

    def report(self, varied: Mapping[str, Size]) -> Report:
        """What it costs with numbers for the varied sizes; formulas where sizes are left open."""
        if isinstance(self.stated, Report):
            return self._counted_report.subs(**self.bound, **varied)
        is_open = bool(self.left_open)
        given = {**(self.bound if is_open else self.sizes), **varied}
        return self.stated.report(given, self.counted.convention, self.counted.dtype, stay_open=is_open)

    def choice(self, varied: Mapping[str, Size], cost: Size, target: Size) -> Choice:
        """The choice of these sizes."""
        return Choice(varied, cost, cost - target, partial(self.report, varied))


def open_names(stated: CountedDesign) -> tuple[str, ...]:
    """The names that a number can be put in for."""
    return stated.open_names if isinstance(stated, Report) else stated.names


def complete_design(
    stated: CountedDesign,
    sizes: Mapping[str, Size],
    vary: tuple[str, ...],
    counted: CountedQuantities,
    only_necessary: bool = False,
    range_option: str = "",
) -> Design:
    """The design with `sizes`, whose others are varied, 1, or not needed.

    With `only_necessary`, what could be 1 is left open too where the cost does not depend on it. Raises
    UnboundSizeError where one is needed that was not given; `range_option` is what could give it several.
    """
    names = open_names(stated)
    given = {name: sizes[name] for name in names if name in sizes and name not in vary}
    missing = tuple(name for name in names if name not in given and name not in vary)
    design = Design(stated, counted, given)
    if set(missing) <= set(BATCH_LIKE) and not only_necessary:
        return replace(design, assumed=missing)
    needed = replace(design, left_open=missing).dependencies(vary)
    _check_given(
        stated, [name for name in missing if name in needed and name not in BATCH_LIKE], range_option
    )
    assumed = tuple(name for name in missing if name in needed)
    return replace(design, assumed=assumed, left_open=tuple(name for name in missing if name not in needed))


def _check_given(stated: CountedDesign, missing: Sequence[str], range_option: str) -> None:
    if missing:
        verb = "have no values" if missing[1:] else "has no value"
        options = " ".join(f"--{name} 128" for name in missing)
        arguments = ", ".join(f"{name}=128" for name in missing)
        range_text = f"{missing[0]}=64:1024:64"
        raise UnboundSizeError(
            f"{', '.join(missing)} {verb} in {stated.name}",
            hint=f"Give sizes: {arguments}"
            + (f", or a range: over={{'{missing[0]}': '64:1024:64'}}" if range_option else ""),
            cli_hint=f"Give sizes: {options}"
            + (f", or a range: {range_option} {range_text}" if range_option else ""),
        )
