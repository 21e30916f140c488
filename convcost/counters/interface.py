"""What a counter is: it runs a torch module and says what it counted, operator by operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch

Unit = Literal["MACs", "FLOPs"]

CONTRACTING = frozenset(
    (
        *("aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::convolution", "aten::_convolution"),
        *("aten::conv_transpose1d", "aten::conv_transpose2d", "aten::conv_transpose3d"),
        *("aten::_convolution_mode", "aten::linear", "aten::matmul", "aten::mm", "aten::addmm"),
        *("aten::bmm", "aten::baddbmm", "aten::mv", "aten::addmv", "aten::dot", "aten::vdot"),
        *("aten::bilinear", "aten::_trilinear", "aten::einsum"),
    )
)
"""The operators that multiply and accumulate: a counter without a formula for one is blind to it."""


class Reading(NamedTuple):
    """What a counter counted, in its own unit.

    `operators` has the contractions by operator and `others` everything else it counts, such as
    elementwise work; `missed` has the contracting operators it met and has no formula for, with calls.
    """

    operators: Mapping[str, int]
    others: Mapping[str, int]
    missed: Mapping[str, int]
    note: str = ""

    @property
    def raw(self) -> int:
        """The counter's own total."""
        return self.contractions + sum(self.others.values())

    @property
    def contractions(self) -> int:
        """The part of it that multiplies and accumulates."""
        return sum(self.operators.values())


class Counter(Protocol):
    """One FLOP counter. Nothing heavy is imported before `read`."""

    name: str
    title: str
    package: str
    unit: Unit
    runs_on_meta: bool
    counts: str
    blind_spots: str

    def read(self, module: torch.nn.Module, example: torch.Tensor) -> Reading:
        """Run `module` on `example` and return what was counted."""
