"""Where operations are collected as they run: one entry for each path, operator and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convcost.modules.paths import Paths
from convcost.modules.tensors import first_tensor, tensors
from convcost.operation import Operation, Phase, Uncounted
from convcost.operators.interface import CostRule, Operator, of_complex
from convcost.quantities import Cost, Shape, Size

SEQUENCES = (list, tuple)

ELSEWHERE = "thread::forward"
"""What is named as uncounted where a submodule runs in a thread of its own."""

DENSE = ("torch.strided", "torch._mkldnn")
"""The layouts that leave out nothing."""

Key = tuple[str, str, tuple[Shape, ...], Shape, Phase]

Traits = tuple[bool, bool, bool]
"""Whether a call was estimated, on complex numbers, on sparse tensors."""


@dataclass
class Tape:
    """`formulas` are the user's own, by full name: they come before convcost's."""

    paths: Paths
    formulas: Mapping[str, Operator] = field(default_factory=dict)
    is_backward: bool = False
    used: set[int] = field(default_factory=set)
    _operations: dict[tuple[Key, Traits], Operation] = field(default_factory=dict)
    _uncounted: dict[Key, Uncounted] = field(default_factory=dict)

    def formula(self, name: str, known: Operator | None) -> Operator | None:
        """The formula for the operator `name`."""
        return self.formulas.get(name, known) if self.formulas else known

    def touch(self, values: Iterable[Any]) -> None:
        """Note by their ids that something is done with `values`, and with those in a list among them."""
        for value in values:
            self.used.add(id(value))
            if value.__class__ in SEQUENCES:
                self.used.update(map(id, value))

    def record(self, name: str, operator: Operator | None, arguments: dict[str, Any], output: Any) -> None:
        """Put down a call that returned `output`."""
        first = first_tensor(output)
        given = {"output": first, **arguments}
        rule = operator and rule_for(operator, arguments)
        cost = rule and rule(**given)
        if operator is None or cost is None:
            self._miss(name, arguments, first)
        elif cost.macs or (cost != Cost() and _is_number(first)):
            is_complex = bool(cost.macs) and not operator.counts_real and _is_complex(arguments)
            traits = operator.is_estimated(given), is_complex, operator.contracts and _is_sparse(arguments)
            elements = operator.activations(**given) if operator.activations else 0
            key = self._key(name, arguments, first)
            self._count(key, traits, of_complex(cost) if is_complex else cost, elements, 1)

    def gradient(
        self, path: str, name: str, phase: Phase, operands: list[Any], output: Any, cost: Cost
    ) -> None:
        """Put down what a gradient of the operator `name`, called at `path`, costs."""
        shapes = tuple(tuple(operand.shape) for operand in operands)
        is_complex = bool(cost.macs) and _is_complex(operands)
        traits = False, is_complex, bool(cost.macs) and _is_sparse(operands)
        key = path, name, shapes, tuple(output.shape), phase
        self._count(key, traits, of_complex(cost) if is_complex else cost, 0, int(bool(cost.macs)))

    def _count(self, key: Key, traits: Traits, cost: Cost, elements: Size, calls: int) -> None:
        before = self._operations.get((key, traits))
        if before is None:
            found = Operation(*key[:4], cost, elements, calls, key[4], *traits)
        else:
            found = before._replace(
                cost=before.cost + cost,
                activations=before.activations + elements,
                calls=before.calls + calls,
            )
        self._operations[key, traits] = found

    def _miss(self, name: str, arguments: dict[str, Any], output: Any) -> None:
        """Name an operator without a formula, whatever its tensors hold: integers may be quantized."""
        key = self._key(name, arguments, output)
        if output is None and not key[2]:
            return
        calls = self._uncounted[key].calls if key in self._uncounted else 0
        self._uncounted[key] = Uncounted(*key[:3], calls + 1)

    def _key(self, name: str, arguments: dict[str, Any], output: Any) -> Key:
        inputs = tuple(tuple(tensor.shape) for tensor in tensors(arguments))
        shape = () if output is None else tuple(output.shape)
        return self.paths.current, name, inputs, shape, self.phase

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
        """What has no formula, and what torch shows to its own thread alone."""
        unseen = (
            Uncounted(path, ELSEWHERE, () if shape is None else (shape,), calls)
            for (path, shape), calls in self.paths.elsewhere.items()
        )
        return (*self._uncounted.values(), *unseen)


def rule_for(operator: Operator, arguments: Mapping[str, Any]) -> CostRule | None:
    """How a call with these arguments is counted; None where there is no formula for their layouts."""
    if not operator.contracts or not _is_sparse(arguments):
        return operator.cost
    return _past_modes(operator.sparse) if operator.sparse and not _is_nested(arguments) else None


def _past_modes(rule: CostRule) -> CostRule:
    """`rule`, which asks tensors for their entries, unseen by the modes that record."""
    import torch

    def cost(**arguments: Any) -> Cost | None:
        with torch._C._DisableTorchDispatch():
            return rule(**arguments)

    return cost


def _is_number(tensor: Any) -> bool:
    """Whether it holds numbers with a point, quantized ones too: arithmetic of integers is index work."""
    return tensor is None or tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized


def _is_complex(values: Any) -> bool:
    return any(tensor.is_complex() for tensor in tensors(values))


def _is_sparse(values: Any) -> bool:
    """Whether a tensor leaves out its zeros, or the rest of its rows, which the formulas would count."""
    return any(str(tensor.layout) not in DENSE for tensor in tensors(values))


def _is_nested(values: Any) -> bool:
    import torch

    return any(tensor.layout is torch.jagged for tensor in tensors(values))
