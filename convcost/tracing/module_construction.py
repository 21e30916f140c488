"""Building a module that someone else wrote, without memory where that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from convcost.tracing.constants import SMALL, is_small
from convcost.tracing.process_state import preserved_process_state
from convcost.tracing.virtual_backends import virtual_cuda
from convcost.tracing.virtual_devices import VirtualDevices

if TYPE_CHECKING:
    import torch

Way = Literal["constants", "meta", "real"]
WAYS: tuple[Way, ...] = ("constants", "meta", "real")
"""Parameters without data, small constants with theirs; nothing with data; all with data."""

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
    """What `make` returns; the settings of the process and its random states are as before."""
    with preserved_process_state(), virtual_cuda(), _without_memory(way):
        return make()


@contextmanager
def _without_memory(way: Way) -> Iterator[None]:
    import torch

    if way == "real":
        with _mode()(False):
            yield
    elif way == "meta":
        with torch.device("meta"), _mode()(False):
            yield
    else:
        with _mode()(True):
            yield


def _is_long(func: Any, made: torch.Tensor) -> bool:
    """Whether it is of so many positions that a table of numbers for each of them is no small constant."""
    import torch

    return func is torch.arange and made.numel() > SMALL


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
            self._devices = VirtualDevices(torch.device("cpu"), has_data=True)

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            rule = self._devices.rule(func)
            if rule is not None:
                return rule(func, args, kwargs or {})
            if kwargs and kwargs.get("device") is not None:
                return self._devices.on_device(func, lambda rest: self._made(func, args, rest), kwargs)
            return self._made(func, args, kwargs or {})

        def _made(self, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
            if getattr(func, "__name__", "") in FILLING:
                tensor = args[0] if args else kwargs.get("tensor")
                if getattr(tensor, "is_meta", False):
                    return tensor
            if self._is_sparing and (func in unset or func in constant) and kwargs.get("device") is None:
                without_data = func(*args, **{**kwargs, "device": "meta"})
                if func in unset or not is_small(without_data) or _is_long(func, without_data):
                    return without_data
            return func(*args, **kwargs)

    return Building
