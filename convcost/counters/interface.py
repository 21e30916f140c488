"""The interface of a counter: it runs a torch module and reports what it counted by operator."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from convcost.core.diagnosis import CauseKind

if TYPE_CHECKING:
    import torch

Unit = Literal["MACs", "FLOPs"]

HookLevel = Literal["operators", "functions", "modules"]
"""What a counter sees: every operator, the functions that it patches, or modules alone."""

Adjustments = tuple[tuple[CauseKind, int], ...]
"""What a figure is known to have beside products, by kind; negative for additions that are left out."""

FUSED_OPERATORS = frozenset(("_native_multi_head_attention", "_transformer_encoder_layer_fwd"))
"""Operators that torch runs in place of whole modules, and that no model calls."""

FFT_OPERATORS = frozenset(
    f"fft_{name}{dimensions}" for name in ("fft", "ifft", "rfft", "irfft") for dimensions in ("", "2", "n")
)
"""Transforms as a trace has them, before torch decomposes them."""


@cache
def contractions() -> frozenset[str]:
    """The operators that multiply and accumulate: a counter without a formula for one is blind to it."""
    from convcost.operators import OPERATORS  # all formulas, which naming counters doesn't need

    return FUSED_OPERATORS | FFT_OPERATORS | {name for name, found in OPERATORS.items() if found.contracts}


def base_name(operator: str) -> str:
    """The name of an operator without its namespace."""
    return operator.removeprefix("aten::")


def is_contraction(operator: str) -> bool:
    """Whether `operator`, as counters call it, multiplies and accumulates."""
    return base_name(operator) in contractions() or operator == "conv"


def is_module_kind(subject: str) -> bool:
    """Whether a counter's name for what it counted is that of a kind of module, such as Conv2d."""
    return subject[:1].isupper()


class CounterEntry(NamedTuple):
    """What a counter counted for each of `calls` of `operator` by the submodule at `path`, in its own unit.

    `adjustments` are the parts of `amount` that its formula is known to have beside the products.
    `documented_amount` is what the counter's documented rule gives for work that is no product; None where
    the rule is not written down here, and the counter is taken at its word.
    """

    path: str
    operator: str
    amount: int
    adjustments: Adjustments = ()
    calls: int = 1
    documented_amount: int | None = None

    @property
    def products(self) -> int:
        """The part of each call's amount that multiplies and accumulates."""
        return self.amount - sum(amount for _, amount in self.adjustments)

    @property
    def total(self) -> int:
        """The amount of all calls."""
        return self.amount * self.calls


class MissedOperator(NamedTuple):
    """An operator that contracts, and that the counter met without a formula."""

    path: str
    operator: str
    calls: int = 1


class CounterReading(NamedTuple):
    """What a counter counted, in its own unit: its own total, and the entries that it is made of.

    `supplied` is what convcost's formula counted in the counter's place, beside the total.
    """

    total: int
    entries: tuple[CounterEntry, ...]
    missed: tuple[MissedOperator, ...] = ()
    supplied: tuple[CounterEntry, ...] = ()
    params: int | None = None
    note: str = ""

    @property
    def raw(self) -> int:
        """The counter's total with what was supplied."""
        return self.total + sum(entry.total for entry in self.supplied)

    @property
    def contractions(self) -> Mapping[str, int]:
        """What multiplies and accumulates, by operator."""
        return _sums(entry for entry in (*self.entries, *self.supplied) if is_contraction(entry.operator))

    @property
    def others(self) -> Mapping[str, int]:
        """Everything else, such as elementwise work, by operator."""
        return _sums(entry for entry in self.entries if not is_contraction(entry.operator))


def _sums(entries: Iterable[CounterEntry]) -> Mapping[str, int]:
    sums: Tally[str] = Tally()
    for entry in entries:
        sums[entry.operator] += entry.total
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
    hook_level: HookLevel
    runs_on_meta: bool
    counts: str
    blind_spots: str

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Run `module(*args, **kwargs)` and return what was counted."""
