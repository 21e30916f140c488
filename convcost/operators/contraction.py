"""Matrix products. MACs are the product of the extents of all loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.operators import sparse
from convcost.operators.interface import Operand, contraction, size
from convcost.operators.sparse import sparse_product


def product(macs: Size, bias_adds: Size = 0) -> Cost:
    """The cost of a contraction without padding or masks, where all MACs are valid."""
    return Cost(macs, macs, bias_adds)


def linear(input: Operand, weight: Operand, bias: Operand | None = None, **_: Any) -> Cost:
    """[*, in_features] by [out_features, in_features]; MACs: positions · in_features · out_features."""
    outputs = arithmetic.elements((*input.shape[:-1], *weight.shape[:-1]))
    return product(outputs * weight.shape[-1], outputs if bias is not None else 0)


def linear_output(input: Operand, weight: Operand, bias: Operand | None = None, **_: Any) -> Shape | None:
    """[*, out_features], or [*] for a one-dimensional weight."""
    fits = input.shape[-1:] == weight.shape[-1:] and (bias is None or bias.shape == weight.shape[:-1])
    return (*input.shape[:-1], *weight.shape[:-1]) if fits else None


def matmul(self: Operand, output: Operand, **_: Any) -> Cost:
    """[*, n, k] by [*, k, m], broadcast; either side can be a vector."""
    return product(size(output) * self.shape[-1])


def addmm(self: Operand, mat1: Operand, output: Operand, **_: Any) -> Cost:
    """`self` + [n, k] by [k, m]."""
    return _added(self, size(output) * mat1.shape[-1], output)


def baddbmm(self: Operand, batch1: Operand, output: Operand, **_: Any) -> Cost:
    """`self` + [b, n, k] by [b, k, m]."""
    return _added(self, size(output) * batch1.shape[-1], output)


def addbmm(self: Operand, batch1: Operand, output: Operand, **_: Any) -> Cost:
    """`self` + the sum over b of [b, n, k] by [b, k, m]."""
    return _added(self, size(output) * batch1.shape[0] * batch1.shape[-1], output)


def addmv(self: Operand, mat: Operand, output: Operand, **_: Any) -> Cost:
    """`self` + [n, k] by [k]."""
    return _added(self, size(output) * mat.shape[-1], output)


def dot(self: Operand, **_: Any) -> Cost:
    """[k] by [k]."""
    return product(size(self))


def _added(addend: Operand, macs: Size, output: Operand) -> Cost:
    """The cost with an addend: bias adds for a vector that is broadcast, else elementwise work."""
    if len(addend.shape) <= 1:
        return product(macs, size(output))
    return Cost(macs, macs, elementwise=size(output))


def bilinear(
    input1: Operand, input2: Operand, weight: Operand, output: Operand, bias: Operand | None = None, **_: Any
) -> Cost:
    """[*, in1] and [*, in2] by [out_features, in1, in2], as in torch.nn.Bilinear."""
    out_features, in1, in2 = weight.shape
    macs = arithmetic.bilinear_macs(arithmetic.elements(input1.shape[:-1]), in1, in2, out_features)
    return product(macs, size(output) if bias is not None else 0)


def trilinear(i1: Operand, i2: Operand, i3: Operand, output: Operand, **arguments: Any) -> Cost:
    """Σ i1 · i2 · i3, with operands expanded at the listed dimensions. Called by ATen's `bilinear`."""
    rank = len(i1.shape) + len(arguments["expand1"])
    if rank != 4 or list(arguments["sumdim"]) != [2, 3]:
        return product(2 * _loop_extent(rank, (i1, i2, i3), arguments))
    positions, in1 = i1.shape
    return product(arithmetic.bilinear_macs(positions, in1, i3.shape[-1], i2.shape[0]))


def _loop_extent(rank: int, operands: tuple[Operand, ...], arguments: dict[str, Any]) -> Size:
    """The product of all loop extents: for each dimension, the size in an operand that has it."""
    extents: dict[int, Size] = {}
    for number, operand in enumerate(operands, 1):
        absent = {dim % rank for dim in arguments[f"expand{number}"]}
        extents.update(zip((dim for dim in range(rank) if dim not in absent), operand.shape, strict=True))
    return arithmetic.elements(tuple(extents.values()))


def einsum(equation: str, tensors: Sequence[Operand], **_: Any) -> Cost:
    """Operands are contracted in pairs from left to right. MACs per pair: the product of all index sizes."""
    terms, result = _terms(equation, tensors)
    macs = 0
    while len(terms) > 1:
        first, second, *rest = terms
        merged = first | second
        macs = macs + arithmetic.elements(tuple(merged.values()))
        wanted = set(result).union(*rest)
        terms = [{index: extent for index, extent in merged.items() if index in wanted}, *rest]
    return product(macs)


def _terms(equation: str, tensors: Sequence[Operand]) -> tuple[list[dict[str, Size]], str]:
    """The sizes of each operand by index, and the output's indices; an ellipsis becomes numbered indices."""
    left, _, right = equation.replace(" ", "").partition("->")
    terms = [_indexed(term, tensor.shape) for term, tensor in zip(left.split(","), tensors, strict=True)]
    dots = "".join(sorted({index for term in terms for index in term if not index.isalpha()}))
    once = "".join(sorted(index for index in left if index.isalpha() and left.count(index) == 1))
    return terms, (right.replace("...", dots) if "->" in equation else dots + once)


