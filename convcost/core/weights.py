"""What a file of weights holds: parameters and bytes by tensor. It says nothing of what they cost to run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.row import Row

NOT_COUNTABLE = "FLOPs and activations can't be counted from weights alone."
COUNT_HINT = "A model is counted by a module, such as net.py:Net, hf:PATH or timm:NAME."


class StoredTensor(NamedTuple):
    """A tensor in a file: its dtype as the file calls it, and the bytes that it takes there."""

    name: str
    dtype: str
    shape: Shape
    bytes: int

    @property
    def params(self) -> int:
        """Its elements; a block of a quantized tensor has as many as it stands for."""
        return arithmetic.elements(self.shape)


class DtypeTotal(NamedTuple):
    """All tensors of a dtype together."""

    dtype: str
    tensors: int
    params: int
    bytes: int


class UnknownLayer(str):
    """The arguments of what has none."""

    __slots__ = ()

    def length_formulas(self, shape: Shape) -> tuple[Any, ...]:
        """None are known."""
        return ()

    def loops(self, shape: Shape) -> tuple[Any, ...]:
        """None are known."""
        return ()


_NONE: Any = property(lambda _: None)


@dataclass(frozen=True, repr=False)
class WeightsReport(Report):
    """The weights in a file: a row for each tensor. What they cost to run is not known, and None."""

    tensors: tuple[StoredTensor, ...] = ()

    macs = valid_macs = flops = bias_adds = elementwise = activations = output_elements = _NONE
    training_flops = flops_per_output_element = arithmetic_intensity = _NONE

    @property
    def bytes(self) -> int:
        """What all tensors take in the file, as they are stored."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def dtypes(self) -> tuple[DtypeTotal, ...]:
        """The totals by dtype, that of the most bytes first."""
        found: dict[str, DtypeTotal] = {}
        for tensor in self.tensors:
            before = found.get(tensor.dtype, DtypeTotal(tensor.dtype, 0, 0, 0))
            found[tensor.dtype] = DtypeTotal(
                tensor.dtype, before.tensors + 1, before.params + tensor.params, before.bytes + tensor.bytes
            )
        return tuple(sorted(found.values(), key=lambda total: -total.bytes))


def weights_report(name: str, tensors: Iterable[StoredTensor], notes: tuple[str, ...] = ()) -> WeightsReport:
    """The report of these tensors."""
    found = tuple(tensors)
    return WeightsReport(name, name, tuple(map(_row, found)), notes=notes, tensors=found)


def _row(tensor: StoredTensor) -> Row:
    return Row(
        tensor.name, tensor.dtype, UnknownLayer(), (), (), {"": tensor.shape}, Cost(), 0, stored=tensor.bytes
    )


def require_costs(reports: Iterable[Report], what: str) -> None:
    """UsageError for `what` is asked of weights alone."""
    for report in reports:
        if isinstance(report, WeightsReport):
            raise UsageError(
                f"{what}: {report.spec[:200]} contains only weights, which can't be run", hint=COUNT_HINT
            )
