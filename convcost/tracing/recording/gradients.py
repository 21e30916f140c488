"""Costs of the backward: each contraction gets an autograd node that records the costs of its gradients.

A gradient that is differentiated again, as in a gradient penalty, gets such a node too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from math import prod
from typing import Any
from unittest.mock import patch

import torch

from convcost.core.cost import Cost
from convcost.core.trace import Phase
from convcost.operators.interface import Operator, product_gradients
from convcost.tracing.isolation.tensor_copies import zero_gradient
from convcost.tracing.recording.known_operators import rule_for
from convcost.tracing.recording.module_tracker import ModuleTracker
from convcost.tracing.recording.nested_tensors import by_component, has_nested
from convcost.tracing.recording.node_paths import graph_nodes
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import first_tensor, tensors

NeedsGradient = tuple[bool, ...]
"""For each operand, whether its gradient is needed."""

REQUESTED_LEAVES: list[frozenset[int]] = []
"""The leaves whose gradients calls of autograd.grad request, innermost call last."""

BATCH_SIZES: list[int] = []
"""The sizes of batches of gradients (is_grads_batched) in nested calls of autograd, outermost first."""


def with_gradients(
    tape: Tape, name: str, operator: Operator, arguments: Mapping[str, Any], run: Callable[[], Any]
) -> Any:
    """The output of `run`, with a node that records the gradients by the tensors in `arguments`."""
    if has_nested(arguments.values()):
        operator = by_component(operator)
    operands = [(label, tensor) for label, value in arguments.items() for tensor in tensors(value)]
    roles = tuple(_role(label, tensor) for label, tensor in operands)
    contraction = Contraction(tape, tape.tracker.current, name, roles, operator, arguments)
    return _apply_node(run, contraction, *(tensor for _, tensor in operands))


@dataclass(frozen=True)
class Contraction:
    """A call of a contraction; `roles` are the phases of the gradients by its operands."""

    tape: Tape
    path: str
    name: str
    roles: tuple[Phase, ...]
    operator: Operator
    arguments: Mapping[str, Any]

    def record(self, needed: NeedsGradient, operands: Sequence[Any], output: Any) -> None:
        """Record the costs of the needed gradients."""
        roles = dict(zip(self._labels, self.roles, strict=True))
        for label, cost in self._costs(compress(self._labels, needed), output).items():
            role = roles.get(label, "gradient by weight")
            _record_gradient(self, role, operands, output, cost)

    def gradients(self, needed: NeedsGradient, by_output: Any, operands: Sequence[Any]) -> list[Any]:
        """The needed gradients, which can be differentiated again."""
        if self.operator.decompose is not None:
            return self._gradients_by_decomposition(needed, by_output, operands)
        self.record(needed, operands, by_output)
        if self.operator.gradients is not product_gradients:
            all_operands = [*zip(self.roles, operands, strict=True)]
            return _where_needed(
                needed, lambda number: _gradient_of(self, None, by_output, all_operands, operands[number])
            )
        costs = self._costs(self._labels, by_output)
        factors = [
            (number, role, operand)
            for number, (label, role, operand) in enumerate(
                zip(self._labels, self.roles, operands, strict=True)
            )
            if label in costs and costs[label].macs
        ]

        def gradient(number: int) -> Any:
            cost = costs.get(self._labels[number], Cost())
            others = [factor[1:] for factor in factors if cost.macs and factor[0] != number]
            return _gradient_of(self, cost, by_output, others, operands[number])

        return _where_needed(needed, gradient)

    def _gradients_by_decomposition(
        self, needed: NeedsGradient, by_output: Any, operands: Sequence[Any]
    ) -> list[Any]:
        """The gradients through the contractions in the operator's decomposition, which are recorded."""
        assert self.operator.decompose is not None
        arguments = {**self.arguments, **dict(zip(self._labels, operands, strict=True))}
        with torch.enable_grad(), self.tape.separate_recording():
            output = self.operator.decompose(**arguments)
        inputs = list(compress(operands, needed))
        found = iter(torch.autograd.grad(output, inputs, by_output, create_graph=True))
        return _where_needed(needed, lambda _: next(found))

    @property
    def _labels(self) -> list[str]:
        """The names of the operands. All tensors in a list have the same name."""
        return [label for label, value in self.arguments.items() for _ in tensors(value)]

    def _costs(self, labels: Iterable[str], output: Any) -> dict[str, Cost]:
        arguments = {"output": output, **self.arguments}
        rule = rule_for(self.operator, tensors(self.arguments))
        cost = rule and rule(**arguments)
        if cost is None or self.operator.gradients is None:
            return {}
        return self.operator.gradients(frozenset(labels), cost, **arguments)


@dataclass(frozen=True)
class DifferentiableGradient:
    """A gradient that can be differentiated by its operands; `roles` are the phases of those gradients.

    If it is a product, its gradients are products over the same loops, and each costs `cost`. If `cost` is
    None, its gradients have no formula and are reported as uncounted.
    """

    tape: Tape
    path: str
    name: str
    roles: tuple[Phase, ...]
    cost: Cost | None

    def record(self, needed: NeedsGradient, operands: Sequence[Any], output: Any) -> None:
        """Record the costs of the needed gradients."""
        if self.cost is None:
            if any(needed):
                self.tape.note_uncounted(f"{self.name}_double_backward", operands)
            return
        for role in compress(self.roles, needed) if self.cost.macs else ():
            _record_gradient(self, role, operands, output, self.cost)

    def gradients(self, needed: NeedsGradient, by_output: Any, operands: Sequence[Any]) -> list[Any]:
        """The needed gradients, which can be differentiated again."""
        self.record(needed, operands, by_output)

        def gradient(number: int) -> Any:
            others = [
                pair
                for place, pair in enumerate(zip(self.roles, operands, strict=True))
                if place != number or self.cost is None
            ]
            return _gradient_of(self, self.cost, by_output, others, operands[number])

        return _where_needed(needed, gradient)


