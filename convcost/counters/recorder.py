"""Records the counts of a counter by call and submodule."""

from __future__ import annotations

import sys
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import (
    Adjustments,
    CounterEntry,
    CounterReading,
    MissedOperator,
    base_name,
    contractions,
    is_contraction,
)
from convcost.tracing.module_tree import named_modules

if TYPE_CHECKING:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

Key = TypeVar("Key")

Formula = Callable[..., Any]
"""A counter's formula for a call of an operator, a function or a module."""

Adjust = Callable[..., Adjustments]
"""Returns the adjustments of an amount; takes the amount, and the arguments of the formula."""

DYNAMO_DISABLED = "__dynamo_disable"
"""The attribute under which torch looks for a function that its compiler must not compile."""


def no_adjustments(*_: Any, **__: Any) -> Adjustments:
    """No adjustments."""
    return ()


class CallRecorder:
    """Records entries of a counter. Equal entries become one with several calls."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.paths = {id(submodule): path for path, submodule in named_modules(module).items()}
        """The path of each submodule, by id."""
        self._module = module
        self._running = [""]
        self._entries: Tally[CounterEntry] = Tally()
        self._supplied: Tally[CounterEntry] = Tally()
        self._missed: Tally[MissedOperator] = Tally()

    @property
    def has_supplied(self) -> bool:
        """Whether convcost supplied an entry."""
        return bool(self._supplied)

    @property
    def path(self) -> str:
        """The path of the innermost running submodule; "" for the model itself."""
        return self._running[-1]

    @contextmanager
    def tracking(self) -> Iterator[None]:
        """Track `path` while the model runs inside the block."""
        with on_submodules(self._module, self._running.append, self._running.pop):
            yield

    def count(
        self,
        path: str,
        operator: str,
        amount: Any,
        adjustments: Adjustments = (),
        documented_amount: int | None = None,
    ) -> None:
        """Record that a call of `operator` at `path` was counted with `amount`.

        Zero amounts are ignored, except for contractions.
        """
        if amount or is_contraction(operator):
            parts = tuple((kind, int(part)) for kind, part in adjustments if part)
            entry = CounterEntry(path, operator, int(amount), parts, documented_amount=documented_amount)
            self._entries[entry] += 1

    def supply(self, path: str, operator: str, amount: int) -> None:
        """Record convcost's count of a call for which the counter has no formula."""
        self._supplied[CounterEntry(path, operator, amount)] += 1

    def miss(self, path: str, operator: str) -> None:
        """Record that the counter has no formula for a call of `operator` at `path`."""
        self._missed[MissedOperator(path, operator)] += 1

    def reading(self, total: Any, params: Any = None, note: str = "") -> CounterReading:
        """The reading: all recorded entries, with the counter's totals."""
        return CounterReading(
            total=int(total),
            entries=tuple(entry._replace(calls=calls) for entry, calls in self._entries.items()),
            missed=tuple(missed._replace(calls=calls) for missed, calls in self._missed.items()),
            supplied=tuple(entry._replace(calls=calls) for entry, calls in self._supplied.items()),
            params=None if params is None else int(params),
            note=note,
        )

    def record_formula(
        self,
        operator: str,
        formula: Formula,
        adjust: Adjust = no_adjustments,
        documented_amount: int | None = None,
    ) -> Formula:
        """`formula`, wrapped to record its amount for the running submodule."""

        def recorded(*args: Any, **kwargs: Any) -> Any:
            amount = formula(*args, **kwargs)
            self.count(self.path, operator, amount, adjust(amount, *args, **kwargs), documented_amount)
            return amount

        return recorded

    def record_formulas(
        self,
        formulas: Mapping[Key, Formula],
        name: Callable[[Any], str],
        adjust: Adjust = no_adjustments,
        documented_amount: int | None = None,
    ) -> dict[Key, Formula]:
        """A counter's formulas, wrapped to record amounts; `name` returns the operator name of a key."""
        return {
            key: self.record_formula(name(key), formula, adjust, documented_amount)
            for key, formula in formulas.items()
        }

    def record_module_rules(
        self, rules: Mapping[Key, Formula], attribute: str, adjust: Adjust = no_adjustments
    ) -> dict[Key, Formula]:
        """A counter's rules for modules (hooks that add to `attribute`), wrapped to record amounts."""

        def recorded_rule(rule: Formula) -> Formula:
            def recorded(module: Any, inputs: Any, output: Any) -> None:
                before = getattr(module, attribute)
                rule(module, inputs, output)
                amount = getattr(module, attribute) - before
                adjustments = adjust(amount, module, inputs, output)
                self.count(self.paths.get(id(module), ""), type(module).__name__, amount, adjustments)

            return recorded

        return {kind: recorded_rule(rule) for kind, rule in rules.items()}

    def missed_operators_mode(self, known: frozenset[str]) -> TorchDispatchMode:
        """A dispatch mode that records contractions not in `known`. It runs inside the counter's mode."""
        from torch.utils._python_dispatch import TorchDispatchMode

        recorder = self

        class MissedOperators(TorchDispatchMode):  # type: ignore[no-untyped-call]
            @classmethod
            def _should_skip_dynamo(cls) -> bool:
                return False

            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> object:
                name = operator_name(func._overloadpacket)
                if base_name(name) in contractions() and name not in known:
                    recorder.miss(recorder.path, name)
                return func(*args, **(kwargs or {}))

        return MissedOperators()  # type: ignore[no-untyped-call]


