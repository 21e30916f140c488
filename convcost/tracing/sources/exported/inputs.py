"""The inputs of an exported graph: fixed sizes, and open sizes with their ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from convcost.tracing.declared_inputs import DeclaredTensor, Size, SizeExpression
from convcost.tracing.sources.exported.arguments import dtype_by_number
from convcost.tracing.sources.exported.schema import SymbolRange, SymValue, TensorMeta

SYMBOL = r"(?:Symbol\('(?P<name>[A-Za-z_]\w*)'[^()]*\)|(?P<plain>[A-Za-z_]\w*))"

SIZE = re.compile(
    rf"(?:Mul\(Integer\((?P<factor>\d{{1,9}})\), |(?P<times>\d{{1,9}})\*)?{SYMBOL}\)?", re.ASCII
)
"""A symbol, or a number times a symbol, as torch writes it in archives."""

SPECIALIZED = 2
"""torch.export gives every open size a lower bound of 2, since it specializes on 0 and 1.

So a lower bound of 2 is not reported as a limit.
"""


class SizeRange(NamedTuple):
    """The range of an open size, both ends included; None means no limit."""

    least: int | None
    most: int | None


class ExportedInput(NamedTuple):
    """An input.

    Attributes:
        name: Its argument of forward.
        value: Its name in the graph.
        declared: Its dtype and sizes.
        ranges: The ranges of open sizes by name.
    """

    name: str
    value: str
    declared: DeclaredTensor
    ranges: Mapping[str, SizeRange]

    def check(self, given: Any) -> Any:
        """`given`, if its sizes fit the exported graph; ValueError otherwise."""
        shape = tuple(given.shape)
        if len(shape) != len(self.declared.shape):
            raise ValueError(f"{self.name} has {len(shape)} dimensions; it was exported as {self.declared}")
        for size, wanted in zip(shape, self.declared.shape, strict=True):
            if isinstance(size, int) and not self._fits(size, wanted):
                raise ValueError(f"{self.name} has shape {shape}; it was exported as {self._description}")
        return given

    def _fits(self, size: int, wanted: Size) -> bool:
        if isinstance(wanted, int):
            return size == wanted
        factor, name = _factor_and_name(wanted)
        least, most = self.ranges.get(name, SizeRange(None, None))
        number = size // factor
        return size % factor == 0 and (least or 0) <= number and (most is None or number <= most)

    @property
    def _description(self) -> str:
        limits = ", ".join(filter(None, (range_text(name, self.ranges) for name in self.declared.names)))
        return f"{self.declared}{f', {limits}' if limits else ''}".replace("≤", "<=")  # errors are ASCII


def _factor_and_name(size: str | SizeExpression) -> tuple[int, str]:
    """2 and h for 2*h, 1 and h for h."""
    if isinstance(size, str):
        return 1, size
    factor, _, name = size.text.partition("*")
    return int(factor), name


def range_text(name: str, ranges: Mapping[str, SizeRange]) -> str:
    """The range as text, such as 2 ≤ B ≤ 64; empty for a size without limits."""
    least, most = ranges.get(name, SizeRange(None, None))
    lower = f"{least} ≤ " if least is not None else ""
    upper = f" ≤ {most}" if most is not None else ""
    return f"{lower}{name}{upper}" if lower or upper else ""


def size_ranges(found: Mapping[str, SymbolRange]) -> dict[str, SizeRange]:
    """The ranges of the open sizes, without the lower bound that torch.export gives to all of them."""
    return {
        name: SizeRange(None if (limits.min_val or 0) <= SPECIALIZED else limits.min_val, limits.max_val)
        for name, limits in found.items()
    }


def declared_tensor(meta: TensorMeta) -> DeclaredTensor:
    """The declaration of an input.

    A size that is neither a number nor a multiple of one symbol gets its value in the exported example.
    """
    dtype = str(dtype_by_number(meta.dtype)).removeprefix("torch.")
    return DeclaredTensor(dtype, tuple(map(_size, meta.sizes)))


def _size(size: SymValue) -> Size:
    if size.as_expr is None:
        return max(size.as_int or 0, 0)
    found = SIZE.fullmatch(size.as_expr.expr_str)
    if found:
        factor, name = found["factor"] or found["times"], found["name"] or found["plain"]
        return SizeExpression(f"{factor}*{name}") if factor else name
    hint = size.as_expr.hint
    return max(hint.as_int or 1, 1) if hint else 1
