"""Dtypes by name: element sizes and short names."""

from __future__ import annotations

from convcost.core.errors import unknown_name
from convcost.core.type_checks import check_text

ITEMSIZES = {
    **dict.fromkeys(("float64", "int64"), 8),
    **dict.fromkeys(("float32", "tfloat32"), 4),
    **dict.fromkeys(("float16", "bfloat16"), 2),
    **dict.fromkeys(("float8", "int8"), 1),
}
"""Bytes per element, by dtype."""

DEFAULT_DTYPE = "float32"
"""The dtype of a design in which none is given."""

SHORT = {
    **{"fp64": "float64", "f64": "float64", "double": "float64", "i64": "int64"},
    **{"fp32": "float32", "f32": "float32", "float": "float32", "tf32": "tfloat32"},
    **{"fp16": "float16", "f16": "float16", "half": "float16", "bf16": "bfloat16"},
    **{"fp8": "float8", "f8": "float8", "i8": "int8"},
}
"""Short names of dtypes."""


def is_float_dtype(dtype: str) -> bool:
    """Whether the dtype of this full name is floating point; torch's names are known too."""
    return dtype.startswith(("float", "bfloat", "tfloat"))


def dtype_named(text: str) -> str:
    """The dtype with this full or short name: bf16 is bfloat16; UsageError if there is none."""
    dtype = SHORT.get(check_text("dtype", text, "bfloat16"), text)
    if dtype not in ITEMSIZES:
        raise unknown_name("no dtype is called", text, ITEMSIZES, also_near=SHORT)
    return dtype
