"""Operations for each element of what several families of layers compute: softmax, log-sigmoid, norms."""

from __future__ import annotations

SOFTMAX = 5
"""A maximum, a difference, an exponential, a sum, a quotient; of its logarithm a difference at the end."""

SOFTMAX_GRADIENT = 4
"""y·(dy − Σ dy·y): two products, a sum, a difference."""

LOG_SIGMOID = 5
"""log(1 / (1 + exp(−x)))."""

NORM = 2
"""A power and a sum for each element."""

DISTANCE = 2 + NORM
"""‖x1 − x2 + eps‖: for each element a difference, a sum, and the norm."""


def norm_gradient(p: float) -> tuple[int, int]:
    """The operations of a p-norm's backward for each element, and for each norm.

    Source: `norm_backward` of torch (`FunctionsManual.cpp`), which has a formula for each range of p.
    """
    if p in (1, 2):
        return 2, 0
    if abs(p) == float("inf"):
        return 4, 1
    if p < 1:
        return 6, 1
    return (5, 2) if p < 2 else (4, 2)
