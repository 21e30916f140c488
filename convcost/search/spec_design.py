"""A design as a spec states it: its layers say what it costs, whatever its sizes stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.layers.network import NUMERIC, Evaluator
from convcost.search.design import Design
from convcost.search.keepers import DOUBTFUL, LENIENT, Running
from convcost.spec import Spec
from convcost.symbolic.interval import Interval
from convcost.symbolic.number import Unstated


@dataclass(frozen=True, kw_only=True)
class SpecDesign(Design):
    """The design of `spec`."""

    spec: Spec

    @property
    def name(self) -> str:
        """As the spec has it."""
        return self.spec.name

    @property
    def text(self) -> str:
        """The spec."""
        return self.spec.text

    @property
    def weight(self) -> int:
        """The layers that are stated: repeated ones are worked out once."""
        return len(self.spec.templates)

    def needed(self, varied: tuple[str, ...]) -> frozenset[str]:
        """The names that its cost depends on."""
        try:
            cost = self.cost({name: cast("Size", Unstated(name)) for name in varied})
        except ConvcostError:
            return frozenset(self.left_open)
        return cost.names if isinstance(cost, Unstated) else frozenset()

    def cost(self, varied: Mapping[str, Size]) -> Size:
        """Its cost, by its layers' own formulas."""
        opened = {name: cast("Size", Unstated(name)) for name in self.left_open}
        network = self.spec.filled(Running({**self.bound, **opened, **varied}))
        report = network.report(self.counted.convention, self.counted.dtype, self._keeper(varied))
        return cast("Size", getattr(report, self.counted.metric))

    def _keeper(self, varied: Mapping[str, Size]) -> Evaluator:
        if any(isinstance(size, Interval) for size in varied.values()):
            return DOUBTFUL
        return LENIENT if self.left_open else NUMERIC

    def report(self, varied: Mapping[str, Size]) -> Report:
        """What it costs; formulas where sizes are left open."""
        is_open = bool(self.left_open)
        given = {**(self.bound if is_open else self.sizes), **varied}
        return self.spec.report(given, self.counted.convention, self.counted.dtype, stay_open=is_open)
