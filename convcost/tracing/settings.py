"""Settings that a forward may change: Python's and NumPy's; torch's are in torch_settings."""

from __future__ import annotations

import decimal
import gc
import logging
import os
import random
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MISSING = object()


class Setting(NamedTuple):
    """Something that can be read and set again."""

    get: Callable[[], Any]
    set: Callable[[Any], Any]


def attribute(owner: Any, name: str) -> Setting:
    """An attribute as a setting; one that is not there is taken away again."""

    def put(value: Any) -> None:
        if value is MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)

    return Setting(lambda: getattr(owner, name, MISSING), put)


def contents(items: list[Any]) -> Setting:
    """The items of a list as a setting."""
    return Setting(lambda: list(items), lambda value: items.__setitem__(slice(None), value))


def python_settings() -> Iterator[Setting]:
    """Python's own."""
    yield Setting(os.getcwd, os.chdir)
    yield Setting(sys.getrecursionlimit, sys.setrecursionlimit)
    yield Setting(sys.getswitchinterval, sys.setswitchinterval)
    yield Setting(gc.isenabled, lambda is_on: gc.enable() if is_on else gc.disable())
    yield Setting(gc.get_threshold, lambda value: gc.set_threshold(*value))
    yield Setting(_decimal_context, lambda value: decimal.setcontext(decimal.Context(*value)))
    yield Setting(lambda: list(warnings.filters), _set_warning_filters)
    yield Setting(socket.getdefaulttimeout, socket.setdefaulttimeout)
    yield Setting(lambda: logging.root.level, logging.root.setLevel)
    yield contents(logging.root.handlers)
    yield contents(sys.path)
    yield contents(sys.argv)
    yield attribute(warnings, "showwarning")
    for name in ("stdin", "stdout", "stderr", "excepthook"):
        yield attribute(sys, name)


def numpy_settings() -> Iterator[Setting]:
    """NumPy's, if it is loaded."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        yield Setting(numpy.geterr, lambda value: numpy.seterr(**value))
        yield Setting(numpy.get_printoptions, lambda value: numpy.set_printoptions(**value))


def random_states() -> Iterator[Setting]:
    """Those of torch on the CPU, of Python and, where it is loaded, of NumPy."""
    import torch

    yield Setting(torch.get_rng_state, torch.set_rng_state)
    yield Setting(random.getstate, random.setstate)
    numpy = sys.modules.get("numpy.random")
    if numpy:
        yield Setting(numpy.get_state, numpy.set_state)


def _decimal_context() -> Any:
    """The arguments that make an equal one."""
    _, arguments = decimal.getcontext().__reduce__()
    return arguments


def _set_warning_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]
