"""Finds where torch may copy non-contiguous tensors, so that memory does not follow from shapes.

The order of a tensor is that of its dimensions in memory, outermost first. It is None if it is not known, or
if the tensor is not dense.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias, cast

from convcost.core.cost import Shape
from convcost.core.row import Row
from convcost.layers import FAMILIES, functions
from convcost.layers.functions import permute, select, transpose
from convcost.layers.interface import Layer
from convcost.layers.joins import concat, einsum, matmul

Order: TypeAlias = tuple[int, ...] | None

EXPANDED: Order = (-1,)
"""The order of the gradient of a sum: one element, expanded."""

ELEMENTWISE = frozenset(
    (*FAMILIES["activation"], "Identity", "Dropout", "AlphaDropout", "FeatureAlphaDropout", "add", "mul")
)
"""Layers that preserve the order of their input, and accept gradients in any order, even expanded."""

VIEWS = frozenset(("permute", "transpose", "unsqueeze", "squeeze", "concat"))
"""Layers whose gradients are views."""

ANY_ORDER = frozenset(
    (
        *("select", "mean", "sum"),
        *FAMILIES["convolution"],
        *FAMILIES["transposed"],
        *("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
    )
)
"""Layers that copy neither input nor gradient, whatever their order."""


def unknown_copies(rows: Sequence[Row]) -> str:
    """Why the copies that torch makes within `rows` are not known; "" if it makes none."""
    orders = _DimensionOrders(rows)
    return next((reason for reason in (*orders.of_outputs(), *orders.of_gradients()) if reason), "")


class _DimensionOrders:
    """The orders of each row's output and of its gradient. Inputs of the design are contiguous."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.outputs: list[Order] = []
        self.gradients: dict[int, Order] = {len(rows) - 1: _contiguous(rows[-1].output)}

    def of_outputs(self) -> Iterator[str]:
        """For each row, why the copies of its forward pass are not known."""
        for row in self.rows:
            inputs = self._inputs(row)
            yield _reason_in_forward(row, inputs)
            self.outputs.append(_output_order(row, inputs))

    def of_gradients(self) -> Iterator[str]:
        """For each row, why the copies of its backward pass are not known."""
        for number in reversed(range(len(self.rows))):
            if number not in self.gradients:
                continue
            row, order = self.rows[number], self.gradients[number]
            yield _reason_in_backward(row, order)
            orders = _gradient_orders(row, order, self._inputs(row))
            for source, each in zip(row.sources, orders, strict=True):
                is_equal = self.gradients.get(source, each) == each
                self.gradients[source] = each if is_equal else None

    def _inputs(self, row: Row) -> list[Order]:
        return [
            self.outputs[source] if source >= 0 else _contiguous(shape)
            for source, shape in zip(row.sources, _shapes(row), strict=True)
        ]


def _shapes(row: Row) -> tuple[Shape, ...]:
    return (row.input, *(tensor.shape for tensor in row.further_inputs))


def _contiguous(shape: Shape) -> Order:
    return tuple(range(len(shape)))


def _is_contiguous(order: Order) -> bool:
    return order is not None and order == tuple(range(len(order)))


def _reason_in_forward(row: Row, inputs: Sequence[Order]) -> str:
    match row.layer:
        case matmul():
            is_known = _multiplies_in_place(_shapes(row), inputs)
        case einsum():
            is_known = all(map(_is_contiguous, inputs)) and _sums_in_place(row.layer, _shapes(row))
        case _:
            is_known = all(map(_is_contiguous, inputs)) or row.kind in ELEMENTWISE | VIEWS | ANY_ORDER
    return "" if is_known else f"torch may copy the input of {row.kind} to put its elements in order"


