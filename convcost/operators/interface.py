"""Operators: torch functions by ATen name, with their cost as a formula over shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from convcost.core import arithmetic
from convcost.core.cost import COMPLEX_MACS, Cost, Shape, Size


class Operand(Protocol):
    """A tensor as formulas see it: a torch tensor, or a symbolic shape."""

    @property
    def shape(self) -> Shape:
        """The sizes of its dimensions."""


class ShapeOperand(NamedTuple):
    """An operand with only a shape."""

    shape: Shape


def size(operand: Operand) -> Size:
    """The number of elements."""
    return arithmetic.elements(operand.shape)


def integer_values(operand: Any) -> list[int] | None:
    """The integers in a vector; None if it is not given or has no data."""
    has_data = operand is not None and not getattr(operand, "is_meta", True)
    return operand.tolist() if has_data else None


CostRule = Callable[..., Cost | None]
"""Takes the operator's arguments by ATen name, and `output`. Returns the cost.

None means that the arguments do not determine the cost: the call is then reported as not counted.
"""

SparseRule = CostRule
"""The same for sparse operands."""

ShapeRule = Callable[..., Shape | list[Shape] | None]
"""Takes the operator's arguments by ATen name. Returns the shape of its output, or a list of shapes.

None if the arguments are invalid or unusual: torch then infers the shape, or raises an error.
"""

SizeRule = Callable[..., Size]
"""Takes the arguments of a CostRule. Returns a number of elements."""


GradientRule = Callable[..., dict[str, Cost]]
"""Takes the names of the arguments that need a gradient, the cost of the forward pass, and its arguments.
Returns the cost of each gradient."""


def product_gradients(
    needed: frozenset[str], cost: Cost, output: Operand, **arguments: Any
) -> dict[str, Cost]:
    """The gradient by a factor costs the MACs of the product; the gradient by an addend only sums."""
    addend = "self" if arguments.keys() & {"mat1", "batch1", "mat"} else "bias"
    sums = Cost(bias_adds=size(output))
    product = Cost(cost.macs, cost.valid_macs)
    return {name: sums if name == addend else product for name in needed}


def in_real_macs(cost: Cost) -> Cost:
    """`cost` with complex MACs converted to real ones."""
    valid = cost.valid_macs
    return replace(
        cost,
        macs=COMPLEX_MACS * cost.macs,
        valid_macs=None if valid is None else COMPLEX_MACS * valid,
    )


class Operator(NamedTuple):
    """The rules of an operator: its cost, and its output shape if that is faster than running torch.

    Attributes:
        cost: The formula.
        output: The shape of the output.
        activations: The output elements of its contractions; None if it does not multiply and accumulate.
        estimated: Whether the count is a convention rather than exact; or a rule that decides for a call.
        is_like_input: Whether the output has the shape and strides of the first argument.
        gradients: The cost of each gradient. If None, torch's backward is counted operator by operator.
        decompose: Computes the output by other operators, for higher-order gradients.
        sparse: The cost on sparse operands.
        counts_real: Whether the rule counts real MACs for complex operands.
    """

    cost: CostRule
    output: ShapeRule | None = None
    activations: SizeRule | None = None
    estimated: bool | Callable[..., bool] = False
    is_like_input: bool = False
    gradients: GradientRule | None = product_gradients
    decompose: Callable[..., Any] | None = None
    sparse: SparseRule | None = None
    counts_real: bool = False

    @property
    def contracts(self) -> bool:
        """Whether it multiplies and accumulates."""
        return self.activations is not None

    def is_estimated(self, arguments: dict[str, Any]) -> bool:
        """Whether the count of a call is an estimate."""
        return self.estimated(**arguments) if callable(self.estimated) else self.estimated


def outputs(output: Operand, **_: Any) -> Size:
    """The elements of the output."""
    return size(output)


def contraction(
    cost: CostRule, output: ShapeRule | None = None, sparse: SparseRule | None = None
) -> Operator:
    """An operator that multiplies and accumulates; its output counts as activations."""
    return Operator(cost, output, activations=outputs, sparse=sparse)


def each_element(operations: int, is_like_input: bool = False) -> Operator:
    """An elementwise operator: `operations` per output element."""

    def cost(output: Operand, **_: Any) -> Cost:
        return Cost(elementwise=operations * size(output))

    cost.__doc__ = f"{operations} per output element."
    return Operator(cost, same_shape if is_like_input else None, is_like_input=is_like_input)


def each_input_element(operations: int) -> Operator:
    """An elementwise operator: `operations` per element of the first argument."""

    def cost(*, self: Operand, **_: Any) -> Cost:
        return Cost(elementwise=operations * size(self))

    cost.__doc__ = f"{operations} per element of the first argument."
    return Operator(cost)


def no_cost(**_: Any) -> Cost:
    """Nothing: lookups, views, copies and integer comparisons are not counted."""
    return Cost()


def same_shape(**arguments: Any) -> Shape:
    """The shape of the first argument."""
    shape: Shape = next(iter(arguments.values())).shape
    return shape


FREE = Operator(no_cost)
