"""What optimisers keep for each parameter."""

from __future__ import annotations

from convcost.core import arguments
from convcost.core.errors import UsageError, did_you_mean

FLOAT32 = 4
"""Bytes of a moment, and of a master copy, at least."""

MOMENTS = {
    "adamw": 2,
    "adam": 2,
    "amsgrad": 3,
    "nadam": 2,
    "radam": 2,
    "adamax": 2,
    "lion": 1,
    "rmsprop": 1,
    "adagrad": 1,
    "adadelta": 2,
    "momentum": 1,
    "sgd": 0,
    "none": 0,
}
"""Numbers that an optimiser remembers of each parameter, with torch's defaults; `momentum` is SGD with it,
`none` is no optimiser at all."""


def optimizer_named(text: str) -> str:
    """The optimiser that is called so, in any case; UsageError if none is."""
    name = arguments.text("optimizer", text, "adamw").lower()
    if name not in MOMENTS:
        message = f"no optimizer is called {text[:40]}{did_you_mean(name, MOMENTS)}"
        raise UsageError(message, hint=f"There are {', '.join(MOMENTS)}.")
    return name


def state_bytes(optimizer: str, itemsize: int) -> int:
    """What the optimiser remembers of a parameter of `itemsize` bytes."""
    return MOMENTS[optimizer] * max(itemsize, FLOAT32)


def master_bytes(optimizer: str, itemsize: int) -> int:
    """The float32 copy that a parameter of fewer bytes is trained by, as is usual; 0 where it needs none."""
    return FLOAT32 if itemsize < FLOAT32 and optimizer != "none" else 0
