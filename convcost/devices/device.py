"""A device as a roofline sees it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from convcost.core.errors import UsageError, did_you_mean

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


@dataclass(frozen=True, slots=True)
class Device:
    """Peaks in FLOP/s (int8: OP/s) by dtype, dense; bandwidth in bytes/s; memory in bytes, if it has its own.

    `sources` has where each figure is from, by "bandwidth", "memory" or the dtype; `derivations` has the
    arithmetic behind those that are computed. `overheads` are the seconds that a call takes which does
    next to nothing, if that was measured.
    """

    name: str
    title: str
    vendor: str
    kind: Kind
    year: int | None
    peaks: Mapping[str, int]
    bandwidth: int
    memory: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    derivations: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    overheads: Mapping[Call, Fraction] = field(default_factory=dict)

    def peak(self, dtype: str) -> int:
        """FLOP/s in `dtype`; UsageError names the dtypes that there are figures for."""
        if dtype not in self.peaks:
            near = did_you_mean(dtype, self.peaks)
            message = f"there is no peak of {self.name} in {dtype[:40]}{near}"
            raise UsageError(message, hint=f"There are {', '.join(self.peaks)}.")
        return self.peaks[dtype]

    def ridge(self, dtype: str) -> Fraction:
        """FLOPs per byte from which on the peak is the limit, not the bandwidth."""
        return Fraction(self.peak(dtype), self.bandwidth)

    @property
    def usual_dtype(self) -> str:
        """The dtype that its figures are shown at: bfloat16, or else float16, float32, or what there is."""
        return next((dtype for dtype in USUAL if dtype in self.peaks), next(iter(self.peaks)))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that it has."""
        return ("bandwidth", *(("memory",) if self.memory is not None else ()), *self.peaks)
