"""Where operations are collected as they run: one entry for each path, operator and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

from convcost.modules.functions import Whole, is_composite
from convcost.modules.paths import Paths
from convcost.modules.tensors import first_tensor, tensors
from convcost.operation import Operation, Phase, Uncounted
from convcost.operators import OPERATORS
from convcost.operators.interface import Operator
from convcost.quantities import Cost, Shape

SEQUENCES = (list, tuple)

Key = tuple[str, str, tuple[Shape, ...], Shape, Phase]


@dataclass
class Tape:
    """`formulas` are the user's own, by full name: they come before convcost's."""

    paths: Paths
    formulas: Mapping[str, Operator] = field(default_factory=dict)
    is_backward: bool = False
    is_paused: bool = False
    used: set[int] = field(default_factory=set)
    _operations: dict[Key, Operation] = field(default_factory=dict)
    _uncounted: dict[Key, Uncounted] = field(default_factory=dict)
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
        if first is None or self.is_paused:
            return
        if operator is not None and operator.contracts and _is_sparse(arguments):
            operator = None
        if operator is not None:
            cost = operator.cost(**{"output": first, **arguments})
            if cost.macs or (cost != Cost() and _is_float(first)):
                self._count(name, operator, arguments, first, cost)
        elif _computes(arguments, output):
            self._miss(name, arguments, first)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing that runs in the block is recorded, but for gradients that it asks for later."""
        self.is_paused = True
        try:
            yield
        finally:
            self.is_paused = False

    def miss(self, name: str, arguments: Any) -> None:
        """Name what can't be counted."""
        self._miss(name, {str(number): argument for number, argument in enumerate(arguments)}, None)

    def _count(
        self, name: str, operator: Operator, arguments: dict[str, Any], output: Any, cost: Cost
    ) -> None:
        key = self._key(name, arguments, output)
        elements = operator.activations(**{"output": output, **arguments}) if operator.activations else 0
        with self._lock:
            self._add(key, operator, cost, elements)

    def _add(self, key: Key, operator: Operator, cost: Cost, elements: Any) -> None:
        before = self._operations.get(key)
        if before is None:
            found = Operation(*key[:4], cost, elements, 1, self.phase, operator.estimated)
        else:
            found = before._replace(
                cost=before.cost + cost,
                activations=before.activations + elements,
                calls=before.calls + 1,
            )
        self._operations[key] = found

    def gradient(
        self, path: str, name: str, phase: Phase, operands: Sequence[Any], output: Any, cost: Cost
    ) -> None:
        """Put down what a gradient of the operator `name`, called at `path`, costs."""
        shapes = tuple(tuple(operand.shape) for operand in operands)
        key = path, name, shapes, tuple(output.shape), phase
        before = self._operations.get(key, Operation(*key[:4], Cost(), 0, 0, phase))
        self._operations[key] = before._replace(cost=before.cost + cost, calls=before.calls + bool(cost.macs))

    def _miss(self, name: str, arguments: dict[str, Any], output: Any) -> None:
        key = self._key(name, arguments, output)
        calls = self._uncounted[key].calls if key in self._uncounted else 0
        self._uncounted[key] = Uncounted(*key[:3], calls + 1)

    def _key(self, name: str, arguments: dict[str, Any], output: Any) -> Key:
        inputs = tuple(tuple(tensor.shape) for tensor in tensors(arguments))
        return self.paths.current, name, inputs, () if output is None else tuple(output.shape), self.phase

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
        return tuple(self._operations.values())

    @property
    def uncounted(self) -> tuple[Uncounted, ...]:
        """What has no formula."""
        return tuple(self._uncounted.values())


def _is_float(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())


def _computes(arguments: dict[str, Any], output: Any) -> bool:
    """Whether numbers with a point go in or come out."""
    return any(map(_is_float, tensors((*arguments.values(), output))))


def _is_sparse(arguments: dict[str, Any]) -> bool:
    """Whether a tensor leaves out its zeros, which the formulas would count."""
    import torch

    return any(tensor.layout is not torch.strided for tensor in tensors(arguments))
