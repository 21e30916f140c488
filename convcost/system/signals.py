"""How a signal ends the command: at once, with its own exit code, whatever an import would catch.

An exception can be swallowed, by a library that tries an import or by a finalizer; ending the process can't.
Only the command sets these handlers: a program that imports convcost keeps its own.
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
    """Call `undo` if a signal ends the process inside; it must not write to Python's own streams."""
    _cleanups.append(undo)
    try:
        yield
    finally:
        _cleanups.remove(undo)


def exit_on_signals() -> None:
    """End this process with 128 + the number of the signal, as a shell has it; keep those that are ignored.

    Once everything is done, what is left of the interpreter's own end is not disturbed.
    """
    owner = os.getpid()

    def leave(number: int, frame: object) -> None:
        _ignore(handled)
        while _cleanups and os.getpid() == owner:  # a forked copy has nothing of its own to undo
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