def _indexed(term: str, shape: Shape) -> dict[str, Size]:
    before, dots, after = term.partition("...")
    spread = len(shape) - len(before) - len(after) if dots else 0
    return dict(zip(before + "9876543210"[10 - spread :] + after, shape, strict=True))


def inner(self: Operand, other: Operand, output: Operand, **_: Any) -> Cost:
    """[*, k] by [*', k]: all pairs of vectors. Elementwise work if one operand is a scalar."""
    if not self.shape or not other.shape:
        return Cost(elementwise=size(output))
    return product(size(output) * self.shape[-1])


def vecdot(x: Operand, y: Operand, output: Operand, dim: int = -1, **_: Any) -> Cost:
    """[*, k] by [*, k] along a dimension, broadcast."""
    return product(size(output) * arithmetic.larger(x.shape[dim], y.shape[dim]))


def scaled_mm(self: Operand, output: Operand, bias: Operand | None = None, **_: Any) -> Cost:
    """[n, k] by [k, m], both scaled, plus a bias."""
    return product(size(output) * self.shape[-1], 0 if bias is None else size(output))


def affine_grid(theta: Operand, output: Operand, **_: Any) -> Cost:
    """Each coordinate of each position with a row of [n, d, d + 1]."""
    return product(size(output) * theta.shape[-1])


def baddbmm_output(
    self: Operand, batch1: Operand, batch2: Operand, out_dtype: Any = None, out: Any = None, **_: Any
) -> Shape | None:
    """[b, n, m] if `out_dtype` is given, for which torch 2.13 needs data to infer the shape."""
    if out_dtype is None or out is not None:
        return None
    shape = (*batch1.shape[:-1], batch2.shape[-1])
    fits = tuple(batch2.shape[:-1]) == (batch1.shape[0], batch1.shape[-1])
    return shape if fits and tuple(self.shape) == shape else None


PACKED = (
    *("_weight_int8pack_mm", "_weight_int4pack_mm", "_weight_int4pack_mm_for_cpu", "_mixed_mm"),
    "_weight_int4pack_mm_with_scales_and_zeros",
)
"""Products with packed low-bit weights, whose shape is that of the packing."""

SPARSE_BY_MAT2 = sparse_product("self", "mat2")


def grouped_mm(self: Operand, mat2: Operand, output: Operand, bias: Operand | None = None, **_: Any) -> Cost:
    """torch's grouped_mm, used by mixtures of experts. MACs by the dimension that `offs` splits into groups:

    rows: [m, k] by [g, k, n] is m·k·n, as each row is multiplied by the matrix of its group;
    columns: [g, m, k] by [k, n] is m·k·n; the summed dimension: [m, k] by [k, n] is m·k·n;
    none: [g, m, k] by [g, k, n] is g·m·k·n.

    Rows, columns or terms after the last group count too.
    """
    macs = size(self) * mat2.shape[-1] if len(mat2.shape) == 3 else self.shape[-2] * size(mat2)
    return product(macs, 0 if bias is None else size(output))


def grouped_mm_output(self: Operand, mat2: Operand, offs: Operand | None = None, **_: Any) -> Shape | None:
    """[m, n], or [g, m, n] if groups are neither rows nor columns."""
    if self.shape[-1] != mat2.shape[-2]:
        return None
    groups: Shape = ()
    if len(self.shape) == len(mat2.shape):
        groups = self.shape[:-2] if offs is None else offs.shape
    return (*groups, self.shape[-2], mat2.shape[-1])


def grouped_mm_fallback(input: Operand, weight: Operand, output: Operand, **_: Any) -> Cost:
    """transformers' product of experts where torch has no grouped_mm: the same as grouped_mm by rows."""
    return grouped_mm(input, weight, output)


def mkldnn_linear(self: Operand, weight: Operand, bias: Operand | None = None, **_: Any) -> Cost:
    """The same as linear."""
    return linear(self, weight, bias)


OPERATORS = {
    "linear": contraction(linear, linear_output, sparse=sparse.linear),
    "mkldnn_linear": contraction(mkldnn_linear),
    "bilinear": contraction(bilinear),
    "_trilinear": contraction(trilinear),
    "einsum": contraction(einsum),
    **dict.fromkeys(
        ("matmul", "__matmul__", "linalg_matmul"), contraction(matmul, sparse=sparse_product("self", "other"))
    ),
    **dict.fromkeys(("mm", "bmm"), contraction(matmul, sparse=SPARSE_BY_MAT2)),
    "mv": contraction(matmul, sparse=sparse_product("self", "vec")),
    **dict.fromkeys(("_int_mm", *PACKED), contraction(matmul)),
    **dict.fromkeys(("_scaled_mm", "_scaled_mm_v2"), contraction(scaled_mm)),
    **dict.fromkeys(
        ("addmm", "_addmm_activation"), contraction(addmm, sparse=sparse_product("mat1", "mat2", "self"))
    ),
    "baddbmm": contraction(baddbmm, baddbmm_output, sparse_product("batch1", "batch2", "self")),
    "addbmm": contraction(addbmm),
    "addmv": contraction(addmv, sparse=sparse_product("mat", "vec", "self")),
    **dict.fromkeys(("dot", "vdot"), contraction(dot)),
    "inner": contraction(inner),
    "linalg_vecdot": contraction(vecdot),
    "affine_grid_generator": contraction(affine_grid),
    "_grouped_mm": contraction(grouped_mm, grouped_mm_output),
    **dict.fromkeys(("_scaled_grouped_mm", "_scaled_grouped_mm_v2"), contraction(grouped_mm)),
    "transformers::grouped_mm_fallback": contraction(grouped_mm_fallback),
}
