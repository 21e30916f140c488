"""Ctrl-C and other signals: they end a user's code at once, and nothing that cleans up after it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar
from weakref import finalize

NAMES = ("SIGINT", "SIGALRM", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGPROF", "SIGBREAK")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]

Result = TypeVar("Result")
Handler = Callable[[int, FrameType | None], Any]


def interruptible(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """What `function` returns; signals are handled at once while it runs."""
    return function(*args, **kwargs)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Handlers of signals wait for the end of the block, but for those inside `interruptible`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[tuple[Handler, int]] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def deferring(handler: Handler) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            if _is_interruptible(frame):
                handler(number, frame)
            else:
                pending.append((handler, number))

        return handle

    handlers = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        _set_handlers({number: deferring(handler) for number, handler in handlers.items()})
        yield
    finally:
        _set_handlers({number: handler for number, handler in before.items() if handler is not None})
        for handler, number in pending:
            handler(number, sys._getframe())


def _set_handlers(handlers: Mapping[int, Any]) -> None:
    """Set all of them, whatever a signal raises meanwhile, which is raised at the end."""
    raised: BaseException | None = None
    is_done = False
    while not is_done:
        try:
            for number, handler in handlers.items():
                if signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
            is_done = True
        except BaseException as error:  # whatever the handler raises
            raised = error
    if raised is not None:
        raise raised


def _is_interruptible(frame: FrameType | None) -> bool:
    """Whether a user's code runs; in a finalizer, Python would swallow what is raised."""
    while frame is not None:
        if frame.f_code is finalize.__call__.__code__:
            return False
        if frame.f_code is interruptible.__code__:
            return True
        frame = frame.f_back
    return False
