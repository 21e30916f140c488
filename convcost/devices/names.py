"""What there are names for: the kinds of devices, the dtypes of their peaks, and this machine itself."""

from __future__ import annotations

from typing import Literal

Kind = Literal["gpu", "cpu", "tpu", "npu"]

Call = Literal["layer", "convolution", "grouped convolution"]
"""What is called, as far as it decides what the call takes beside its work."""

DTYPES = (
    "float64",
    "float32",
    "tfloat32",
    "bfloat16",
    "float16",
    "float8",
    "float4",
    "int8",
)
"""What peaks can be given for."""

USUAL = ("bfloat16", "float16", "float32")
"""What networks are computed in, the most usual first."""

THIS = "this"
"""The name of the machine that convcost runs on."""

PLACES = ("cpu", "cuda")

OWN = {THIS: PLACES, **{f"{THIS}{place}": (place,) for place in PLACES}}
"""What this machine is called, without punctuation: as it was measured last, or its CPU, or its GPU."""


def peak_unit(dtype: str) -> str:
    """What peaks in it are in: whole numbers are not floating-point operations."""
    return "OP/s" if dtype.startswith("int") else "FLOP/s"
