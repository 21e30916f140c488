"""Torch's primitive operators, which some transforms and decompositions use. They count as ATen's."""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost
from convcost.operators import elementwise, linear_algebra
from convcost.operators.interface import FREE, Operand, Operator, each_element, each_input_element, outputs

ELEMENTWISE = (
    *("abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "bessel_i0", "bessel_i0e"),
    *("bessel_i1", "bessel_i1e", "bessel_j0", "bessel_j1", "bitwise_and", "bitwise_not", "bitwise_or"),
    *("bitwise_xor", "cbrt", "ceil", "conj_physical", "cos", "cosh", "digamma", "div", "eq"),
    *("erf", "erf_inv"),
    *("erfc", "erfcx", "exp", "exp2", "expm1", "floor", "fmax", "fmin", "fmod", "frexp", "gcd", "ge", "gt"),
    *("hypot", "igamma", "igammac", "isfinite", "le", "lgamma", "log", "log10", "log1p", "log2", "lt"),
    *("maximum", "minimum", "mul", "ndtri", "ne", "neg", "nextafter", "pow", "reciprocal", "remainder"),
    *("round", "rsqrt", "shift_left", "shift_right_arithmetic", "sign", "signbit", "sin", "sinh"),
    *("spherical_bessel_j0", "sqrt", "sub", "tan", "tanh", "trunc", "zeta"),
)

REDUCTIONS = {1: ("amax", "amin", "prod", "sum", "xor_sum"), 3: ("var",)}

MOVES = (
    *("_make_token", "_sink_tokens", "as_strided", "as_strided_scatter", "broadcast_in_dim", "cat", "clone"),
    *("collapse", "collapse_view", "conj", "convert_element_type", "copy_strided", "copy_to", "device_put"),
    *("empty", "empty_permuted", "empty_strided", "fill", "full", "full_like", "imag", "iota", "item"),
    *("maximum_value", "minimum_value", "normal", "real", "reshape", "resize", "rev", "scalar_tensor"),
    *("split_dim", "squeeze", "transpose", "uniform", "view_of", "view_of_dtype", "where"),
)


def _reduced(operations: int) -> Operator:
    rule = each_input_element(operations).cost

    def cost(inp: Operand, **_: Any) -> Cost | None:
        return rule(self=inp)

    cost.__doc__ = rule.__doc__
    return Operator(cost)


def two_products(a: Operand, b: Operand, c: Operand, d: Operand, **_: Any) -> Cost:
    """a·b + c·d."""
    macs = a.shape[0] * a.shape[1] * b.shape[1] + c.shape[0] * c.shape[1] * d.shape[1]
    return Cost(macs, macs)


OPERATORS: dict[str, Operator] = {
    **{f"prims::{name}": elementwise.OPERATORS.get(name, each_element(1)) for name in ELEMENTWISE},
    **{f"prims::{name}": _reduced(operations) for operations, names in REDUCTIONS.items() for name in names},
    **dict.fromkeys((f"prims::{name}" for name in MOVES), FREE),
    **{f"prims::fft_{kind}": linear_algebra.OPERATORS[f"_fft_{kind}"] for kind in ("c2c", "r2c", "c2r")},
    "prims::svd": linear_algebra.OPERATORS["_linalg_svd"],
    "rngprims::philox_rand": FREE,
    "debugprims::load_tensor": FREE,
    "inductor::_mm_plus_mm": Operator(two_products, activations=outputs, gradients=None),
}
