"""Rows and layers with every size in them changed in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from convcost.core.cost import Cost
from convcost.core.report import Row
from convcost.layers.interface import Layer

Change = Callable[[Any], Any]


def mapped(row: Row, change: Change) -> Row:
    """`row` with `change` of its sizes and costs, its layer apart."""
    cost = row.cost
    return row._replace(
        input=throughout(row.input, change),
        output=throughout(row.output, change),
        parameters={name: throughout(shape, change) for name, shape in row.parameters.items()},
        cost=Cost(*throughout((cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise), change)),
        activations=throughout(row.activations, change),
    )


def mapped_layer(layer: Any, change: Change) -> Any:
    """`layer` with `change` of the formulas among its arguments."""
    if not isinstance(layer, Layer):
        return layer
    names = [field.name for field in fields(layer)]  # type: ignore[arg-type]
    return replace(layer, **{name: throughout(getattr(layer, name), change) for name in names})  # type: ignore[type-var]


def throughout(value: Any, change: Change) -> Any:
    """`value`, or each part of a tuple, changed if it is a formula; numbers and words stay."""
    if isinstance(value, tuple):
        return tuple(throughout(part, change) for part in value)
    return value if value is None or isinstance(value, int | str | float) else change(value)
