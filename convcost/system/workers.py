"""Processes of their own for code that others wrote: it may hang, crash, or end the program.

A worker is a fork of this process, so that what is imported is not imported again. Its answers come through
a pipe, framed and signed, as the code that it runs may write to the pipe or close it. multiprocessing can't
stand in: a message cut short blocks its reader beyond any timeout, anybody can forge one, and the end of a
worker is not seen while a process that it started holds the pipe.
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
from functools import cache, partial
from os import _exit, fstat, getpid, write
from typing import Any, NoReturn

from convcost.system.signals import cleanup

LENGTH = struct.Struct("!Q")
"""The length of an answer, in front of it."""

SIGNATURE_SIZE = 16
"""Bytes of a signature; one follows the length, and one the answer."""

FORGED_ANSWER = "something wrote to convcost's pipe, so its answer is not trusted"

POLL_SECONDS = 0.05
"""Seconds between two looks at whether a worker still runs."""

DEFAULT_TIMEOUT = 600.0
"""The seconds that counting a model may take."""

PR_SET_PDEATHSIG = 1
"""Of Linux's prctl: the signal that a process gets when its parent ends."""


class EndedError(Exception):
    """The process gave no answer; the message says why, `timed_out` that it was still running."""

    def __init__(self, message: str, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


def can_fork() -> bool:
    """Whether this system can hand a running process's memory to another."""
    return hasattr(os, "fork") and sys.platform != "win32"


class Worker:
    """A fork of this process that runs `task`, which is called with what sends an answer.

    With `has_own_group` it is in a process group of its own, which ends as a whole, and which no key on
    the terminal reaches.
    """

    def __init__(self, task: Callable[[Sender], object], has_own_group: bool = True) -> None:
        self._reader, writer = os.pipe()
        self._has_own_group = has_own_group
        self._signer = Signer(os.urandom(SIGNATURE_SIZE))
        parent = os.getpid()
        self.process = _fork()
        if self.process == 0:
            os.close(self._reader)
            _run_task(task, Sender(writer, self._signer), parent, has_own_group)
        os.close(writer)
        self._status: int | None = None
        self._poll = select.poll()  # which takes file descriptors of any size
        self._poll.register(self._reader, select.POLLIN)
        if has_own_group:
            with suppress(OSError):  # the process may have ended, or done so itself
                os.setpgid(self.process, self.process)

    def answer(self, seconds: float | None = None) -> bytes:
        """The next answer; EndedError if the process ends before, or takes longer."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            with cleanup(partial(self.send, signal.SIGKILL)):
                length: int = LENGTH.unpack(self._signed_bytes(LENGTH.size, end))[0]
                return self._signed_bytes(length, end)
        except TimeoutError:
            raise EndedError(f"it did not finish within {seconds:g} seconds", timed_out=True) from None

    def _signed_bytes(self, length: int, end: float | None) -> bytes:
        """So many bytes; EndedError where the signature behind them is not this worker's."""
        data = self._bytes(length, end)
        if not self._signer.has_signed(data, self._bytes(SIGNATURE_SIZE, end)):
            raise EndedError(FORGED_ANSWER)
        return data

    def _bytes(self, length: int, end: float | None) -> bytes:
        parts = []
        while length:
            ended = self.has_ended
            if self._poll.poll(0 if ended else 1000 * POLL_SECONDS):
                part = os.read(self._reader, min(length, 2**20))
                if not part:
                    self._wait()
                    raise EndedError(self._end_text())
                parts.append(part)
                length -= len(part)
            elif ended:
                raise EndedError(self._end_text())
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

    def _end_text(self) -> str:
        if self._status is None:
            return "it closed the pipe to convcost"
        if os.WIFSIGNALED(self._status):
            number = os.WTERMSIG(self._status)
            return f"it was ended by {_signal_name(number)}" + " (out of memory?)" * (
                number == signal.SIGKILL
            )
        return f"its process ended with {os.waitstatus_to_exitcode(self._status)} and gave no answer"

    def send(self, number: int) -> None:
        """Send a signal to the process, and to those that it started where it is alone."""
        with suppress(ProcessLookupError, PermissionError):
            if self._has_own_group:
                os.killpg(self.process, number)
            elif not self.has_ended:
                os.kill(self.process, number)

    def stop(self) -> None:
        """End the process if it has not ended, and those that it started where it has its own group."""
        self.send(signal.SIGKILL)
        if self._status is None:
            self._status = os.waitpid(self.process, 0)[1]
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1


class Signer:
    """Signs data as only a holder of its key can."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._blake2b, self._compare_digest = _signing_functions()

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`."""
        signature: bytes = self._blake2b(data, key=self._key, digest_size=SIGNATURE_SIZE).digest()
        return signature

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether it is this one's signature of `data`."""
        return bool(self._compare_digest(signature, self.sign(data)))


@cache
def _signing_functions() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Those that the first worker found, before a model could replace them; most commands need no OpenSSL."""
    from hashlib import blake2b
    from hmac import compare_digest

    return blake2b, compare_digest


class Sender:
    """Sends answers from the process that made it, and from none that this one starts.

    It calls the system functions imported here, which a model can't have replaced.
    """

    def __init__(self, writer: int, signer: Signer) -> None:
        self.writer = writer
        self._signer = signer
        self._owner = getpid()
        self._pipe = _file_identity(writer)

    def __call__(self, answer: bytes) -> None:
        if getpid() != self._owner:
            _exit(0)
        if _file_identity(self.writer) != self._pipe:
            raise OSError("the pipe was closed, and its number may be another file's")
        for data in (LENGTH.pack(len(answer)), answer):
            left = data + self._signer.sign(data)
            while left:
                left = left[write(self.writer, left) :]


def _file_identity(descriptor: int) -> tuple[int, int]:
    found = fstat(descriptor)
    return found.st_dev, found.st_ino


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _fork() -> int:
    _flush()  # or both processes would write what waits in the buffers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _run_task(task: Callable[[Sender], object], send: Sender, parent: int, has_own_group: bool) -> NoReturn:
    """Run in the fork; a process that the task forks and lets return ends here too, without an answer."""
    code = 1
    try:
        if has_own_group:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # or to write to a terminal might stop it
        _exit_with_parent(parent)
        _prefer_for_oom_kill()
        task(send)
        code = 0
    except OSError:
        pass  # the pipe was closed: whoever reads it notices
    finally:
        _flush()
        _exit(code)


def _prefer_for_oom_kill() -> None:
    """Where memory runs out, the system is to end this process, and not its parent, which can report it."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


def _exit_with_parent(parent: int) -> None:
    """End when the parent is killed, on Linux."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
