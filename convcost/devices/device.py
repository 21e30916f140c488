"""A device as a roofline sees it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from convcost.core.errors import UsageError, did_you_mean
from convcost.devices.names import USUAL, Call, Kind


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

    def __hash__(self) -> int:
        """Of its name; the figures are in dicts."""
        return hash((self.name, self.bandwidth))

    def peak(self, dtype: str) -> int:
        """FLOP/s in `dtype`; UsageError names the dtypes that there are figures for."""
        if dtype not in self.peaks:
            near = did_you_mean(dtype, self.peaks)
            message = f"there is no peak of {self.name} in {dtype[:40]}{near}"
            raise UsageError(message, hint=f"Choose from {', '.join(self.peaks)}.")
        return self.peaks[dtype]

    def ridge(self, dtype: str) -> Fraction:
        """FLOPs per byte from which on the peak is the limit, not the bandwidth."""
        return Fraction(self.peak(dtype), self.bandwidth)

    @property
    def default_dtype(self) -> str:
        """The dtype that its figures are shown at: bfloat16, or else float16, float32, or what there is."""
        return next((dtype for dtype in USUAL if dtype in self.peaks), next(iter(self.peaks)))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that it has."""
        return ("bandwidth", *(("memory",) if self.memory is not None else ()), *self.peaks)
