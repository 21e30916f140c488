"""Worker processes for users' code, which may hang, crash, or end the program.

A worker is a fork of this process, so that nothing is imported again. Answers come through a pipe, with
length and signature, since the code in the worker may write to the pipe or close it. multiprocessing is not
enough: a truncated message blocks its reader beyond any timeout, messages can be forged, and the end of a
worker is not noticed while one of its child processes has the pipe open.
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
"""The length of an answer, which precedes it."""

SIGNATURE_SIZE = 16
"""Bytes of a signature. One follows the length, and one the answer."""

FORGED_ANSWER = "something wrote to convcost's pipe, so its answer is not trusted"

POLL_SECONDS = 0.05
"""Seconds between checks whether a worker is still running."""

DEFAULT_TIMEOUT = 600.0
"""The default time limit for counting a model, in seconds."""

PR_SET_PDEATHSIG = 1
"""The option of Linux's prctl for the signal that a process gets when its parent ends."""


class WorkerEndedError(Exception):
    """The worker gave no answer; the message says why. `timed_out` means that it was still running."""

    def __init__(self, message: str, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


def can_fork() -> bool:
    """Whether the system has fork."""
    return hasattr(os, "fork") and sys.platform != "win32"


class Worker:
    """A fork of this process that runs `task(sender)`.

    With `has_own_group` it has its own process group, which is ended as a whole and gets no signals from the
    terminal.
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
        self._poll = select.poll()  # unlike select, it takes any file descriptor
        self._poll.register(self._reader, select.POLLIN)
        if has_own_group:
            with suppress(OSError):  # the process may have ended, or set it itself
                os.setpgid(self.process, self.process)

    def answer(self, seconds: float | None = None) -> bytes:
        """The next answer; WorkerEndedError if the process ends or takes longer than `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            with cleanup(partial(self.send, signal.SIGKILL)):
                length: int = LENGTH.unpack(self._signed_bytes(LENGTH.size, end))[0]
                return self._signed_bytes(length, end)
        except TimeoutError:
            raise WorkerEndedError(f"it did not finish within {seconds:g} seconds", timed_out=True) from None

    def _signed_bytes(self, length: int, end: float | None) -> bytes:
        """Read `length` bytes and their signature; WorkerEndedError if the signature is wrong."""
        data = self._bytes(length, end)
        if not self._signer.has_signed(data, self._bytes(SIGNATURE_SIZE, end)):
            raise WorkerEndedError(FORGED_ANSWER)
        return data

    def _bytes(self, length: int, end: float | None) -> bytes:
        parts = []
        while length:
            ended = self.has_ended
            if self._poll.poll(0 if ended else 1000 * POLL_SECONDS):
                part = os.read(self._reader, min(length, 2**20))
                if not part:
                    self._wait()
                    raise WorkerEndedError(self._end_text())
                parts.append(part)
                length -= len(part)
            elif ended:
                raise WorkerEndedError(self._end_text())
            elif end is not None and time.monotonic() > end:
                raise TimeoutError
        return b"".join(parts)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        if self._status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            self._status = status if process else None
        return self._status is not None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process, −n if signal n ended it; None if it is running."""
        if not self.has_ended or self._status is None:
            return None
        return os.waitstatus_to_exitcode(self._status)

    def _wait(self) -> None:
        """Wait up to a second for the end of a process that has closed its pipe."""
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
        """Send a signal to the process, and with its own group to its child processes."""
        with suppress(ProcessLookupError, PermissionError):
            if self._has_own_group:
                os.killpg(self.process, number)
            elif not self.has_ended:
                os.kill(self.process, number)

    def stop(self) -> None:
        """Kill the process, and with its own group its child processes."""
        self.send(signal.SIGKILL)
        if self._status is None:
            self._status = os.waitpid(self.process, 0)[1]
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1


class Signer:
    """Signs data with a secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._blake2b, self._compare_digest = _signing_functions()

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`."""
        signature: bytes = self._blake2b(data, key=self._key, digest_size=SIGNATURE_SIZE).digest()
        return signature

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` is valid for `data`."""
        return bool(self._compare_digest(signature, self.sign(data)))


@cache
def _signing_functions() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The signing functions, cached before a model can replace them; imported late, as OpenSSL is slow."""
    from hashlib import blake2b
    from hmac import compare_digest

    return blake2b, compare_digest


class Sender:
    """Sends answers, but only from the process that made it, not from its forks.

    It calls system functions that were imported before a model could replace them.
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
    _flush()  # else both processes would write what is in the buffers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _run_task(task: Callable[[Sender], object], send: Sender, parent: int, has_own_group: bool) -> NoReturn:
    """Run the task in the fork, and exit. A fork that the task makes and that returns here exits too."""
    code = 1
    try:
        if has_own_group:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else writing to a terminal might stop it
        _exit_with_parent(parent)
        _prefer_for_oom_kill()
        task(send)
        code = 0
    except OSError:
        pass  # the pipe was closed, which its reader notices
    finally:
        _flush()
        _exit(code)


def _prefer_for_oom_kill() -> None:
    """Make the system kill this process, not its parent, when memory runs out: the parent can report it."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


def _exit_with_parent(parent: int) -> None:
    """On Linux, end when the parent is killed."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
