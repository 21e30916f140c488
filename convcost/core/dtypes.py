"""Dtypes by name: how large their elements are, and what people call them."""

from __future__ import annotations

from convcost.core.errors import unknown_name
from convcost.core.type_checks import check_text

ITEMSIZES = {
    **dict.fromkeys(("float64", "int64"), 8),
    **dict.fromkeys(("float32", "tfloat32"), 4),
    **dict.fromkeys(("float16", "bfloat16"), 2),
    **dict.fromkeys(("float8", "int8"), 1),
}
"""Bytes of one element, by dtype."""

SHORT = {
    **{"fp64": "float64", "f64": "float64", "double": "float64", "i64": "int64"},
    **{"fp32": "float32", "f32": "float32", "float": "float32", "tf32": "tfloat32"},
    **{"fp16": "float16", "f16": "float16", "half": "float16", "bf16": "bfloat16"},
    **{"fp8": "float8", "f8": "float8", "i8": "int8"},
}
"""What people write for dtypes."""


def dtype_named(text: str) -> str:
    """The dtype that is called so, in full or in short: bf16 is bfloat16; UsageError if there is none."""
    dtype = SHORT.get(check_text("dtype", text, "bfloat16"), text)
    if dtype not in ITEMSIZES:
        raise unknown_name("no dtype is called", text, ITEMSIZES, also_near=SHORT)
    return dtype
