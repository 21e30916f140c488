"""What kinds of tensors an operator works on, and which of its rules that asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcost.modules.tensors import tensors
from convcost.operators.interface import CostRule, Operator
from convcost.quantities import Cost

DENSE = ("torch.strided", "torch._mkldnn")
"""The layouts that leave out nothing."""


def rule_for(operator: Operator, arguments: Mapping[str, Any]) -> CostRule | None:
    """How a call with these arguments is counted; None where there is no formula for their layouts."""
    if not operator.contracts or not has_sparse(arguments):
        return operator.cost
    return _past_modes(operator.sparse) if operator.sparse else None


def _past_modes(rule: CostRule) -> CostRule:
    """`rule`, which asks tensors for their entries, unseen by the modes that record."""
    import torch

    def cost(**arguments: Any) -> Cost | None:
        with torch._C._DisableTorchDispatch():
            return rule(**arguments)

    return cost


def is_number(tensor: Any) -> bool:
    """Whether it holds numbers with a point, quantized ones too: arithmetic of integers is index work."""
    return tensor is None or tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized


def has_complex(values: Any) -> bool:
    """Whether there is a tensor of complex numbers among `values`."""
    return any(tensor.is_complex() for tensor in tensors(values))


def has_sparse(values: Any) -> bool:
    """Whether a tensor leaves out its zeros, which the formulas would count."""
    return any(str(tensor.layout) not in DENSE and not tensor.is_nested for tensor in tensors(values))
