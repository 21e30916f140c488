"""The interface of counters, which run a torch module and report counts by operator."""

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
"""What a counter observes: all operators, patched functions, or modules only."""

Adjustments = tuple[tuple[CauseKind, int], ...]
"""Known parts of a figure other than products, by kind; negative for omitted additions."""

FUSED_OPERATORS = frozenset(("_native_multi_head_attention", "_transformer_encoder_layer_fwd"))
"""Operators that torch runs in place of entire modules."""

FFT_OPERATORS = frozenset(
    f"fft_{name}{dimensions}" for name in ("fft", "ifft", "rfft", "irfft") for dimensions in ("", "2", "n")
)
"""Fourier transforms in a trace, before torch decomposes them."""


@cache
def contractions() -> frozenset[str]:
    """The operators that multiply and accumulate: a counter without a formula for one is blind to it."""
    from convcost.operators import OPERATORS  # all formulas, not needed for naming counters

    operators = {name for name, operator in OPERATORS.items() if operator.contracts}
    return FUSED_OPERATORS | FFT_OPERATORS | operators


def base_name(operator: str) -> str:
    """The name of an operator without its namespace."""
    return operator.removeprefix("aten::")


def is_contraction(operator: str) -> bool:
    """Whether `operator`, by a counter's name, multiplies and accumulates."""
    return base_name(operator) in contractions() or operator == "conv"


def is_module_kind(subject: str) -> bool:
    """Whether `subject` is a kind of module, such as Conv2d."""
    return subject[:1].isupper()


class CounterEntry(NamedTuple):
    """A counter's `amount` per call of `operator` in the submodule at `path`, in its own unit.

    `adjustments` are known parts of `amount` other than products. `documented_amount` is the result of the
    counter's documented rule for work other than products; None if that rule is not implemented here.
    """

    path: str
    operator: str
    amount: int
    adjustments: Adjustments = ()
    calls: int = 1
    documented_amount: int | None = None

    @property
    def products(self) -> int:
        """The part of the amount per call that multiplies and accumulates."""
        return self.amount - sum(amount for _, amount in self.adjustments)

    @property
    def total(self) -> int:
        """The amount of all calls."""
        return self.amount * self.calls


class MissedOperator(NamedTuple):
    """A contraction for which the counter has no formula."""

    path: str
    operator: str
    calls: int = 1


class CounterReading(NamedTuple):
    """A counter's result in its own unit: its total, and the entries of the total.

    `supplied` are entries that convcost's formulas counted instead; they are not part of the total.
    """

    total: int
    entries: tuple[CounterEntry, ...]
    missed: tuple[MissedOperator, ...] = ()
    supplied: tuple[CounterEntry, ...] = ()
    params: int | None = None
    note: str = ""

    @property
    def raw(self) -> int:
        """The counter's total plus supplied entries."""
        return self.total + sum(entry.total for entry in self.supplied)

    @property
    def contractions(self) -> Mapping[str, int]:
        """The amounts of contractions, by operator."""
        return _sums(entry for entry in (*self.entries, *self.supplied) if is_contraction(entry.operator))

    @property
    def others(self) -> Mapping[str, int]:
        """The amounts of other work, such as elementwise operations, by operator."""
        return _sums(entry for entry in self.entries if not is_contraction(entry.operator))


def _sums(entries: Iterable[CounterEntry]) -> Mapping[str, int]:
    sums: Tally[str] = Tally()
    for entry in entries:
        sums[entry.operator] += entry.total
    return {operator: amount for operator, amount in sums.items() if amount}


class Counter(Protocol):
    """A FLOP counter. Heavy packages are imported only in `read`.

    `package` is the package that contains it, and `install` the command to install that.
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
        """Run `module(*args, **kwargs)` and return the counts."""
