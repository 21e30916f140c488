"""What kinds of tensors an operator works on, and which of its rules that asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convcost.core.cost import Cost
from convcost.core.trace import Element
from convcost.operators.interface import CostRule, Operator

DENSE = ("torch.strided", "torch._mkldnn")
"""The layouts that leave out nothing."""


def rule_for(operator: Operator, operands: Iterable[Any]) -> CostRule | None:
    """How a call on these tensors is counted; None where there is no formula for their layouts."""
    if not operator.contracts or not has_sparse(operands):
        return operator.cost
    return _past_modes(operator.sparse) if operator.sparse else None


def _past_modes(rule: CostRule) -> CostRule:
    """`rule`, which asks tensors for their entries, unseen by the modes that record."""
    import torch

    def cost(**arguments: Any) -> Cost | None:
        with torch._C._DisableTorchDispatch():
            return rule(**arguments)

    return cost


def elements_of(operands: Iterable[Any], output: Any) -> tuple[Element, ...]:
    """Those of each operand, and of what comes out, which may be nothing."""
    return tuple(
        Element(0, False) if tensor is None else Element(tensor.element_size(), tensor.is_floating_point())
        for tensor in (*operands, output)
    )


def is_number(tensor: Any) -> bool:
    """Whether it holds numbers with a point, quantized ones too: arithmetic of integers is index work."""
    return tensor is None or tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized


def has_complex(operands: Iterable[Any]) -> bool:
    """Whether one holds complex numbers."""
    return any(tensor.is_complex() for tensor in operands)


def has_sparse(operands: Iterable[Any]) -> bool:
    """Whether one leaves out its zeros, which the formulas would count."""
    import torch

    dense = torch.strided
    return any(tensor.layout is not dense and _is_sparse(tensor) for tensor in operands)


def _is_sparse(tensor: Any) -> bool:
    return str(tensor.layout) not in DENSE and not tensor.is_nested
