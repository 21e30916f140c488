"""What operators that torch makes of each other have in common."""

from __future__ import annotations

FAMILIES = (
    ("attention", ("attention", "transformer")),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("convolution", ("conv",)),
    ("bilinear", ("bilinear", "trilinear")),
    ("fourier", ("fft",)),
)


def family(operator: str) -> str:
    """The family of an operator; empty for matrix products."""
    for name, words in FAMILIES:
        if any(word in operator for word in words):
            return name
    return ""
