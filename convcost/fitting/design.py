"""A design whose sizes have numbers but for those that are varied, and what it costs as they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

from convcost.errors import UsageError
from convcost.matching import Choice, Metric
from convcost.network import Network
from convcost.quantities import Convention, Size
from convcost.report import Report
from convcost.spec import Spec
from convcost.spec.evaluate import OpenSizes, evaluate


class Running(OpenSizes):
    """Sizes of which some run along a progression: a `/` has to divide there too."""

    def exactly(self, dividend: Size, divisor: Size) -> Size:
        """dividend / divisor; UsageError where that is not whole."""
        if dividend % divisor != 0:
            raise UsageError("a / that does not divide exactly")
        return dividend // divisor


class Design(NamedTuple):
    """`spec` with all `sizes` but the varied ones, and how its cost is counted."""

    spec: Spec
    sizes: Mapping[str, Size]
    metric: Metric
    convention: Convention
    dtype: str

    def cost(self, **varied: Size) -> Size:
        """Its cost; each varied size is an int or runs. Raises ConvcostError where it is not possible."""
        network = _network(self.spec, Running({**self.bound(varied), **varied}))
        return cast("Size", getattr(network.report(self.convention, self.dtype), self.metric))

    def bound(self, varied: Mapping[str, Size]) -> dict[str, Size]:
        """Every size by name, 1 for the varied ones."""
        return self.spec.bind({**self.sizes, **dict.fromkeys(varied, 1)})

    def report(self, varied: Mapping[str, Size]) -> Report:
        """What it costs with numbers for the varied sizes."""
        return self.spec.report({**self.sizes, **varied}, self.convention, self.dtype)

    def choice(self, varied: Mapping[str, Size], target: Size) -> Choice:
        """The choice of these sizes, by a report on numbers alone."""
        report = self.report(varied)
        cost = cast("Size", getattr(report, self.metric))
        return Choice(dict(varied), report, cost, cost - target)


def _network(spec: Spec, sizes: Running) -> Network:
    layers = [template.build(sizes, spec.source) for template in spec.templates]
    return Network(
        layers=tuple(layers[place] for place in spec.order),
        input=tuple(evaluate(size, sizes, spec.source) for size in spec.input),
    )
