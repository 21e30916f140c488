"""Devices: peaks and bandwidth for rooflines. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from convcost.core.errors import UsageError, did_you_mean
from convcost.devices.names import USUAL, Call, Kind


@dataclass(frozen=True, slots=True)
class Device:
    """Dense peaks in FLOP/s (int8: OP/s) by dtype, bandwidth in bytes/s, and memory in bytes (None: shared).

    `sources` and `derivations` have the source of each figure, and the arithmetic of computed ones, by
    "bandwidth", "memory" or dtype. `overheads` are measured seconds of a call with almost no work.
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

    def __hash__(self) -> int:
        """A hash of the name; figures are in dicts."""
        return hash((self.name, self.bandwidth))

    def peak(self, dtype: str) -> int:
        """FLOP/s in `dtype`; UsageError with the available dtypes if there is no figure."""
        if dtype not in self.peaks:
            near = did_you_mean(dtype, self.peaks)
            message = f"{self.name} has no peak for {dtype[:40]}{near}"
            raise UsageError(message, hint=f"Choose from {', '.join(self.peaks)}.")
        return self.peaks[dtype]

    def ridge(self, dtype: str) -> Fraction:
        """The ridge point in FLOPs per byte, above which the peak is the limit, not the bandwidth."""
        return Fraction(self.peak(dtype), self.bandwidth)

    @property
    def default_dtype(self) -> str:
        """The dtype shown by default: bfloat16, float16, float32, or the first one available."""
        return next((dtype for dtype in USUAL if dtype in self.peaks), next(iter(self.peaks)))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of its figures."""
        return ("bandwidth", *(("memory",) if self.memory is not None else ()), *self.peaks)
