"""Products with sparse tensors: one MAC per stored entry and element that it is multiplied with.

Explicit zeros and duplicate entries count. Gradients cost the same MACs: the gradient by the dense factor
uses all entries, and the gradient by the sparse factor is computed only at its entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Size
from convcost.operators.interface import Operand, Operator, SparseRule, contraction, size


def is_sparse(operand: Any) -> bool:
    """Whether `operand` has a sparse layout: COO, CSR, CSC, BSR or BSC."""
    return str(getattr(operand, "layout", "")).startswith("torch.sparse_")


def entries(operand: Any) -> Size | None:
    """The number of stored entries of a sparse tensor; None without data."""
    if operand.is_meta:
        return None
    return size(operand._values() if operand.is_sparse else operand.values())


def product_macs(left: Any, right: Any) -> Size | None:
    """MACs of [*, n, k] by [*, k, m], one or both sparse; either side can be a vector."""
    if is_sparse(left) and is_sparse(right):
        return matching_entries(left, right)
    if is_sparse(left):
        columns = right.shape[-1] if len(right.shape) > 1 else 1
        batch = arithmetic.elements(right.shape[:-2]) if len(left.shape) == 2 else 1
        return _times(entries(left), columns * batch)
    rows = left.shape[:-1] if len(right.shape) <= 2 else left.shape[-2:-1]
    return _times(entries(right), arithmetic.elements(rows))


def _times(count: Size | None, factor: Size) -> Size | None:
    return None if count is None else count * factor


def matching_entries(left: Any, right: Any) -> Size | None:
    """MACs of two sparse matrices: pairs of an entry of `left` in column i and one of `right` in row i."""
    if left.is_meta or right.is_meta or len(left.shape) != 2 or len(right.shape) != 2:
        return None
    columns = Counter(left.to_sparse_coo()._indices()[1].tolist())
    rows = Counter(right.to_sparse_coo()._indices()[0].tolist())
    return sum(count * rows[index] for index, count in columns.items())


def sparse_product(left: str, right: str, added: str = "") -> SparseRule:
    """The cost of a product of the arguments `left` and `right`, plus the argument `added`."""

    def cost(output: Any, **arguments: Any) -> Cost | None:
        addend = arguments.get(added)
        sums = 0 if addend is None else entries(output) if is_sparse(output) else size(output)
        is_bias = addend is not None and len(addend.shape) == 1
        return _product_cost(product_macs(arguments[left], arguments[right]), sums, is_bias)

    cost.__doc__ = f"One MAC per stored entry of {left} or {right} and element that it is multiplied with."
    return cost


def linear(input: Any, weight: Any, output: Operand, bias: Operand | None = None, **_: Any) -> Cost | None:
    """[*, in_features] by [out_features, in_features]; one is sparse."""
    if is_sparse(input) and is_sparse(weight):
        return None
    sparse, others = (weight, input.shape[:-1]) if is_sparse(weight) else (input, weight.shape[:1])
    macs = _times(entries(sparse), arithmetic.elements(others))
    return _product_cost(macs, 0 if bias is None else size(output), True)


def sampled_addmm(self: Any, mat1: Operand, **_: Any) -> Cost | None:
    """`self` + [n, k] by [k, m] at the entries of `self`: k MACs and a sum per entry."""
    return _product_cost(_times(entries(self), mat1.shape[-1]), entries(self), False)


def _product_cost(macs: Size | None, sums: Size | None, is_bias: bool) -> Cost | None:
    if macs is None or sums is None:
        return None
    return Cost(macs, macs, *((sums, 0) if is_bias else (0, sums)))


def semi_structured_product(output: Operand, inner: Size, bias: Any = None) -> Cost:
    """A product with a 2:4 sparse matrix: half of the MACs."""
    macs = size(output) * inner // 2
    return Cost(macs, macs, 0 if bias is None else size(output))


def mm_reduce_backward(self: Any, grad_out: Operand, output_mask: Sequence[bool], **_: Any) -> Cost | None:
    """By the entries and by the dense factor: the MACs of the forward pass each."""
    macs = _times(entries(self), grad_out.shape[-1])
    return _product_cost(_times(macs, sum(output_mask)), 0, False)


def _semi_structured(inner: str, dimension: int) -> Operator:
    def cost(output: Operand, bias: Any = None, **arguments: Any) -> Cost:
        return semi_structured_product(output, arguments[inner].shape[dimension], bias)

    cost.__doc__ = semi_structured_product.__doc__
    return contraction(cost)


def _sparse_only(rule: SparseRule) -> Operator:
    def cost(**_: Any) -> None:
        return None

    cost.__doc__ = rule.__doc__
    return contraction(cost, sparse=rule)


OPERATORS = {
    "_sparse_mm": _sparse_only(sparse_product("sparse", "dense")),
    "smm": _sparse_only(sparse_product("self", "mat2")),
    "hspmm": _sparse_only(sparse_product("mat1", "mat2")),
    **dict.fromkeys(("_sparse_addmm", "sspaddmm"), _sparse_only(sparse_product("mat1", "mat2", "self"))),
    **dict.fromkeys(
        ("_sparse_mm_reduce_impl", "_sparse_sparse_matmul"), _sparse_only(sparse_product("self", "other"))
    ),
    "_sparse_mm_reduce_impl_backward": _sparse_only(mm_reduce_backward),
    "sparse_sampled_addmm": _sparse_only(sampled_addmm),
    **dict.fromkeys(
        ("_sparse_semi_structured_mm", "_sparse_semi_structured_addmm"), _semi_structured("mat2", 0)
    ),
    "_sparse_semi_structured_linear": _semi_structured("input", -1),
    "_cslt_sparse_mm": _semi_structured("dense_B", 0),
}
