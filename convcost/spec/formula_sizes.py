"""Sizes as formulas of `symbolic.formula`, without sympy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import cast

from convcost.core.cost import Size
from convcost.spec.evaluate import OpenSizes
from convcost.spec.syntax import Name
from convcost.symbolic.formula import divide, size_formula


class FormulaSizes(OpenSizes):
    """Values for some names, and formulas for the others. Quotients are exact."""

    def __init__(self, names: Iterable[str | Name], sizes: Mapping[str, Size] = MappingProxyType({})) -> None:
        texts = [each.name if isinstance(each, Name) else each for each in names]
        super().__init__({text: sizes.get(text, cast("Size", size_formula(text))) for text in texts})

    def divide_exactly(self, dividend: Size, divisor: Size, text: str) -> Size:
        """dividend / divisor, required to be an integer."""
        self.require_division(dividend, divisor)
        return cast("Size", divide(dividend, divisor))
