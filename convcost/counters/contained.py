"""Running others' code in a process of its own: it may hang, crash, print or patch, and nothing stays."""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from convcost.counters.run import first_line
from convcost.signals import cleanup

LENGTH = struct.Struct("!Q")
"""How long the answer is, before the answer."""


class EndedError(Exception):
    """The process gave no answer; the message says why."""


def can_fork() -> bool:
    """Whether this system can hand a running process's memory to another."""
    return hasattr(os, "fork") and sys.platform != "win32"


def contained(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns, from a copy of this process that has only this to do.

    It comes back as JSON has it: numbers, texts, lists. Raises EndedError if `work` raises, or the process
    dies or is not done in time.
    """
    reader, writer = os.pipe()
    process = _forked()
    if process == 0:
        os.close(reader)
        _answer(work, writer)
    os.close(writer)
    try:
        with cleanup(partial(os.kill, process, signal.SIGKILL)):
            returned, raised = json.loads(_message(reader, seconds))
    except EOFError:
        raise EndedError(_death(os.waitpid(process, 0)[1])) from None
    except BaseException:
        _stop(process)
        raise
    finally:
        os.close(reader)
    _stop(process)
    if raised:
        raise EndedError(raised)
    return returned


def _forked() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _answer(work: Callable[[], Any], writer: int) -> None:
    """The life of the copy: silent, on one thread, since those of the process it is a copy of are gone."""
    code = 1
    try:
        _silence()
        _single_threaded()
        answer = json.dumps(_attempt(work)).encode()
        os.write(writer, LENGTH.pack(len(answer)))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
        code = 0
    finally:
        os._exit(code)


def _attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return work(), ""
    except Exception as error:
        return None, first_line(error)


def _silence() -> None:
    """Nothing to read, and nobody to write to: in Python, where streams may be replaced, and beneath."""
    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stderr = os.fdopen(nowhere, "w", encoding="utf-8")
    for stream in range(3):
        os.dup2(nowhere, stream)


def _single_threaded() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def _message(reader: int, seconds: float) -> bytes:
    end = time.monotonic() + seconds
    length = LENGTH.unpack(_bytes(reader, LENGTH.size, end, seconds))[0]
    return _bytes(reader, length, end, seconds)


def _bytes(reader: int, length: int, end: float, seconds: float) -> bytes:
    parts = []
    while length:
        if not select.select([reader], [], [], max(0, end - time.monotonic()))[0]:
            raise EndedError(f"it was not done after {seconds:g} seconds")
        part = os.read(reader, length)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _stop(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _death(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"it was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"its process ended with {os.waitstatus_to_exitcode(status)} and gave no answer"
