"""What a counter is: it runs a torch module and says what it counted, operator by operator."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch

Unit = Literal["MACs", "FLOPs"]

WITH_PEERS = "pip install 'convcost[peers]'"
"""Installs the counters that convcost does not need itself."""

Watches = Literal["operators", "functions", "modules"]
"""What a counter meets: every operator, the functions that it patches, or modules alone."""

Share = Literal["bias adds", "elementwise", "sums", "again", "order"]
"""What a figure has beside products: bias adds, elementwise work, the last addition of each sum left out,
what is counted for the operator around it already, or what another order of an einsum comes to."""

FUSED = frozenset(("_native_multi_head_attention", "_transformer_encoder_layer_fwd"))
"""Operators that torch takes for whole modules, and that no model calls."""

COMPOSED = frozenset(
    f"fft_{name}{dimensions}" for name in ("fft", "ifft", "rfft", "irfft") for dimensions in ("", "2", "n")
)
"""Transforms as a trace has them, before torch takes them apart."""


@cache
def contracting() -> frozenset[str]:
    """The operators that multiply and accumulate: a counter without a formula for one is blind to it."""
    from convcost.operators import OPERATORS

    return FUSED | COMPOSED | {name for name, operator in OPERATORS.items() if operator.contracts}


def bare(operator: str) -> str:
    """The name of an operator without its namespace."""
    return operator.removeprefix("aten::")


def contracts(operator: str) -> bool:
    """Whether `operator`, as counters call it, multiplies and accumulates."""
    return bare(operator) in contracting() or operator == "conv"


class CounterEntry(NamedTuple):
    """What a counter counted for each of `calls` of `operator` by the submodule at `path`, in its own unit.

    `shares` are the parts of `amount` that its formula is known to have beside the products. `rule` is what
    the counter's documented rule gives for the elements of work that is no product; None where the rule is
    not written down here, and the counter is taken at its word.
    """

    path: str
    operator: str
    amount: int
    shares: tuple[tuple[Share, int], ...] = ()
    calls: int = 1
    rule: int | None = None

    @property
    def product(self) -> int:
        """The part of each call's amount that multiplies and accumulates."""
        return self.amount - sum(amount for _, amount in self.shares)

    @property
    def total(self) -> int:
        """The amount of all calls."""
        return self.amount * self.calls


class Missed(NamedTuple):
    """An operator that contracts, and that the counter met without a formula."""

    path: str
    operator: str
    calls: int = 1


class Reading(NamedTuple):
    """What a counter counted, in its own unit: its own total, and what that is made of.

    `supplied` is what convcost's formula counted in the counter's place, beside the total.
    """

    total: int
    counted: tuple[CounterEntry, ...]
    missed: tuple[Missed, ...] = ()
    supplied: tuple[CounterEntry, ...] = ()
    params: int | None = None
    note: str = ""

    @property
    def raw(self) -> int:
        """The counter's total with what was supplied."""
        return self.total + sum(found.total for found in self.supplied)

    @property
    def operators(self) -> Mapping[str, int]:
        """What multiplies and accumulates, by operator."""
        return _sums(found for found in (*self.counted, *self.supplied) if contracts(found.operator))

    @property
    def others(self) -> Mapping[str, int]:
        """Everything else, such as elementwise work, by operator."""
        return _sums(found for found in self.counted if not contracts(found.operator))

    @property
    def contractions(self) -> int:
        """The part of the figure that multiplies and accumulates."""
        return sum(self.operators.values())


def _sums(counted: Iterable[CounterEntry]) -> Mapping[str, int]:
    sums: Tally[str] = Tally()
    for found in counted:
        sums[found.operator] += found.total
    return {operator: amount for operator, amount in sums.items() if amount}


class Counter(Protocol):
    """One FLOP counter. Nothing heavy is imported before `read`.

    `package` is what it is part of, and `install` the command that installs that.
    """

    name: str
    title: str
    package: str
    install: str
    unit: Unit
    watches: Watches
    runs_on_meta: bool
    counts: str
    blind_spots: str

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Run `module(*args, **kwargs)` and return what was counted."""
