"""Nested tensors, strided or jagged: an operator costs as much as on all components together.

Lengths of components are data, so a model with nested tensors runs on data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any

import torch

from convcost.core.cost import Cost
from convcost.core.errors import ConvcostError
from convcost.operators.interface import Operator, ShapeOperand
from convcost.tracing.tensors import component_shapes, flat_tensors, tensors


class NestedTensorError(ConvcostError, NotImplementedError):
    """A nested tensor in a run without data."""


def has_nested(values: Iterable[Any]) -> bool:
    """Whether `values`, or lists in it, contain a nested tensor."""
    return any(
        has_nested(value) if value.__class__ in (list, tuple) else getattr(value, "is_nested", False)
        for value in values
    )


def has_jagged(values: Iterable[Any]) -> bool:
    """Whether there is a jagged tensor; torch implements its operators in Python."""
    return any(tensor.layout is torch.jagged for tensor in flat_tensors(values))


def has_strided_nested(values: Iterable[Any]) -> bool:
    """Whether there is a strided nested tensor, which an autograd.Function can't take."""
    return any(tensor.is_nested and tensor.layout is torch.strided for tensor in flat_tensors(values))


def refuse_nested(values: Iterable[Any]) -> None:
    """NestedTensorError if there is a nested tensor: without data its lengths are unknown."""
    if has_nested(values):
        raise NestedTensorError(
            "a nested tensor has its lengths as data, so the model and its inputs need data"
        )


def by_component(operator: Operator) -> Operator:
    """The operator for nested tensors: its rules are summed over components."""

    def summed_gradients(needed: frozenset[str], _: Cost, **arguments: Any) -> dict[str, Cost]:
        found: dict[str, Cost] = {}
        for given in components(arguments):
            cost = operator.cost(**given)
            gradients = operator.gradients(needed, cost, **given) if cost and operator.gradients else {}
            for name, gradient in gradients.items():
                found[name] = found.get(name, Cost()) + gradient
        return found

    return operator._replace(
        cost=_sum_over_components(operator.cost),
        activations=operator.activations and _sum_over_components(operator.activations),
        gradients=summed_gradients,
    )


def _sum_over_components(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: reduce(add, (rule(**given) for given in components(arguments)))


def components(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The arguments for each component. Tensors that are not nested are shared, or divided if they have a
    part for each component."""
    shapes = next(component_shapes(tensor) for tensor in tensors(arguments) if tensor.is_nested)
    parts = {name: _component_values(value, len(shapes), len(shapes[0])) for name, value in arguments.items()}
    return [{name: parts[name][place] for name in arguments} for place in range(len(shapes))]


def _component_values(value: Any, number: int, dimensions: int) -> list[Any]:
    """The value for each of the `number` of components."""
    if isinstance(value, list | tuple) and value:
        return list(
            map(
                type(value),
                zip(*(_component_values(part, number, dimensions) for part in value), strict=True),
            )
        )
    if not isinstance(value, torch.Tensor):
        return [value] * number
    if value.is_nested:
        return list(map(ShapeOperand, component_shapes(value)))
    is_divided = value.dim() == dimensions + 1 and value.shape[0] in {1, number}
    return [ShapeOperand(tuple(value.shape[1:] if is_divided else value.shape))] * number


def supported_function(function: Any, arguments: Mapping[str, Any]) -> Any:
    """`function` or its replacement: torch has causal attention on jagged tensors only on CUDA."""
    is_causal = (
        bool(arguments.get("is_causal")) and function is torch.nn.functional.scaled_dot_product_attention
    )
    return _causal_attention if is_causal and has_jagged(arguments.values()) else function


def _causal_attention(query: Any, key: Any, value: Any, *others: Any, **options: Any) -> Any:
    """Causal attention on each component separately: [heads, length, width]."""
    attention = torch.nn.functional.scaled_dot_product_attention
    triples = zip(query.unbind(), key.unbind(), value.unbind(), strict=True)
    values = torch.cat([attention(*triple, *others, **options) for triple in triples], dim=1)
    return torch.nested.nested_tensor_from_jagged(values, query.offsets(), jagged_dim=2)
