"""Matrix decompositions, solvers and Fourier transforms: estimates by the leading terms of published counts.

Sources: Blackford and Dongarra, Installation Guide for LAPACK (LAPACK Working Note 41), for factorizations
and solvers based on them; Golub and Van Loan, Matrix Computations, 4th edition, for iterative methods:
singular values by Golub and Reinsch (section 8.6), eigenvalues (sections 8.3 and 7.5). They count FLOPs,
products and sums; two of them are one MAC. A batch costs the sum over its matrices.

The backward pass is counted as torch runs it: products exactly, solvers by these terms. With gradients, torch
computes vectors even if only values are returned (svdvals, eigvalsh, matrix_rank), and these count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.operators.interface import Operand, Operator, outputs


def macs_of(matrix: Operand, each: Size) -> Cost:
    """`each` MACs per matrix of a batch."""
    macs = arithmetic.elements(matrix.shape[:-2]) * each
    return Cost(macs, macs)


def sides(matrix: Operand) -> tuple[Size, Size]:
    """The longer and the shorter side of a matrix."""
    return arithmetic.larger(*matrix.shape[-2:]), arithmetic.smaller(*matrix.shape[-2:])


def columns(right: Operand, order: Size) -> Size:
    """The number of right-hand sides of a system of `order` equations."""
    if len(right.shape) < 2:
        return 1
    return right.shape[-1] if right.shape[-2] == order else right.shape[-2]


def cholesky(matrix: Operand) -> Size:
    """n³/3 FLOPs for Cholesky and LDLᵀ."""
    return matrix.shape[-1] ** 3 // 6


def lu(matrix: Operand) -> Size:
    """m·n² − n³/3 FLOPs, where m is the longer side."""
    long, short = sides(matrix)
    return (3 * long - short) * short**2 // 6


def qr(matrix: Operand) -> Size:
    """2·m·n² − 2n³/3 FLOPs, where m is the longer side."""
    long, short = sides(matrix)
    return (3 * long - short) * short**2 // 3


def householder_product(rows: Size, columns: Size, reflectors: Size) -> Size:
    """n columns of a product of k Householder reflections: 4·m·n·k − 2·(m + n)·k² + 4k³/3 FLOPs."""
    square = reflectors**2
    return 2 * rows * columns * reflectors - (rows + columns) * square + 2 * reflectors * square // 3


def qr_with_factor(matrix: Operand, mode: str) -> Size:
    """The decomposition, and Q with n columns (reduced), m columns (complete), or none (r)."""
    rows, short = matrix.shape[-2], sides(matrix)[1]
    if mode == "r":
        return qr(matrix)
    return qr(matrix) + householder_product(rows, rows if mode == "complete" else short, short)


def ormqr(factors: Operand, other: Operand, left: bool) -> Size:
    """A product with Q of k reflections: 4·m·n·k − 2·n·k² FLOPs from the left."""
    rows, columns = other.shape[-2:] if left else (other.shape[-1], other.shape[-2])
    reflectors = factors.shape[-1]
    return 2 * rows * columns * reflectors - columns * reflectors**2


def svd(matrix: Operand, has_vectors: bool, is_full: bool) -> Size:
    """4·m·n² − 4n³/3 FLOPs for values; 14·m·n² + 8n³ with vectors; 4·m²·n + 8·m·n² + 9n³ with all of U."""
    long, short = sides(matrix)
    if not has_vectors:
        return 2 * long * short**2 - 2 * short**3 // 3
    if is_full:
        return 2 * long**2 * short + 4 * long * short**2 + 9 * short**3 // 2
    return 7 * long * short**2 + 4 * short**3


def eigh(matrix: Operand, has_vectors: bool) -> Size:
    """4n³/3 FLOPs for eigenvalues, 9n³ with vectors."""
    return 9 * matrix.shape[-1] ** 3 // 2 if has_vectors else 2 * matrix.shape[-1] ** 3 // 3


def lstsq(matrix: Operand, right: Operand) -> Size:
    """QR decomposition, then per right-hand side 4·m·n − 2n² FLOPs for Qᵀ and n² to solve."""
    long, short = sides(matrix)
    per_column = 2 * long * short - short**2 + short**2 // 2
    return qr(matrix) + columns(right, matrix.shape[-2]) * per_column


def factored_solve(matrix: Operand, right: Operand) -> Size:
    """Solving with two triangular factors: 2n² FLOPs per right-hand side."""
    return matrix.shape[-1] ** 2 * columns(right, matrix.shape[-1])


TAYLOR = 5
"""Matrix products in a polynomial of degree 18; squarings, whose number depends on the norm, are not counted.
Source: Bader, Blanes and Casas, Computing the Matrix Exponential with an Optimized Taylor Polynomial."""


def _estimate(rule: Callable[..., Size], first: str, second: str = "") -> Operator:
    """An estimate by `rule`, called with the named arguments and all options."""

    def cost(**arguments: Any) -> Cost:
        operands = [arguments.pop(name) for name in (first, second) if name]
        batched = max(operands, key=lambda operand: len(operand.shape))
        return macs_of(batched, rule(*operands, **arguments))

    cost.__doc__ = rule.__doc__
    return Operator(cost, activations=outputs, estimated=True, gradients=None)


def _cubed(numerator: int, denominator: int = 1) -> Callable[..., Size]:
    def rule(matrix: Operand, **_: Any) -> Size:
        return numerator * matrix.shape[-1] ** 3 // denominator

    rule.__doc__ = f"{numerator}·n³{f' / {denominator}' if denominator > 1 else ''} MACs."
    return rule


def _without_options(rule: Callable[..., Size]) -> Callable[..., Size]:
    def without_options(*operands: Operand, **_: Any) -> Size:
        return rule(*operands)

    without_options.__doc__ = rule.__doc__
    return without_options


INVERSE, EIGEN, EIGENVALUES, INVERSE_OF_CHOLESKY = _cubed(1), _cubed(25, 2), _cubed(5), _cubed(1, 3)
"""2n³, 25n³, 10n³ and 2n³/3 FLOPs."""


MACS_PER_BUTTERFLY = 5
"""10 FLOPs: a complex product (4 products, 2 sums) and two complex sums (4 sums)."""


def fourier_transform(shape: Shape, dimensions: Sequence[int], parts: int) -> Cost:
    """(n/2)·⌈log₂ n⌉ butterflies along each of `dimensions`; half of that for real input or output.

    `parts` is 2 if both sides are complex, else 1.
    Source: https://www.fftw.org/speed/method.html, with the convention 5 n log₂ n FLOPs.
    """
    levels = sum((shape[dimension] - 1).bit_length() for dimension in dimensions)
    macs = MACS_PER_BUTTERFLY * arithmetic.elements(shape) * levels * parts // 4
    return Cost(macs, macs)


def complex_to_complex(self: Operand, dim: Sequence[int], **_: Any) -> Cost:
    """(n/2)·⌈log₂ n⌉ butterflies of 10 FLOPs along each dimension."""
    return fourier_transform(self.shape, dim, 2)


def real_to_complex(self: Operand, dim: Sequence[int], **_: Any) -> Cost:
    """Half of a complex transform."""
    return fourier_transform(self.shape, dim, 1)


def complex_to_real(dim: Sequence[int], output: Operand, **_: Any) -> Cost:
    """Half of a complex transform."""
    return fourier_transform(output.shape, dim, 1)


def _fourier(rule: Any) -> Operator:
    return Operator(rule, activations=outputs, estimated=True, counts_real=True)


def qr_by_mode(matrix: Operand, mode: str = "reduced", **_: Any) -> Size:
    """2·m·n² − 2n³/3 FLOPs for the decomposition, and the same again for Q; more with all of its columns."""
    return qr_with_factor(matrix, mode)


def householder_columns(matrix: Operand, **_: Any) -> Size:
    """n columns of a product of n Householder reflections: 4·m·n² − 2·(m + n)·n² + 4n³/3 FLOPs."""
    rows, columns = matrix.shape[-2:]
    return householder_product(rows, columns, columns)


def reflected(factors: Operand, other: Operand, left: bool = True, **_: Any) -> Size:
    """A product with Q of k reflections: 4·m·n·k − 2·n·k² FLOPs from the left."""
    return ormqr(factors, other, left)


def svd_by_options(matrix: Operand, full_matrices: bool = False, compute_uv: bool = True, **_: Any) -> Size:
    """4·m·n² − 4n³/3 FLOPs for values; 14·m·n² + 8n³ with vectors; 4·m²·n + 8·m·n² + 9n³ with all of U."""
    return svd(matrix, compute_uv, full_matrices)


def pseudo_inverse(matrix: Operand, **_: Any) -> Size:
    """SVD with vectors, 14·m·n² + 8n³ FLOPs, and a product of its factors, 2·m·n²."""
    longer, shorter = sides(matrix)
    return svd(matrix, True, False) + longer * shorter**2


def eigh_by_options(matrix: Operand, compute_v: bool = True, **_: Any) -> Size:
    """4n³/3 FLOPs for eigenvalues, 9n³ with vectors."""
    return eigh(matrix, compute_v)


def solve(matrix: Operand, right: Operand, **_: Any) -> Size:
    """LU decomposition, 2n³/3 FLOPs, and 2n² per right-hand side."""
    return lu(matrix) + factored_solve(matrix, right)


def cholesky_solve(right: Operand, matrix: Operand, **_: Any) -> Size:
    """Solving with two triangular factors: 2n² FLOPs per right-hand side."""
    return factored_solve(matrix, right)


def solve_triangular(matrix: Operand, right: Operand, **_: Any) -> Size:
    """Solving with one triangular factor: n² FLOPs per right-hand side."""
    return factored_solve(matrix, right) // 2


def triangular_solve(right: Operand, matrix: Operand, **_: Any) -> Size:
    """Solving with one triangular factor: n² FLOPs per right-hand side."""
    return factored_solve(matrix, right) // 2


OPERATORS = {
    **dict.fromkeys(("linalg_cholesky_ex", "cholesky"), _estimate(_without_options(cholesky), "self")),
    "linalg_ldl_factor_ex": _estimate(_without_options(cholesky), "self"),
    **dict.fromkeys(
        ("linalg_lu", "linalg_lu_factor_ex", "_linalg_det"), _estimate(_without_options(lu), "A")
    ),
    "_linalg_slogdet": _estimate(_without_options(lu), "A"),
    "geqrf": _estimate(_without_options(qr), "self"),
    "linalg_qr": _estimate(qr_by_mode, "A"),
    "linalg_householder_product": _estimate(householder_columns, "input"),
    "ormqr": _estimate(reflected, "self", "input3"),
    "_linalg_svd": _estimate(svd_by_options, "A"),
    "linalg_pinv": _estimate(pseudo_inverse, "self"),
    "_linalg_eigh": _estimate(eigh_by_options, "A"),
    "linalg_eig": _estimate(EIGEN, "self"),
    **dict.fromkeys(("_linalg_eigvals", "linalg_eigvals"), _estimate(EIGENVALUES, "self")),
    "linalg_inv_ex": _estimate(INVERSE, "A"),
    "cholesky_inverse": _estimate(INVERSE_OF_CHOLESKY, "self"),
    "_linalg_solve_ex": _estimate(solve, "A", "B"),
    "linalg_lu_solve": _estimate(_without_options(factored_solve), "LU", "B"),
    "linalg_ldl_solve": _estimate(_without_options(factored_solve), "LD", "B"),
    "cholesky_solve": _estimate(cholesky_solve, "self", "input2"),
    "linalg_solve_triangular": _estimate(solve_triangular, "self", "B"),
    "triangular_solve": _estimate(triangular_solve, "self", "A"),
    "linalg_lstsq": _estimate(_without_options(lstsq), "self", "b"),
    "linalg_matrix_exp": _estimate(_cubed(TAYLOR), "self"),
    "_fft_c2c": _fourier(complex_to_complex),
    "_fft_r2c": _fourier(real_to_complex),
    "_fft_c2r": _fourier(complex_to_real),
}