@contextmanager
def on_submodules(
    module: torch.nn.Module, enter: Callable[[str], Any], leave: Callable[[], Any]
) -> Iterator[None]:
    """Call `enter` with the path of each submodule that starts running, and `leave` when it ends."""
    from torch.nn.modules import module as hooks

    paths = {id(submodule): path for path, submodule in named_modules(module).items()}

    def start(submodule: torch.nn.Module, _: Any) -> None:
        if id(submodule) in paths:
            enter(paths[id(submodule)])

    def end(submodule: torch.nn.Module, *_: Any) -> None:
        if id(submodule) in paths:
            leave()

    before = hooks.register_module_forward_pre_hook(start)
    after = hooks.register_module_forward_hook(end)
    try:
        yield
    finally:
        before.remove()
        after.remove()


def bind_arguments(module: torch.nn.Module, args: tuple[Any, ...], kwargs: Any) -> torch.nn.Module:
    """A module that calls `module` with `kwargs`, and with `args` unless others are given.

    Counters differ in the arguments that they support; this module needs none.
    """
    import torch

    class BoundCall(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.training = module.training
            self.failure: Exception | None = None

        def forward(self, *inputs: Any) -> Any:
            try:
                return self.module(*(inputs or args), **kwargs)
            except Exception as error:
                self.failure = error
                raise

    return BoundCall()


def operator_name(packet: object) -> str:
    """The name of an operator packet: `aten::mm` for `aten.mm`."""
    return str(packet).replace(".", "::", 1)


def function_name(function: Any) -> str:
    """The operator name of a function: `aten::linear` for `torch.nn.functional.linear`."""
    return f"aten::{function.__name__}"


def einsum_adjustments(
    equation: str, shapes: Sequence[Sequence[int]], amount: int, amount_per_mac: int
) -> Adjustments:
    """The difference of an einsum's `amount` from torch's order, which contracts from left to right."""
    from convcost.operators.contraction import einsum
    from convcost.operators.interface import ShapeOperand

    if len(shapes) < 3:
        return ()
    operands = [ShapeOperand(tuple(shape)) for shape in shapes]
    return ((CauseKind.OPERAND_ORDER, amount - amount_per_mac * einsum(equation, operands).macs),)


@contextmanager
def without_dynamo(mode: type[TorchDispatchMode]) -> Iterator[None]:
    """Prevent a mode's first dispatch from importing torch._dynamo, which takes longer than importing torch.

    Torch wraps the dispatch of each mode to exclude it from torch.compile, and looks for the wrapped function
    under this attribute first. Does nothing if there is no wrapper, or dynamo is imported already.
    """
    dispatch = getattr(mode.__torch_dispatch__, "__wrapped__", None)
    if dispatch is None or "torch._dynamo" in sys.modules or hasattr(dispatch, DYNAMO_DISABLED):
        yield
        return
    setattr(dispatch, DYNAMO_DISABLED, dispatch)
    try:
        yield
    finally:
        delattr(dispatch, DYNAMO_DISABLED)
