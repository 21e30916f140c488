"""What a user's code prints is no result: it goes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from convcost.core.errors import ConvcostError

STDOUT, STDERR = 1, 2


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """What is printed inside goes to stderr, also where a child or a library in C does it.

    A process that was forked off inside, and comes back out of it, ends: the command has one result.
    """
    own = os.getpid()
    try:
        with _descriptors_aside(), redirect_stdout(sys.stderr):
            yield
    finally:
        if os.getpid() != own:
            os._exit(0)


@contextmanager
def _descriptors_aside() -> Iterator[None]:
    _flush()
    kept = _copy_of_stdout()
    identity = None if kept is None else _identity(kept)
    try:
        with suppress(OSError):
            os.dup2(STDERR, STDOUT)
        yield
    finally:
        _flush()
        if kept is not None:
            if _identity(kept) != identity:
                raise ConvcostError("the model replaced the command's open output, so there is no result")
            os.dup2(kept, STDOUT)
            os.close(kept)


def _copy_of_stdout() -> int | None:
    """None if it is closed."""
    with suppress(OSError):
        return os.dup(STDOUT)
    return None


def _identity(descriptor: int) -> tuple[int, ...]:
    """Which file is open there; nothing if none is."""
    with suppress(OSError):
        found = os.fstat(descriptor)
        return found.st_dev, found.st_ino
    return ()


def _flush() -> None:
    """What waits in Python's own buffer belongs to where it was printed."""
    if sys.__stdout__:
        sys.__stdout__.flush()
