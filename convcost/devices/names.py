"""Names: kinds of devices, dtypes of peaks, and this machine."""

from __future__ import annotations

from typing import Literal

Kind = Literal["gpu", "cpu", "tpu", "npu"]

Call = Literal["layer", "convolution", "grouped convolution"]
"""Kinds of calls with different overheads."""

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
"""The dtypes of peaks."""

USUAL = ("bfloat16", "float16", "float32")
"""The usual dtypes of networks, the most common first."""

THIS = "this"
"""The name of the machine that convcost runs on."""

PLACES = ("cpu", "cuda")

OWN = {THIS: PLACES, **{f"{THIS}{place}": (place,) for place in PLACES}}
"""Names of this machine, without punctuation: measured last, its CPU, or its GPU."""


def peak_unit(dtype: str) -> str:
    """The unit of peaks in a dtype: integer operations are OP/s."""
    return "OP/s" if dtype.startswith("int") else "FLOP/s"
