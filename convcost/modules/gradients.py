"""Backward: each contraction as a node that says what its gradients cost, when autograd asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.modules.blank import zeros_like
from convcost.modules.tape import Tape, rule_for
from convcost.modules.tensors import first_tensor, tensors
from convcost.operation import Phase
from convcost.operators.interface import Operator

if TYPE_CHECKING:
    import torch


def with_gradients(
    tape: Tape, name: str, operator: Operator, arguments: Mapping[str, Any], run: Callable[[], Any]
) -> Any:
    """What `run` returns, with a node behind it that records the gradients by the tensors of `arguments`."""
    path = tape.paths.current
    operands = [(label, tensor) for label, value in arguments.items() for tensor in tensors(value)]
    roles = {label: _role(label, tensor) for label, tensor in operands}

    def record(needed: tuple[bool, ...], output: Any) -> None:
        labels = frozenset(label for (label, _), is_needed in zip(operands, needed, strict=True) if is_needed)
        given = {"output": output, **arguments}
        rule = rule_for(operator, arguments)
        cost = rule and rule(**given)
        found = operator.gradients(labels, cost, **given) if cost and operator.gradients else {}
        for label, gradient in found.items():
            phase = roles.get(label, "gradient by weight") if tape.is_backward else "forward"
            tape.gradient(path, name, phase, [tensor for _, tensor in operands], output, gradient)

    return _node().apply(run, record, *(tensor for _, tensor in operands))


def _role(label: str, operand: torch.Tensor) -> Phase:
    """Whether the gradient by `operand` is one by a weight or by an input."""
    import torch

    origin = operand if operand._base is None else operand._base
    is_weight = label == "weight" or isinstance(origin, torch.nn.Parameter)
    return "gradient by weight" if is_weight else "gradient by input"


WANTED: list[frozenset[int]] = []
"""The leaves that calls of autograd.grad ask for, innermost call last."""


@contextmanager
def asking(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """While autograd.grad runs, the gradients that it asks for are known; nothing changes for others."""
    import torch

    if function is not torch.autograd.grad:
        yield
        return
    inputs = kwargs["inputs"] if "inputs" in kwargs else args[1]
    WANTED.append(frozenset(map(id, tensors(inputs))))
    try:
        yield
    finally:
        WANTED.pop()


def _is_asked_for(requires_gradient: bool, following: tuple[Any, int]) -> bool:
    """Whether this backward goes on to `following`."""
    import torch

    node = following[0]
    if not requires_gradient or not WANTED:
        return requires_gradient
    leaf = getattr(node, "variable", None)
    return torch._C._will_engine_execute_node(node) if leaf is None else id(leaf) in WANTED[-1]


@cache
def _node() -> Any:
    import torch

    class Contraction(torch.autograd.Function):
        """Saves its operands as torch's own nodes do, so that checkpointing has to compute them again."""

        @staticmethod
        def forward(ctx: Any, run: Any, record: Any, *operands: torch.Tensor) -> Any:
            ctx.save_for_backward(*operands)
            output = run()
            ctx.record, ctx.output = record, first_tensor(output).detach()
            return output

        @staticmethod
        def backward(ctx: Any, *_: Any) -> Any:
            needed = tuple(map(_is_asked_for, ctx.needs_input_grad[2:], ctx.next_functions))
            operands = ctx.saved_tensors
            ctx.record(needed, ctx.output)
            gradients = (
                zeros_like(operand) if is_needed else None
                for operand, is_needed in zip(operands, needed, strict=True)
            )
            return None, None, *gradients

    return Contraction
