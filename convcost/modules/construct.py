"""Building a module that someone else wrote, without memory where that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, TypeVar

Way = Literal["constants", "meta", "real"]
WAYS: tuple[Way, ...] = ("constants", "meta", "real")
"""Parameters without data, small constants with theirs; nothing with data; all with data."""

SMALL = 2**16
"""Constants of up to so many elements keep their data, as a constructor may compute with them."""

UNSET = ("empty", "empty_strided", "rand", "randn")
CONSTANT = ("zeros", "ones", "full", "eye", "arange", "linspace", "randint", "randperm")
FILLING = frozenset(
    (
        *("uniform_", "normal_", "constant_", "kaiming_uniform_", "kaiming_normal_", "trunc_normal_"),
        *("fill_", "zero_", "erfinv_", "clamp_", "random_", "exponential_", "bernoulli_"),
    )
)
"""What gives a tensor its first values; on one without data there is nothing to do."""

Built = TypeVar("Built")


def constructed(make: Callable[[], Built], way: Way) -> Built:
    """What `make` returns; torch's random state, default dtype and default device are as before."""
    import torch

    dtype = torch.get_default_dtype()
    try:
        with torch.random.fork_rng(devices=[]), _without_memory(way):
            return make()
    finally:
        torch.set_default_dtype(dtype)


@contextmanager
def _without_memory(way: Way) -> Iterator[None]:
    import torch

    if way == "real":
        yield
    elif way == "meta":
        with torch.device("meta"), _mode()(False):
            yield
    else:
        with _mode()(True):
            yield


@cache
def _mode() -> Any:
    import torch
    from torch.overrides import TorchFunctionMode

    unset = {getattr(torch, name) for name in UNSET}
    constant = {getattr(torch, name) for name in CONSTANT}

    class Building(TorchFunctionMode):
        """Leaves tensors without data alone; `is_sparing` makes them so where values don't matter."""

        def __init__(self, is_sparing: bool) -> None:
            super().__init__()
            self._is_sparing = is_sparing

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if getattr(func, "__name__", "") in FILLING:
                tensor = args[0] if args else kwargs.get("tensor")
                if getattr(tensor, "is_meta", False):
                    return tensor
            if self._is_sparing and (func in unset or func in constant) and kwargs.get("device") is None:
                without_data = func(*args, **{**kwargs, "device": "meta"})
                if func in unset or without_data.numel() > SMALL:
                    return without_data
            return func(*args, **kwargs)

    return Building
