"""Threads that a model starts: what they run is recorded as well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

Modes = Callable[[], AbstractContextManager[None]]


class _Recording(threading.local):
    """What this thread records with, if it does."""

    modes: Modes | None = None


_recording = _Recording()


def is_recording() -> bool:
    """Whether this thread records what it runs."""
    return _recording.modes is not None


@contextmanager
def recorded_threads(modes: Modes) -> Iterator[None]:
    """In the block, threads that this one starts and tasks that it hands to pools run inside `modes()`."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def recorded_start(thread: threading.Thread) -> None:
        modes = _recording.modes
        # The threads of a pool outlive what they are started for: their tasks are recorded one by one.
        if modes is not None and getattr(thread, "_target", None) is not pools._worker:
            vars(thread)["run"] = partial(_run, modes, thread)
        start(thread)

    def recorded_submit(pool: ThreadPoolExecutor, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if _recording.modes is not None:
            function = partial(_recorded, _recording.modes, function)
        return submit(pool, function, *args, **kwargs)

    setattr(threading.Thread, "start", recorded_start)  # noqa: B010
    setattr(ThreadPoolExecutor, "submit", recorded_submit)  # noqa: B010
    before, _recording.modes = _recording.modes, modes
    try:
        yield
    finally:
        _recording.modes = before
        setattr(threading.Thread, "start", start)  # noqa: B010
        setattr(ThreadPoolExecutor, "submit", submit)  # noqa: B010


def _run(modes: Modes, thread: threading.Thread) -> None:
    del vars(thread)["run"]
    _recorded(modes, thread.run)


def _recorded(modes: Modes, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    before, _recording.modes = _recording.modes, modes
    try:
        with modes():
            return function(*args, **kwargs)
    finally:
        _recording.modes = before
