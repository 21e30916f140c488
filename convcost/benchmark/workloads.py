"""The work that a machine's figures are measured by: products of matrices, copies, calls of tiny layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convcost.benchmark.settings import On
from convcost.core.cost import FLOPS_PER_MAC
from convcost.devices.device import Call
from convcost.tracing.tensors import torch_dtype


class Product(NamedTuple):
    """Two square matrices of so many rows, multiplied."""

    dtype: str
    rows: int

    @property
    def amount(self) -> int:
        """FLOPs: 2·rows³."""
        return FLOPS_PER_MAC * self.rows**3

    def __str__(self) -> str:
        return f"product of two matrices of {self.rows} x {self.rows}"


class Copy(NamedTuple):
    """So many bytes, copied."""

    bytes: int

    @property
    def amount(self) -> int:
        """Bytes: those read and those written."""
        return 2 * self.bytes

    def __str__(self) -> str:
        return f"copy of {self.bytes / 2**20:.4g} MiB, read and written"


class Tiny(NamedTuple):
    """A layer of one channel, or of two in two groups, on a number of each."""

    of: Call = "layer"


Work = Product | Copy | Tiny


def call(work: Work, on: On) -> Callable[[], object]:
    """What does it once; raises what torch does where it can't."""
    import torch

    if isinstance(work, Copy):
        source, target = (torch.zeros(work.bytes, dtype=torch.uint8, device=on) for _ in range(2))
        return lambda: target.copy_(source)
    if isinstance(work, Product):
        wanted = torch_dtype(work.dtype)
        one, other = (torch.randn(work.rows, work.rows, device=on).to(wanted) for _ in range(2))
        return lambda: one @ other
    return _tiny(work.of, on)


def _tiny(of: Call, on: On) -> Callable[[], object]:
    import torch

    if of == "layer":
        linear, number = torch.nn.Linear(1, 1, device=on), torch.zeros(1, device=on)
        return lambda: linear(number)
    channels = 1 if of == "convolution" else 2
    layer = torch.nn.Conv1d(channels, channels, 3, padding=1, groups=channels, device=on)
    numbers = torch.zeros(1, channels, 1, device=on)
    return lambda: layer(numbers)
