"""Detects experts that also compute on tokens not routed to them, as in some implementations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.core.arithmetic import ceil_div, elements
from convcost.core.cost import Size
from convcost.core.generation import ExpertRouting
from convcost.core.trace import Trace


class DenseExperts(NamedTuple):
    """Experts whose `macs` correspond to `computed` experts per token, more than the token is routed to."""

    routing: ExpertRouting
    computed: int
    macs: int

    @property
    def superfluous_macs(self) -> int:
        """MACs in excess of the routed work."""
        return self.macs - self.macs * self.routing.used // self.computed


def dense_experts(trace: Trace) -> tuple[DenseExperts, ...]:
    """The dense experts in a model; empty for open sizes."""
    return tuple(_dense_experts(trace))


def _dense_experts(trace: Trace) -> Iterator[DenseExperts]:
    inputs = {module.path: (module.input, module.calls) for module in trace.modules}
    for routing in trace.routings:
        outer = routing.path.rpartition(".")[0]
        shape, calls = inputs.get(outer, (None, 0))
        tokens: Size = elements(shape[:-1]) * calls if shape else 0
        macs = sum(
            operation.cost.macs for operation in trace.operations if _is_in(operation.path, routing.path)
        )
        if isinstance(tokens, int) and isinstance(macs, int) and tokens:
            computed = int(ceil_div(macs * routing.experts, tokens * routing.params))
            if computed > routing.used:
                yield DenseExperts(routing, computed, macs)


def _is_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
