"""Where operations are collected as they run: one entry for each path, operator and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

from convcost.modules.functions import Whole, is_composite
from convcost.modules.nested_tensors import by_component, has_nested
from convcost.modules.paths import Paths, Visit
from convcost.modules.tensors import first_tensor, shape_of, tensors
from convcost.operation import Conditional, Operation, Phase, Uncounted
from convcost.operators import OPERATORS
from convcost.operators.interface import FREE, Operator
from convcost.quantities import Cost, Shape

SEQUENCES = (list, tuple)

Key = tuple[str, str, tuple[Shape, ...], Shape, Phase]


@dataclass
class Recording:
    """What was recorded while a part of a model ran."""

    operations: dict[Key, Operation] = field(default_factory=dict)
    uncounted: dict[Key, Uncounted] = field(default_factory=dict)
    conditionals: dict[Conditional, int] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)

    @property
    def cost(self) -> Cost:
        """Of all operations."""
        return sum((found.cost for found in self.operations.values()), Cost())


@dataclass
class Tape:
    """`formulas` are the user's own, by full name: they come before convcost's."""

    paths: Paths
    formulas: Mapping[str, Operator] = field(default_factory=dict)
    is_backward: bool = False
    used: set[int] = field(default_factory=set)
    _recorded: Recording = field(default_factory=Recording)
    _lock: Any = field(default_factory=Lock)

    def formula(self, name: str, known: Operator | None) -> Operator | None:
        """The formula for the operator `name`."""
        return self.formulas.get(name, known) if self.formulas else known

    def whole_formula(self, name: str, known: Operator) -> Operator:
        """The formula for a function of torch; with the user's, gradients follow from it by torch's rule."""
        given = self.formulas.get(name) if self.formulas else None
        return known if given is None else known._replace(cost=given.cost)

    def is_taken_apart(self, known: Whole) -> bool:
        """Whether a function is counted by the operators that torch makes of it.

        So it is where the user has a formula for an operator of the same kind, and none for the function.
        """
        if not self.formulas:
            return known.is_taken_apart
        if f"aten::{known.name}" in self.formulas:
            return False
        return known.is_taken_apart or (
            known.is_composite and known.operator.contracts in self._formula_kinds
        )

    @cached_property
    def _formula_kinds(self) -> set[bool]:
        """Whether ATen's operators that the user has formulas for are contractions."""
        names = (name.removeprefix("aten::") for name in self.formulas if name.startswith("aten::"))
        return {name in OPERATORS and OPERATORS[name].contracts for name in names if not is_composite(name)}

    def touch(self, values: Iterable[Any]) -> None:
        """Note by their ids that something is done with `values`, and with those in a list among them."""
        for value in values:
            self.used.add(id(value))
            if value.__class__ in SEQUENCES:
                self.used.update(map(id, value))

    def record(self, name: str, operator: Operator | None, arguments: dict[str, Any], output: Any) -> None:
        """Put down a call that returned `output`."""
        first = first_tensor(output)
        if first is None or operator is FREE:
            return
        if operator is not None and has_nested((*arguments.values(), first)):
            operator = by_component(operator)
        if operator is not None and operator.contracts and _is_sparse(arguments):
            operator = None
        if operator is not None:
            cost = operator.cost(**{"output": first, **arguments})
            if cost.macs or (cost != Cost() and _is_float(first)):
                self._count(name, operator, arguments, first, cost)
        elif _computes(arguments, output):
            self._miss(self._key(name, arguments, first))

    @contextmanager
    def separate_recording(self) -> Iterator[Recording]:
        """What the block records, which is not on the tape unless it is added."""
        before = self._recorded, self.paths.visits
        self._recorded = recording = Recording()
        self.paths.visits = recording.visits
        try:
            yield recording
        finally:
            self._recorded, self.paths.visits = before

    def add(self, recording: Recording) -> None:
        """Put down what was recorded separately."""
        recorded = self._recorded
        for key, found in recording.operations.items():
            recorded.operations[key] = _together(recorded.operations.get(key), found)
        for key, missed in recording.uncounted.items():
            calls = recorded.uncounted[key].calls if key in recorded.uncounted else 0
            recorded.uncounted[key] = missed._replace(calls=calls + missed.calls)
        for conditional, calls in recording.conditionals.items():
            recorded.conditionals[conditional] = recorded.conditionals.get(conditional, 0) + calls
        for path, visit in recording.visits.items():
            self.paths.visits.setdefault(path, Visit(visit.input, visit.output)).calls += visit.calls

    def note_conditional(self, conditional: Conditional) -> None:
        """Put down a call of `torch.cond`, unless it is one that the backward repeats."""
        if not self.is_backward:
            known = self._recorded.conditionals
            known[conditional] = known.get(conditional, 0) + 1

    def note_uncounted(self, name: str, arguments: Any, reason: str = "") -> None:
        """Put down a call that is not counted, or only in part."""
        inputs = tuple(map(self.shape_of, tensors(arguments)))
        self._miss((self.paths.current, name, inputs, (), self.phase), reason)

    def shape_of(self, tensor: Any) -> Shape:
        """The shape that is put down for `tensor`."""
        return shape_of(tensor)

    def _count(
        self, name: str, operator: Operator, arguments: dict[str, Any], output: Any, cost: Cost
    ) -> None:
        key = self._key(name, arguments, output)
        elements = operator.activations(**{"output": output, **arguments}) if operator.activations else 0
        found = Operation(*key[:4], cost, elements, 1, self.phase, operator.estimated)
        self._add(key, found)

    def _add(self, key: Key, found: Operation) -> None:
        with self._lock:
            operations = self._recorded.operations
            operations[key] = _together(operations.get(key), found)

    def gradient(
        self, path: str, name: str, phase: Phase, operands: Sequence[Any], output: Any, cost: Cost
    ) -> None:
        """Put down what a gradient of the operator `name`, called at `path`, costs."""
        shapes = tuple(map(self.shape_of, operands))
        key = path, name, shapes, self.shape_of(output), phase
        self._add(key, Operation(*key[:4], cost, 0, int(bool(cost.macs)), phase))

    def _miss(self, key: Key, reason: str = "") -> None:
        known = self._recorded.uncounted
        calls = known[key].calls if key in known else 0
        known[key] = Uncounted(*key[:3], calls + 1, reason)

    def _key(self, name: str, arguments: dict[str, Any], output: Any) -> Key:
        inputs = tuple(map(self.shape_of, tensors(arguments)))
        return self.paths.current, name, inputs, self.shape_of(output), self.phase

    @property
    def phase(self) -> Phase:
        """Backward runs without gradients of its own: where they are on, a forward is repeated."""
        import torch

        if not self.is_backward:
            return "forward"
        return "recomputation" if torch.is_grad_enabled() else "gradient by input"

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What has been counted, in the order of first calls."""
        return tuple(self._recorded.operations.values())

    @property
    def conditionals(self) -> tuple[Conditional, ...]:
        """Calls of `torch.cond`, in the order of first calls."""
        return tuple(found._replace(calls=calls) for found, calls in self._recorded.conditionals.items())

    @property
    def uncounted(self) -> tuple[Uncounted, ...]:
        """What has no formula."""
        return tuple(self._recorded.uncounted.values())


def _together(before: Operation | None, found: Operation) -> Operation:
    """Both as one operation."""
    if before is None:
        return found
    return before._replace(
        cost=before.cost + found.cost,
        activations=before.activations + found.activations,
        calls=before.calls + found.calls,
    )


def _is_float(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())


def _computes(arguments: dict[str, Any], output: Any) -> bool:
    """Whether numbers with a point go in or come out."""
    return any(map(_is_float, tensors((*arguments.values(), output))))


def _is_sparse(arguments: dict[str, Any]) -> bool:
    """Whether a tensor leaves out its zeros, which the formulas would count."""
    import torch

    return any(tensor.layout is not torch.strided and not tensor.is_nested for tensor in tensors(arguments))
