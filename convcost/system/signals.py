"""Signals end the command immediately, with their own exit code.

An exception could be caught, by a library that tries an import or by a finalizer; exiting can't. Only the
command sets these handlers: a program that imports convcost keeps its own.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))

_cleanups: list[Callable[[], Any]] = []


@contextmanager
def cleanup(undo: Callable[[], Any]) -> Iterator[None]:
    """Call `undo` if a signal ends the process in the block. `undo` must not write to Python's streams."""
    _cleanups.append(undo)
    try:
        yield
    finally:
        _cleanups.remove(undo)


def exit_on_signals() -> None:
    """On a signal, exit with 128 + its number, as shells do. Ignored signals stay ignored.

    During the interpreter's shutdown, signals are ignored.
    """
    owner = os.getpid()

    def leave(number: int, frame: object) -> None:
        _ignore(handled)
        while _cleanups and os.getpid() == owner:  # not in a fork: the cleanups are the parent's
            with suppress(Exception):
                _cleanups.pop()()
        os._exit(128 + number)

    handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    atexit.register(_ignore, handled)
    for number in handled:
        signal.signal(number, leave)


def _ignore(numbers: list[Any]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
