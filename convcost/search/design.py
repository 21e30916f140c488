"""A design with values for all sizes except the varied ones, and its cost as a function of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol, cast

from convcost.analysis.lower_bound import LowerBound
from convcost.api import CountedDesign
from convcost.core.cost import BATCH_LIKE, Convention, Size, example_size, example_values
from convcost.core.dtypes import DEFAULT_DTYPE
from convcost.core.errors import ConvcostError, UnboundSizeError
from convcost.core.float_dtype import with_float_dtype
from convcost.core.match import Choice, Metric
from convcost.core.report import Report
from convcost.search.evaluator import ColumnEvaluator, ColumnSizes, UnknownSize
from convcost.search.formulas import NO_BOUNDS, QuantityFormulas, formulas_of, quantities_of
from convcost.search.module_format import module_format
from convcost.spec import Spec
from convcost.spec.spec_format import SpecFormat, spec_format


class CountedQuantities(NamedTuple):
    """The quantities to compute (metrics, or names in `bounds`), the convention, and the dtype of all floats.

    Without a dtype, specs have float32, and reports their own dtypes.
    """

    metrics: tuple[Metric, ...]
    convention: Convention
    dtype: str = ""
    bounds: Mapping[str, LowerBound] = NO_BOUNDS

    def convert(self, report: Report) -> Report:
        """The report under the convention, in the dtype."""
        found = replace(report, convention=self.convention)
        return with_float_dtype(found, self.dtype) if self.dtype else found


class EvaluableDesign(Protocol):
    """A design whose quantities can be evaluated on columns of sizes."""

    @property
    def counted(self) -> CountedQuantities:
        """The quantities to compute."""

    def evaluator(self) -> ColumnEvaluator:
        """An evaluator that collects the places at which the design is possible."""

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """The quantities; ConvcostError if the design is possible nowhere."""


@dataclass(frozen=True)
class Design:
    """A spec or a report with `sizes`, and the quantities to compute; the first is its cost.

    Its other sizes are varied, `assumed` to be 1, or `left_open` because the cost does not depend on them.
    A report made from a spec is evaluated as the spec, because its formulas may make more assumptions.
    """

    stated: CountedDesign
    counted: CountedQuantities
    sizes: Mapping[str, Size]
    assumed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of the design."""
        return self.stated.full_text if isinstance(self.stated, Spec) else self.stated.full_spec

    @cached_property
    def spec_format(self) -> SpecFormat | None:
        """Its text with known sizes put in, and places for the varied ones.

        None for a module that has no text.
        """
        found = spec_format(self.spec) if self.spec else module_format(self._module_report)
        return found and found.substitute({**self.known, **{name: name for name in self.left_open}})

    @property
    def bound(self) -> dict[str, Size]:
        """The open sizes that have a value now."""
        return {**self.sizes, **dict.fromkeys(self.assumed, 1)}

    @property
    def known(self) -> dict[str, Size]:
        """All sizes with a value, including those of a report."""
        stated = self.stated
        report_sizes = (
            {}
            if isinstance(stated, Spec)
            else {name: size for name, size in stated.sizes.items() if name not in stated.open_names}
        )
        return {**report_sizes, **self.bound}

    @property
    def spec(self) -> Spec | None:
        """The spec that the design is, or was made from."""
        source = self.stated if isinstance(self.stated, Spec) else self.stated.source
        return source if isinstance(source, Spec) else None

    @property
    def _module_report(self) -> Report:
        assert isinstance(self.stated, Report)
        return self.stated

    @cached_property
    def _counted_report(self) -> Report:
        return self.counted.convert(self._module_report)

    @cached_property
    def _formulas(self) -> QuantityFormulas:
        return formulas_of(self._counted_report, self.counted.metrics, self.counted.bounds)

    def evaluator(self) -> ColumnEvaluator:
        """An evaluator for the design's quantities."""
        return ColumnEvaluator(self.counted.metrics, self.counted.convention)

    def dependencies(self, varied: tuple[str, ...]) -> frozenset[str]:
        """The names that its cost depends on; all `left_open` names if that can't be determined."""
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
        """Its cost with values for the varied sizes; ConvcostError if they are not possible."""
        return cast("Size", self.evaluate(varied, self.evaluator())[0])

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """Its quantities, with the varied sizes as ints, or as columns of numbers at many places.

        `evaluator` has the places at which the design is possible. Raises ConvcostError if it is possible
        nowhere.
        """
        return (
            self._from_layers(self.spec, varied, evaluator)
            if self.spec
            else self._formulas.evaluate(self._own_sizes(varied), evaluator)
        )

    def _own_sizes(self, varied: Mapping[str, Any]) -> dict[str, Any]:
        """The bound sizes, and the varied sizes that the design has."""
        own = open_names(self.stated)
        return {**self.bound, **{name: size for name, size in varied.items() if name in own}}

    def _from_layers(
        self, spec: Spec, varied: Mapping[str, Any], evaluator: ColumnEvaluator
    ) -> tuple[Any, ...]:
        unknown: dict[str, Any] = {name: UnknownSize(name) for name in self.left_open}
        sizes = ColumnSizes({**self.known, **unknown, **varied})
        network = spec.build_network(sizes)
        network = replace(network, divisions=tuple(sizes.divisions))
        dtype = DEFAULT_DTYPE if isinstance(self.stated, Spec) else self.stated.dtype
        report = network.report(self.counted.convention, dtype, evaluator)
        return quantities_of(self.counted.convert(report), self.counted.metrics, self.counted.bounds)

    def report(self, varied: Mapping[str, Size]) -> Report:
        """Its report with values for the varied sizes; formulas if sizes are left open."""
        if isinstance(self.stated, Report):
            return self.counted.convert(self.stated.subs(**self.bound, **varied))
        is_open = bool(self.left_open)
        given = {**(self.bound if is_open else self.sizes), **varied}
        return self.counted.convert(self.stated.report(given, self.counted.convention, stay_open=is_open))

    def choice(self, varied: Mapping[str, Size], cost: Size, target: Size) -> Choice:
        """These sizes as a choice."""
        return Choice(varied, cost, cost - target, partial(self.report, varied))


def open_names(stated: CountedDesign) -> tuple[str, ...]:
    """The names that can get a value."""
    return stated.open_names if isinstance(stated, Report) else stated.names


def complete_design(
    stated: CountedDesign,
    sizes: Mapping[str, Size],
    vary: tuple[str, ...],
    counted: CountedQuantities,
    only_necessary: bool = False,
    range_option: str = "",
) -> Design:
    """The design with `sizes`; its other sizes are varied, 1, or not needed.

    With `only_necessary`, batch-like sizes are left open too if the cost does not depend on them. Raises
    UnboundSizeError if a needed size is missing; the hint names `range_option`, which can give it a range.
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
        options = " ".join(f"--{name} {example_size(name)}" for name in missing)
        arguments = ", ".join(f"{name}={example_size(name)}" for name in missing)
        first, values = missing[0], example_values(missing[0])
        raise UnboundSizeError(
            f"{', '.join(missing)} {verb} in {stated.name}",
            hint=f"Give sizes: {arguments}"
            + (f", or several: over={{'{first}': '{values}'}}" if range_option else ""),
            cli_hint=f"Give sizes: {options}"
            + (f", or several: {range_option} {first}={values}" if range_option else ""),
        )
