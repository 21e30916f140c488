"""The contents of a weights file: parameters and bytes by tensor, without any costs of running them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.tensor_bytes import TensorBytes

NOT_COUNTABLE = "FLOPs and activations can't be counted from weights alone."
COUNT_HINT = "To count a model, name a module, such as net.py:Net, hf:PATH or timm:NAME."


class StoredTensor(NamedTuple):
    """A tensor in a file: its dtype by the file's name, and its bytes in the file."""

    name: str
    dtype: str
    shape: Shape
    bytes: int

    @property
    def params(self) -> int:
        """The number of elements; for a quantized tensor, those that its blocks represent."""
        return arithmetic.elements(self.shape)


class DtypeTotal(NamedTuple):
    """The totals of all tensors of a dtype."""

    dtype: str
    tensors: int
    params: int
    bytes: int


class UnknownLayer(str):
    """The layer of a row whose arguments are not known."""

    __slots__ = ()

    def length_formulas(self, shape: Shape) -> tuple[Any, ...]:
        """Nothing."""
        return ()

    def loops(self, shape: Shape) -> tuple[Any, ...]:
        """Nothing."""
        return ()


_NONE: Any = property(lambda _: None)


@dataclass(frozen=True, repr=False)
class WeightsReport(Report):
    """The weights in a file, with a row per tensor. Costs are not known, and None."""

    tensors: tuple[StoredTensor, ...] = ()

    macs = valid_macs = flops = bias_adds = elementwise = activations = output_elements = _NONE
    training_flops = flops_per_output_element = arithmetic_intensity = _NONE

    @property
    def bytes(self) -> int:
        """Bytes of all tensors in the file."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def dtypes(self) -> tuple[DtypeTotal, ...]:
        """The totals by dtype, the one with the most bytes first."""
        totals: dict[str, DtypeTotal] = {}
        for tensor in self.tensors:
            before = totals.get(tensor.dtype, DtypeTotal(tensor.dtype, 0, 0, 0))
            totals[tensor.dtype] = DtypeTotal(
                tensor.dtype, before.tensors + 1, before.params + tensor.params, before.bytes + tensor.bytes
            )
        return tuple(sorted(totals.values(), key=lambda total: -total.bytes))


def weights_report(name: str, tensors: Iterable[StoredTensor], notes: tuple[str, ...] = ()) -> WeightsReport:
    """The report of these tensors."""
    stored = tuple(tensors)
    return WeightsReport(name, name, tuple(map(_row, stored)), notes=notes, tensors=stored)


def _row(tensor: StoredTensor) -> Row:
    return Row(
        tensor.name,
        tensor.dtype,
        UnknownLayer(),
        (),
        (),
        {"": tensor.shape},
        Cost(),
        0,
        stored=TensorBytes(other_bytes=tensor.bytes),
    )


def require_costs(reports: Iterable[Report], what: str) -> None:
    """Raise UsageError if a report contains only weights, and `what` needs costs."""
    for report in reports:
        if isinstance(report, WeightsReport):
            raise UsageError(
                f"{what}: {report.spec[:200]} contains only weights, which can't be run", hint=COUNT_HINT
            )
