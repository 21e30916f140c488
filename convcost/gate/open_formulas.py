"""What a design costs with sizes left free, without sympy: a formula that is right wherever the design is.

sympy takes as long to import as everything else; it is asked only where this formula is not the one wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from convcost.core.constraints import Requirement
from convcost.core.cost import Convention, Size
from convcost.core.report import Report
from convcost.layers.network import NumericEvaluator
from convcost.spec import Spec
from convcost.spec.evaluate import OpenSizes
from convcost.symbolic.formula import divided, name


class Exact(OpenSizes):
    """Numbers for some names, the names themselves for the others; a quotient of them is exact."""

    def __init__(self, names: tuple[str, ...], sizes: Mapping[str, Size]) -> None:
        super().__init__({text: sizes.get(text, cast("Size", name(text))) for text in names})

    def exactly(self, dividend: Size, divisor: Size) -> Size:
        """dividend / divisor."""
        return cast("Size", divided(dividend, divisor))


class UncheckedConstraints(NumericEvaluator):
    """The bookkeeper that takes for granted what is required of free sizes."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if it is about numbers alone and does not hold."""
        if all(isinstance(size, int) for size in requirement.sizes):
            super().require(requirement, step)


def opened(spec: Spec, sizes: Mapping[str, Size], convention: Convention, dtype: str) -> Report:
    """The report of `spec` as formulas in the sizes that `sizes` does not have."""
    return spec.filled(Exact(spec.names, sizes)).report(convention, dtype, UncheckedConstraints())
