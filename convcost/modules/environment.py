"""What a forward may change for the whole process: random states, and torch's settings; and what it needs."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put back the random states of torch, Python and, where it is loaded, NumPy; and torch's settings."""
    import torch

    restoring: list[Callable[[], None]] = [
        partial(torch.set_rng_state, torch.get_rng_state()),
        partial(random.setstate, random.getstate()),
        partial(torch.set_default_dtype, torch.get_default_dtype()),
        partial(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        partial(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision()),
        partial(_detect_anomaly, torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
    ]
    numpy = sys.modules.get("numpy.random")
    if numpy:
        restoring.append(partial(numpy.set_state, numpy.get_state()))
    try:
        yield
    finally:
        for restore in restoring:
            restore()


def _detect_anomaly(is_on: bool, checks_nan: bool) -> None:
    import torch

    torch.autograd.set_detect_anomaly(is_on, checks_nan)


@contextmanager
def deep() -> Iterator[None]:
    """What torch itself would just run does so with recording on top of it, which calls more functions."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(2 * limit)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="global module forward hook with ``always_call")
            yield
    finally:
        sys.setrecursionlimit(limit)
