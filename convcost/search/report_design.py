"""A design that was counted already, such as a torch module on open sizes: its formulas say the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.search.design import Design
from convcost.symbolic.convert import from_sympy
from convcost.symbolic.exact import evaluate
from convcost.symbolic.expression_parts import inner_first
from convcost.symbolic.interval import Interval, UndecidedError
from convcost.symbolic.open_sizes import check_assumption
from convcost.symbolic.substitution import names_in

PARTS_OF_A_LAYER = 20
"""About as many parts of a formula are worked out in the time that a layer takes."""


@dataclass(frozen=True, kw_only=True)
class ReportDesign(Design):
    """The design of `source`."""

    source: Report

    @property
    def name(self) -> str:
        """As the report has it."""
        return self.source.name

    @property
    def text(self) -> str:
        """What the report is of."""
        return self.source.spec

    @property
    def weight(self) -> int:
        """By the length of the formula."""
        return 1 + sum(1 for _ in inner_first(self._formula)) // PARTS_OF_A_LAYER

    def needed(self, varied: tuple[str, ...]) -> frozenset[str]:
        """The names in the formula."""
        return names_in(from_sympy(self._formula))

    def cost(self, varied: Mapping[str, Size]) -> Size:
        """The formula with these sizes put in."""
        sizes = {**self.bound, **varied}
        self._check(sizes)
        return cast("Size", evaluate(self._formula, sizes))

    def report(self, varied: Mapping[str, Size]) -> Report:
        """The report with these sizes put in."""
        return self._report.subs(**self.bound, **varied)

    @property
    def known(self) -> dict[str, Size]:
        """With those that the report had numbers for."""
        source = self.source
        before = {name: size for name, size in source.sizes.items() if name not in source.open_names}
        return {**before, **self.bound}

    @cached_property
    def _report(self) -> Report:
        return replace(self.source, convention=self.counted.convention)

    @cached_property
    def _formula(self) -> Any:
        return getattr(self._report, self.counted.metric)

    def _check(self, sizes: Mapping[str, Size]) -> None:
        """Raise UsageError where none of the sizes is possible; what holds for some of them passes."""
        for name, size in sizes.items():
            if (size.high if isinstance(size, Interval) else size) < 1:
                raise UsageError(f"{name} is {size}; at least 1 is needed")
        for assumption in self.source.assumptions:
            try:
                check_assumption(assumption, sizes)
            except UndecidedError:
                continue
