"""Signs that vary, as they are where some sizes are much larger than the others."""

from __future__ import annotations

from typing import Any

from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import names_in, transform

SMALL = 3
LARGE = (10**6, 10**9)
"""Where sizes are as large as these, the leading terms decide a sign, if the value grows with them."""


def asymptotic_sign(inner: Formula, large: frozenset[str]) -> int:
    """The sign where the sizes in `large` are so and others small; 0 where it isn't they that decide."""
    try:
        near, far = (_at(inner, large, size) for size in LARGE)
    except ZeroDivisionError:
        return 0
    is_decided = near * far > 0 and abs(far) > 2 * abs(near)
    return (1 if far > 0 else -1) if is_decided else 0


def _at(formula: Formula, large: frozenset[str], size: int) -> Any:
    """`formula` with `size` for the large sizes; a sum that is kept together is one of them, or not."""
    return transform(
        formula,
        size=lambda name: size if name in large else SMALL,
        together=lambda atom: size if names_in(atom.inner) & large else SMALL,
    )
