"""A design whose sizes have numbers but for those that are varied, and what it costs as they run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple, cast

from convcost.fitting.keepers import DOUBTFUL, LENIENT, Running
from convcost.matching import Choice, Metric
from convcost.network import NUMBERS, Bookkeeper, Network
from convcost.quantities import Convention, Size
from convcost.report import Report
from convcost.spec import Spec
from convcost.spec.evaluate import evaluate
from convcost.symbols.between import Between
from convcost.symbols.number import Unstated


class Design(NamedTuple):
    """`spec` with `sizes` for its names, and how its cost is counted.

    The other names are varied, `assumed` to be 1, or `left_open` because the cost does not depend on them.
    """

    spec: Spec
    sizes: Mapping[str, Size]
    metric: Metric
    convention: Convention
    dtype: str
    assumed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()

    def cost(self, varied: Mapping[str, Size]) -> Size:
        """Its cost; each varied size is an int or stands for many.

        Raises ConvcostError where it is not possible.
        """
        network = _network(self.spec, Running({**self._bound(), **varied}))
        report = network.report(self.convention, self.dtype, self._keeper(varied))
        return cast("Size", getattr(report, self.metric))

    def _bound(self) -> dict[str, Size]:
        opened = {name: cast("Size", Unstated(name)) for name in self.left_open}
        return {**self.sizes, **dict.fromkeys(self.assumed, 1), **opened}

    def _keeper(self, varied: Mapping[str, Size]) -> Bookkeeper:
        if any(isinstance(size, Between) for size in varied.values()):
            return DOUBTFUL
        return LENIENT if self.left_open else NUMBERS

    def report(self, varied: Mapping[str, Size]) -> Report:
        """What it costs with numbers for the varied sizes; formulas where sizes are left open."""
        is_open = bool(self.left_open)
        taken = dict.fromkeys(self.assumed, 1) if is_open else {}
        given = {**self.sizes, **taken, **varied}
        return self.spec.report(given, self.convention, self.dtype, stay_open=is_open)

    def choice(self, varied: Mapping[str, Size], target: Size) -> Choice:
        """The choice of these sizes."""
        cost = self.cost(varied)
        return Choice(dict(varied), cost, cost - target, partial(self.report, dict(varied)))


def _network(spec: Spec, sizes: Running) -> Network:
    layers = [template.build(sizes, spec.source) for template in spec.templates]
    return Network(
        layers=tuple(layers[place] for place in spec.order),
        input=tuple(evaluate(size, sizes, spec.source) for size in spec.input),
    )
