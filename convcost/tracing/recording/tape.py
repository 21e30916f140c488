"""The tape: operations of a run, one entry for each path, operator and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from convcost.core.cost import Cost, Shape, Size
from convcost.core.distributed import Collective, CollectiveCall, CollectivePhase
from convcost.core.trace import CondCall, Operation, Phase, UncountedCall
from convcost.operators import OPERATORS
from convcost.operators.interface import FREE, Operator, in_real_macs
from convcost.tracing.recording.known_operators import (
    TORCH_NAMESPACES,
    KnownFunction,
    is_composite,
    known_composite,
    rule_for,
)
from convcost.tracing.recording.module_tracker import ModuleTracker
from convcost.tracing.recording.nested_tensors import by_component, has_nested
from convcost.tracing.recording.recorded_operations import (
    CallKey,
    CallTraits,
    CountedCall,
    RecordedCall,
    Recording,
    RunningCalls,
)
from convcost.tracing.tensors import (
    element_types,
    first_tensor,
    has_complex,
    has_sparse,
    is_number,
    shape_of,
    storage_id,
    tensors,
)

SEQUENCES = (list, tuple)

SUMS = frozenset(("aten::add", "aten::add_"))
"""The operators by which autograd adds up gradients."""


def without_in_place_mark(name: str) -> str:
    """An operator's name without the trailing underscore of ATen's in-place operators."""
    return name.rstrip("_") if name.startswith("aten::") else name


@dataclass
class Tape:
    """The operations of a run, by submodule. `formulas` are the user's, by full name, and take precedence."""

    tracker: ModuleTracker
    formulas: Mapping[str, Operator] = field(default_factory=dict)
    has_data: bool = False
    used: set[int] = field(default_factory=set)
    used_formulas: set[str] = field(default_factory=set)
    _recorded: Recording = field(default_factory=Recording)
    _lock: Any = field(default_factory=Lock)
    _deferred: dict[int, tuple[Any, CountedCall]] = field(default_factory=dict)
    _running_calls: RunningCalls = field(default_factory=RunningCalls)

    def formula(self, name: str, known: Operator | None) -> Operator | None:
        """The formula for the operator `name`: the user's, or else `known`. In-place operators share it."""
        if not self.formulas:
            return known
        return self.formulas.get(name) or self.formulas.get(without_in_place_mark(name), known)

    def function_formula(self, name: str, known: Operator) -> Operator:
        """The formula for a function of torch. The user's replaces the cost, and gradients follow from it."""
        given = self.formulas.get(name) if self.formulas else None
        return known if given is None else known._replace(cost=given.cost)

    def known_composite(self, function: Any) -> KnownFunction | None:
        """The facts about a composite function for which the user has a formula; None for others."""
        name = getattr(function, "__name__", "").partition(".")[0] if self.formulas else ""
        return known_composite(function, name) if name and f"aten::{name}" in self.formulas else None

    def is_decomposed(self, known: KnownFunction) -> bool:
        """Whether a function is counted by the operators that torch decomposes it into.

        This holds too if the user has a formula for an operator of the same kind, but none for the function.
        """
        if not self.formulas:
            return known.is_decomposed
        if f"aten::{known.name}" in self.formulas:
            return False
        return known.is_decomposed or (known.is_composite and known.operator.contracts in self._formula_kinds)

    @cached_property
    def _formula_kinds(self) -> set[bool]:
        """For ATen's operators with a user's formula, whether they are contractions."""
        names = (name.removeprefix("aten::") for name in self.formulas if name.startswith("aten::"))
        return {name in OPERATORS and OPERATORS[name].contracts for name in names if not is_composite(name)}

    def note_use(self, values: Iterable[Any]) -> None:
        """Note the ids of used `values`, and of those in lists in them."""
        for value in values:
            self.used.add(id(value))
            if value.__class__ in SEQUENCES:
                self.used.update(map(id, value))

    def record(self, name: str, operator: Operator | None, arguments: dict[str, Any], output: Any) -> None:
        """Record a call that returned `output`."""
        if self.formulas:
            self.used_formulas.update((name, without_in_place_mark(name)))
        if operator is FREE:
            return
        first = first_tensor(output)
        operands = [*tensors(arguments)]
        if self.has_data and operator is not None and has_nested((*operands, first)):
            operator = by_component(operator)
        given = {"output": first, **arguments}
        rule = operator and rule_for(operator, operands)
        cost = rule and rule(**given)
        if operator is None or cost is None:
            self._record_uncounted(self._key(name, operands, first))
        elif cost.macs or (cost != Cost() and is_number(first)):
            is_complex = bool(cost.macs) and not operator.counts_real and has_complex(operands)
            is_sparse = operator.contracts and has_sparse(operands)
            elements = element_types(operands, first)
            traits = CallTraits(operator.is_estimated(given), is_complex, is_sparse, elements)
            activations = operator.activations(**given) if operator.activations else 0
            key = self._key(name, operands, first)
            cost = in_real_macs(cost) if is_complex else cost
            if cost.macs and key.phase == "gradient by input" and first is not None:
                for gradient, part in _by_gradient(name, output, first, cost):
                    self._defer(gradient, (key, traits, part, activations, 1))
            else:
                self._record_operation(key, traits, cost, activations, 1)

    def _defer(self, gradient: Any, counted: CountedCall) -> None:
        """Hold a call of the backward until it is known whose gradient it computes.

        The reference keeps the id of its storage from being reused, although the memory is freed.
        """
        self.note_unrepeatable()
        is_strided = gradient.layout is torch.strided
        owner = StorageWeakRef(gradient.untyped_storage()) if is_strided else gradient  # type: ignore[no-untyped-call]
        _, before = self._deferred.pop(storage_id(gradient), (None, None))
        self._deferred[storage_id(gradient)] = owner, counted
        if before is not None:
            self._record_operation(*before)

    def note_weight_gradient(self, gradient: Any) -> None:
        """Record the deferred call that computed `gradient`, a parameter's, as a gradient by weight."""
        with torch._C.DisableTorchFunction():
            found = self._deferred.pop(storage_id(gradient), None)
        if found is not None:
            _, (key, traits, cost, activations, calls) = found
            self._record_operation(key._replace(phase="gradient by weight"), traits, cost, activations, calls)

    def end_backward(self) -> None:
        """Record all other deferred calls as gradients by input."""
        for _, counted in self._deferred.values():
            self._record_operation(*counted)
        self._deferred.clear()

    @contextmanager
    def separate_recording(self) -> Iterator[Recording]:
        """Record the block separately; it is on the tape only if it is added."""
        self.note_unrepeatable()
        before = self._recorded, self.tracker.visits
        self._recorded = recording = Recording()
        self.tracker.visits = recording.visits
        try:
            yield recording
        finally:
            self._recorded, self.tracker.visits = before

    def add(self, recording: Recording) -> None:
        """Add a separate recording."""
        self._recorded.add(recording)
        for path, visit in recording.visits.items():
            self.tracker.visits.setdefault(path, replace(visit, calls=0)).calls += visit.calls

    @contextmanager
    def record_call(self) -> Iterator[RecordedCall]:
        """Note what the block puts on the tape, to repeat it."""
        running = self._running_calls.running
        recorded = RecordedCall(self.tracker.current)
        running.append(recorded)
        try:
            yield recorded
        finally:
            running.pop()

    @property
    def is_recording_call(self) -> bool:
        """Whether `record_call` is active."""
        return bool(self._running_calls.running)

    def note_unrepeatable(self) -> None:
        """Mark the running calls as not repeatable."""
        for recorded in self._running_calls.running:
            recorded.is_repeatable = False

    def repeat(self, recorded: RecordedCall) -> None:
        """Record an earlier call again, for the running submodule."""
        path = self.tracker.current
        for key, traits, cost, activations, calls in recorded.operations:
            self._record_operation(key._replace(path=path), traits, cost, activations, calls)

    def note_conditional(self, conditional: CondCall) -> None:
        """Record a call of `torch.cond`, unless it is recomputed in the backward."""
        self.note_unrepeatable()
        if not self.tracker.is_backward:
            known = self._recorded.conditionals
            known[conditional] = known.get(conditional, 0) + 1

    def note_collective(self, call: CollectiveCall) -> None:
        """Record a collective, unless its group has only one rank."""
        self.note_unrepeatable()
        if call.ranks != 1:
            phase: CollectivePhase = "backward" if self.tracker.is_backward else "forward"
            found, known = Collective(self.tracker.current, phase, call), self._recorded.collectives
            known[found] = known.get(found, 0) + 1

    def move_gradient(self, before: Any, after: Any) -> None:
        """Move a deferred gradient from the input to the output of a collective."""
        deferred = self._deferred.pop(storage_id(before), None)
        if deferred is not None:
            self._defer(after, deferred[1])

    def note_uncounted(self, name: str, arguments: Any, reason: str = "") -> None:
        """Record a call that is not counted, or only in part."""
        inputs = tuple(map(self.shape_of, tensors(arguments)))
        self._record_uncounted(CallKey(self.tracker.current, name, inputs, (), self.phase), reason)

    def shape_of(self, tensor: Any) -> Shape:
        """The shape to record for `tensor`."""
        return shape_of(tensor)

    def gradient(
        self, path: str, name: str, phase: Phase, operands: Sequence[Any], output: Any, cost: Cost
    ) -> None:
        """Record the cost of a gradient of the operator `name`, which was called at `path`."""
        shapes = tuple(map(self.shape_of, operands))
        is_complex = bool(cost.macs) and has_complex(operands)
        is_sparse = bool(cost.macs) and has_sparse(operands)
        traits = CallTraits(False, is_complex, is_sparse, element_types(operands, output))
        key = CallKey(path, name, shapes, self.shape_of(output), phase)
        self._record_operation(
            key, traits, in_real_macs(cost) if is_complex else cost, 0, int(bool(cost.macs))
        )

    def _record_operation(
        self, key: CallKey, traits: CallTraits, cost: Cost, activations: Size, calls: int
    ) -> None:
        for recorded in self._running_calls.running:
            recorded.add((key, traits, cost, activations, calls))
        found = Operation(*key[:4], cost, activations, calls, key.phase, *traits)
        with self._lock:
            self._recorded.add_operation(key, traits, found)

    def _record_uncounted(self, key: CallKey, reason: str = "") -> None:
        """Record an uncounted call, also one on integers, which may be quantized.

        Operators of torch without tensors are left out.
        """
        self.note_unrepeatable()
        if key.inputs or key.output or key.operator.partition("::")[0] not in TORCH_NAMESPACES:
            self._recorded.add_uncounted(key, UncountedCall(*key[:3], 1, reason))

    def _key(self, name: str, operands: Iterable[Any], output: Any) -> CallKey:
        inputs = tuple(map(self.shape_of, operands))
        shape = () if output is None else self.shape_of(output)
        path = self.tracker.path_of_sum(shape) if name in SUMS else self.tracker.current
        return CallKey(path, name, inputs, shape, self.phase)

    @property
    def phase(self) -> Phase:
        """The current phase. In the backward, gradients are disabled except in recomputations."""
        if not self.tracker.is_backward:
            return "forward"
        return "recomputation" if torch.is_grad_enabled() else "gradient by input"

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The counted operations, in order of their first calls."""
        return tuple(self._recorded.operations.values())

    @property
    def conditionals(self) -> tuple[CondCall, ...]:
        """The calls of `torch.cond`, in order of their first calls."""
        return tuple(found._replace(calls=calls) for found, calls in self._recorded.conditionals.items())

    @property
    def collectives(self) -> tuple[Collective, ...]:
        """The collectives, in order of their first calls."""
        return tuple(found._replace(calls=calls) for found, calls in self._recorded.collectives.items())

    @property
    def unused_formulas(self) -> tuple[str, ...]:
        """The user's formulas whose operators did not run."""
        return tuple(name for name in self.formulas if name not in self.used_formulas)

    @property
    def uncounted(self) -> tuple[UncountedCall, ...]:
        """The uncounted calls."""
        return tuple(self._recorded.uncounted.values())


def _by_gradient(name: str, output: Any, first: Any, cost: Cost) -> list[tuple[Any, Cost]]:
    """The gradients that a call computes, with their costs; convolution_backward computes two."""
    if name != "aten::convolution_backward" or output[0] is None or output[1] is None:
        return [(first, cost)]
    half = Cost(cost.macs // 2, None if cost.valid_macs is None else cost.valid_macs // 2)
    return [(output[0], half), (output[1], replace(half, bias_adds=cost.bias_adds))]
