"""Processes of their own for code that others wrote: it may hang, crash, or end the program.

A worker is a copy of this process, so that what is imported is not imported again. What it answers goes
through a pipe; that it ended without an answer is noticed also where the pipe is held open by its children.
The code may write to the pipe too, or close it: an answer is sealed with a secret that the code is not told.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from hmac import compare_digest
from os import _exit, fstat, getpid, write
from typing import NoReturn

from convcost.system.signals import cleanup

LENGTH = struct.Struct("!Q")
"""How long an answer is, before the answer."""

SEAL = 16
"""The bytes of a seal, of which one is behind the length and one behind the answer."""

INTRUDED = "something wrote to convcost's pipe, so its answer is not trusted"

PULSE = 0.05
"""The seconds between two looks at whether a worker lives."""

DEFAULT_TIMEOUT = 600.0
"""The seconds that counting a model may take."""

KILL_WITH_PARENT = 1
"""Linux's PR_SET_PDEATHSIG."""


class EndedError(Exception):
    """The process gave no answer; the message says why, `is_late` that it may still have been at it."""

    def __init__(self, message: str, is_late: bool = False) -> None:
        super().__init__(message)
        self.is_late = is_late


def can_fork() -> bool:
    """Whether this system can hand a running process's memory to another."""
    return hasattr(os, "fork") and sys.platform != "win32"


class Worker:
    """A copy of this process that runs `life`, which is called with what sends an answer.

    With `is_alone` it is in a process group of its own, which ends as a whole, and which no key on the
    terminal reaches.
    """

    def __init__(self, life: Callable[[Sender], object], is_alone: bool = True) -> None:
        self._reader, writer = os.pipe()
        self._is_alone = is_alone
        self._secret = os.urandom(SEAL)
        parent = os.getpid()
        self.process = _forked()
        if self.process == 0:
            os.close(self._reader)
            _live(life, Sender(writer, self._secret), parent, is_alone)
        os.close(writer)
        self._status: int | None = None
        self._poll = select.poll()  # which takes file descriptors of any size
        self._poll.register(self._reader, select.POLLIN)
        if is_alone:
            with suppress(OSError):  # the process may have ended, or done so itself
                os.setpgid(self.process, self.process)

    def answer(self, seconds: float | None = None) -> bytes:
        """The next answer; EndedError if the process ends before, or takes longer."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            with cleanup(partial(self.send, signal.SIGKILL)):
                length: int = LENGTH.unpack(self._sealed(LENGTH.size, end))[0]
                return self._sealed(length, end)
        except TimeoutError:
            raise EndedError(f"it was not done after {seconds:g} seconds", is_late=True) from None

    def _sealed(self, length: int, end: float | None) -> bytes:
        """So many bytes; EndedError where the seal behind them is another's."""
        data = self._bytes(length, end)
        if not compare_digest(self._bytes(SEAL, end), seal(data, self._secret)):
            raise EndedError(INTRUDED)
        return data

    def _bytes(self, length: int, end: float | None) -> bytes:
        parts = []
        while length:
            ended = self.has_ended
            if self._poll.poll(0 if ended else 1000 * PULSE):
                part = os.read(self._reader, min(length, 2**20))
                if not part:
                    self._wait()
                    raise EndedError(self._death())
                parts.append(part)
                length -= len(part)
            elif ended:
                raise EndedError(self._death())
            elif end is not None and time.monotonic() > end:
                raise TimeoutError
        return b"".join(parts)

    @property
    def has_ended(self) -> bool:
        """Whether the process is over."""
        if self._status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            self._status = status if process else None
        return self._status is not None

    @property
    def exit_code(self) -> int | None:
        """The code that the process ended with, −n if signal n ended it; None where it has not."""
        if not self.has_ended or self._status is None:
            return None
        return os.waitstatus_to_exitcode(self._status)

    def _wait(self) -> None:
        """Until a process that has closed its pipe ends, which it may not."""
        end = time.monotonic() + 1
        while not self.has_ended and time.monotonic() < end:
            time.sleep(0.005)

    def _death(self) -> str:
        if self._status is None:
            return "it closed the pipe to convcost"
        if os.WIFSIGNALED(self._status):
            number = os.WTERMSIG(self._status)
            return f"it was ended by {_name(number)}" + " (out of memory?)" * (number == signal.SIGKILL)
        return f"its process ended with {os.waitstatus_to_exitcode(self._status)} and gave no answer"

    def send(self, number: int) -> None:
        """Send a signal to the process, and to those that it started where it is alone."""
        with suppress(ProcessLookupError, PermissionError):
            if self._is_alone:
                os.killpg(self.process, number)
            elif not self.has_ended:
                os.kill(self.process, number)

    def stop(self) -> None:
        """End the process if it has not ended, and those that it started where it is alone."""
        self.send(signal.SIGKILL)
        if self._status is None:
            self._status = os.waitpid(self.process, 0)[1]
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1


def seal(data: bytes, secret: bytes) -> bytes:
    """What only who knows the secret can put behind `data`."""
    return blake2b(data, key=secret, digest_size=SEAL).digest()


class Sender:
    """Sends answers from the process that made it, and from none that this one starts.

    It calls the system as it was before a model could put another function in the place.
    """

    def __init__(self, writer: int, secret: bytes) -> None:
        self.writer = writer
        self._secret = secret
        self._owner = getpid()
        self._pipe = _identity(writer)

    def __call__(self, answer: bytes) -> None:
        if getpid() != self._owner:
            _exit(0)
        if _identity(self.writer) != self._pipe:
            raise OSError("the pipe was closed, and its number may be another file's")
        for data in (LENGTH.pack(len(answer)), answer):
            left = data + seal(data, self._secret)
            while left:
                left = left[write(self.writer, left) :]


def _identity(descriptor: int) -> tuple[int, int]:
    found = fstat(descriptor)
    return found.st_dev, found.st_ino


def _name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _forked() -> int:
    _flush()  # or both processes would write what waits in the buffers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _live(life: Callable[[Sender], object], send: Sender, parent: int, is_alone: bool) -> NoReturn:
    """The life of the copy: what a model forks off and lets return ends here too, without an answer."""
    code = 1
    try:
        if is_alone:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # or to write to a terminal might stop it
        _end_with_parent(parent)
        _end_before_parent()
        life(send)
        code = 0
    except OSError:
        pass  # the pipe was closed: whoever reads it notices
    finally:
        _flush()
        _exit(code)


def _end_before_parent() -> None:
    """So that it is this process that is ended where memory runs out, and not the one that can tell of it."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


def _end_with_parent(parent: int) -> None:
    """So that nothing runs on when this program is killed; where there is no such thing, it does."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(KILL_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
