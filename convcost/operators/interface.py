"""What an operator is: a torch function known by its ATen name, with its cost as a formula over shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from convcost.core import arithmetic
from convcost.core.cost import COMPLEX_MACS, Cost, Shape, Size


class Operand(Protocol):
    """A tensor as formulas see it: torch's own, or a shape of symbols."""

    @property
    def shape(self) -> Shape:
        """Its dimensions."""


class ShapeOperand(NamedTuple):
    """An operand that is nothing but its shape."""

    shape: Shape


def size(operand: Operand) -> Size:
    """The number of its elements."""
    return arithmetic.elements(operand.shape)


def integer_values(operand: Any) -> list[int] | None:
    """The integers in a vector; None where it is not given or has no data."""
    has_data = operand is not None and not getattr(operand, "is_meta", True)
    return operand.tolist() if has_data else None


CostRule = Callable[..., Cost | None]
"""Takes the operator's arguments by ATen's names, and `output`; lists of tensors stay lists.

None where the arguments don't tell the cost: the call is then named as not counted.
"""

SparseRule = CostRule
"""As much for operands that store only some of their entries."""

ShapeRule = Callable[..., Shape | list[Shape] | None]
"""Takes the operator's arguments by ATen's names and returns the shape of its output, or a list of them.

None where the arguments don't fit or are unusual: torch then says what comes of them.
"""

SizeRule = Callable[..., Size]
"""Takes what a CostRule takes and returns a number of elements."""


GradientRule = Callable[..., dict[str, Cost]]
"""Takes the names of the arguments whose gradients are needed, the forward's cost, and its arguments; returns
what each gradient costs."""


def product_gradients(
    needed: frozenset[str], cost: Cost, output: Operand, **arguments: Any
) -> dict[str, Cost]:
    """A gradient by a factor contracts over the same loops as the product; one by what is added only sums."""
    added = "self" if arguments.keys() & {"mat1", "batch1", "mat"} else "bias"
    summed = Cost(bias_adds=size(output))
    product = Cost(cost.macs, cost.valid_macs)
    return {name: summed if name == added else product for name in needed}


def in_real_macs(cost: Cost) -> Cost:
    """`cost` in real MACs, where it was in complex ones."""
    valid = cost.valid_macs
    return replace(
        cost,
        macs=COMPLEX_MACS * cost.macs,
        valid_macs=None if valid is None else COMPLEX_MACS * valid,
    )


class Operator(NamedTuple):
    """How an operator is counted, and its output's shape where stating it is quicker than running torch.

    Attributes:
        cost: The formula.
        output: The shape of the output.
        activations: The elements that its contractions yield; None if it does not multiply and accumulate.
        estimated: Whether the count is a convention, not an exact number; or a rule that says so of a call.
        is_like_input: Whether the output has the shape and strides of the first argument.
        gradients: What each gradient costs. If None, torch's own backward is counted, operator by operator.
        decompose: Computes the output by other operators, for gradients of a higher order.
        sparse: The cost on sparse operands.
        counts_real: Whether MACs are real ones on complex operands too.
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
    """An operator that multiplies and accumulates, and whose output is its activations."""
    return Operator(cost, output, activations=outputs, sparse=sparse)


def each_element(operations: int, is_like_input: bool = False) -> Operator:
    """`operations` for each element of the output."""

    def cost(output: Operand, **_: Any) -> Cost:
        return Cost(elementwise=operations * size(output))

    cost.__doc__ = f"{operations} for each element of the output."
    return Operator(cost, same_shape if is_like_input else None, is_like_input=is_like_input)


def each_input_element(operations: int) -> Operator:
    """`operations` for each element of the first argument."""

    def cost(*, self: Operand, **_: Any) -> Cost:
        return Cost(elementwise=operations * size(self))

    cost.__doc__ = f"{operations} for each element of the first argument."
    return Operator(cost)


def no_cost(**_: Any) -> Cost:
    """Lookups, views, copies, comparisons of integers: zero by decision."""
    return Cost()


def same_shape(**arguments: Any) -> Shape:
    """The shape of the first argument."""
    shape: Shape = next(iter(arguments.values())).shape
    return shape


FREE = Operator(no_cost)