def _multiplies_in_place(shapes: Sequence[Shape], orders: Sequence[Order]) -> bool:
    """Whether two tensors are multiplied without copies: batches of matrices, possibly transposed."""
    first, second = shapes
    if len(second) == 2:
        return len(first) >= 2 and _is_contiguous(orders[0]) and _is_matrices(orders[1])
    same_batch = len(first) == len(second) > 2 and first[:-2] == second[:-2]
    return same_batch and all(map(_is_matrices, orders))


def _is_matrices(order: Order) -> bool:
    """Whether the batch is contiguous, and the last two dimensions are in either order."""
    return order is not None and _is_contiguous((*order[:-2], *sorted(order[-2:])))


def _sums_in_place(layer: einsum, shapes: Sequence[Shape]) -> bool:
    """Whether contiguous tensors become matrices without copies, and the product has the output's order.

    In each input, batch letters, own letters and summed letters must be adjacent. Dimensions of size 1 are
    excluded, as torch treats them differently.
    """
    (left, right), output = layer.letters
    batch = [letter for letter in output if letter in left and letter in right]
    summed = sorted(letter for letter in left if letter in right and letter not in output)
    alone = [[letter for letter in output if letter not in other] for other in (right, left)]
    is_in_order = [*output] == [*batch, *alone[0], *alone[1]]
    is_one = any(size == 1 for shape in shapes for size in shape)
    groups = (
        ((left, group) for group in (batch, alone[0], summed)),
        ((right, group) for group in (batch, alone[1], summed)),
    )
    return (
        layer.sums(shapes[0])
        and is_in_order
        and not is_one
        and all("".join(group) in letters for pairs in groups for letters, group in pairs)
    )


def _output_order(row: Row, inputs: Sequence[Order]) -> Order:
    match row.layer:
        case permute() | transpose():
            return _permuted(inputs[0], _permutation(cast("Layer", row.layer), row.input))
        case select() if row.layer.dim % len(row.input):
            return None
        case matmul() | einsum():
            return _contiguous(row.output)
    if all(map(_is_contiguous, inputs)):
        return _contiguous(row.output)
    is_preserved = row.kind in ELEMENTWISE and len({*inputs}) == 1
    return inputs[0] if is_preserved else None


def _reason_in_backward(row: Row, order: Order) -> str:
    if order == EXPANDED:
        is_known, of_layer = row.kind in ELEMENTWISE | VIEWS, f"{row.kind}, which is that of a sum"
    else:
        is_known = _is_contiguous(order) or row.kind in ELEMENTWISE | VIEWS | ANY_ORDER
        of_layer = f"{row.kind} to put its elements in order"
    return "" if is_known else f"torch may copy the gradient of {of_layer}"


def _gradient_orders(row: Row, order: Order, inputs: Sequence[Order]) -> list[Order]:
    match row.layer:
        case permute() | transpose():
            return [_permuted(order, _inverse(_permutation(cast("Layer", row.layer), row.input)))]
        case functions.sum():
            return [EXPANDED]
        case concat() if row.layer.dim % len(row.input) and order != EXPANDED:
            return [None] * len(inputs)
        case matmul() if all(len(shape) > 2 for shape in _shapes(row)):
            return [_contiguous(shape) for shape in _shapes(row)]
    if order == EXPANDED:
        return [EXPANDED if row.kind in VIEWS or row.kind == "add" else None] * len(inputs)
    if _is_contiguous(order) and all(map(_is_contiguous, inputs)):
        return [_contiguous(shape) for shape in _shapes(row)]
    is_preserved = row.kind in ELEMENTWISE and {*inputs} == {order}
    return [order if is_preserved else None] * len(inputs)


def _permutation(layer: Layer, shape: Shape) -> list[int]:
    """The input dimension of each output dimension."""
    return list(layer.output(tuple(range(len(shape)))))


def _inverse(permutation: list[int]) -> list[int]:
    return [permutation.index(number) for number in range(len(permutation))]


def _permuted(order: Order, permutation: list[int]) -> Order:
    if order is None or order == EXPANDED:
        return order
    return tuple(permutation.index(dimension) for dimension in order)