def _gradient_of(
    source: Contraction | DifferentiableGradient,
    cost: Cost | None,
    by_output: Any,
    others: list[tuple[Phase, Any]],
    like: Any,
) -> Any:
    """The gradient of `source` by `like`, as a function of the gradient by its output and of `others`."""
    roles: tuple[Phase, ...] = ("gradient by input", *(role for role, _ in others))
    times = _batch_size()
    batched = cost and Cost(times * cost.macs, cost.valid_macs and times * cost.valid_macs)
    found = DifferentiableGradient(source.tape, source.path, source.name, roles, batched)
    return _apply_node(lambda: zero_gradient(like), found, by_output, *(operand for _, operand in others))


def _record_gradient(
    source: Contraction | DifferentiableGradient,
    role: Phase,
    operands: Sequence[Any],
    output: Any,
    cost: Cost,
) -> None:
    """Record a gradient of `source`. A gradient that the forward computes counts as forward."""
    phase = role if source.tape.tracker.is_backward else "forward"
    source.tape.gradient(source.path, source.name, phase, operands, output, cost)


def _where_needed(needed: NeedsGradient, gradient: Callable[[int], Any]) -> list[Any]:
    """For each operand, `gradient` of its index if that is needed, else None."""
    return [gradient(place) if is_needed else None for place, is_needed in enumerate(needed)]


def _role(label: str, operand: torch.Tensor) -> Phase:
    """Whether the gradient by `operand` is by a weight or by an input."""
    origin = operand if operand._base is None else operand._base
    is_weight = label == "weight" or isinstance(origin, torch.nn.Parameter)
    return "gradient by weight" if is_weight else "gradient by input"


@contextmanager
def requested_leaves(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Note the leaves that a call of autograd.grad requests, while it runs."""
    if function is not torch.autograd.grad:
        yield
        return
    inputs = kwargs["inputs"] if "inputs" in kwargs else args[1]
    REQUESTED_LEAVES.append(frozenset(map(id, tensors(inputs))))
    try:
        yield
    finally:
        REQUESTED_LEAVES.pop()


def _is_requested(requires_gradient: bool, following: tuple[Any, int]) -> bool:
    """Whether the running backward continues to `following`."""
    node = following[0]
    if not requires_gradient or not REQUESTED_LEAVES:
        return requires_gradient
    leaf = getattr(node, "variable", None)
    return torch._C._will_engine_execute_node(node) if leaf is None else id(leaf) in REQUESTED_LEAVES[-1]


@contextmanager
def batched_gradients() -> Iterator[None]:
    """Note the batch sizes of calls with `is_grads_batched` in the block."""
    vmap: Any = torch._vmap_internals
    batched = vmap._create_batched_inputs

    def create(in_dims: Any, args: Any, level: int, function: Any) -> Any:
        inputs, number = batched(in_dims, args, level, function)
        BATCH_SIZES[level - 1 :] = [number]
        return inputs, number

    with patch.object(vmap, "_create_batched_inputs", create):
        yield


def _batch_size() -> int:
    level = torch._C._vmapmode_increment_nesting() - 1
    torch._C._vmapmode_decrement_nesting()
    return prod(BATCH_SIZES[:level])


class GradientNode(torch.autograd.Function):
    """An autograd node that saves its operands as torch's own do, so that checkpointing recomputes them."""

    runs_no_operators = True

    @staticmethod
    def forward(ctx: Any, run: Any, source: Any, *operands: torch.Tensor) -> Any:
        ctx.save_for_backward(*operands)
        output = run()
        ctx.source, ctx.output = source, first_tensor(output).detach()
        return output

    @staticmethod
    def backward(ctx: Any, *by_outputs: Any) -> Any:
        needed = tuple(map(_is_requested, ctx.needs_input_grad[2:], ctx.next_functions))
        operands = ctx.saved_tensors
        by_output = next((gradient for gradient in by_outputs if gradient is not None), None)
        for _ in range(_batch_size() - torch.is_grad_enabled()):
            ctx.source.record(needed, operands, ctx.output)
        if torch.is_grad_enabled():
            return None, None, *ctx.source.gradients(needed, by_output, operands)
        return None, None, *_where_needed(needed, lambda place: zero_gradient(operands[place]))


def run_backward(output: Any, tracker: ModuleTracker) -> bool:
    """Run the backward from all outputs that require it; whether `output` has any tensor."""
    found = [*tensors(output)]
    ends = [tensor for tensor in found if tensor.requires_grad]
    with _preserved_gradients(ends):
        if ends:
            tracker.note_uses(ends)
            torch.autograd.backward(ends, [torch.ones_like(end) for end in ends])
    return bool(found)


@contextmanager
def _preserved_gradients(ends: list[Any]) -> Iterator[None]:
    """Restore the `grad` of all leaves after the block, also of those that are not parameters."""
    before = [(leaf, leaf.grad) for leaf in _leaves(ends)]
    try:
        yield
    finally:
        for leaf, gradient in before:
            leaf.grad = gradient


def _leaves(ends: list[Any]) -> Iterator[Any]:
    """The leaf tensors that accumulate gradients."""
    return (node.variable for node in graph_nodes(ends) if hasattr(node, "variable"))


_apply_node: Any = GradientNode.apply
