"""Running others' code in a process of its own: it may hang, crash, print or patch, and nothing stays."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from convcost.counters.run import first_line
from convcost.system.workers import EndedError, Worker


def run_in_subprocess(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns, from a copy of this process that has only this to do.

    It comes back as JSON has it: numbers, texts, lists. Raises EndedError if `work` raises, or the process
    dies or is not done in time.
    """
    worker = Worker(lambda send: send(json.dumps(_attempt(work, send.writer)).encode()))
    try:
        returned, raised = json.loads(worker.answer(seconds))
    except ValueError:
        raise EndedError("its answer can't be read") from None
    finally:
        worker.stop()
    if raised:
        raise EndedError(raised)
    return returned


def _attempt(work: Callable[[], Any], pipe: int) -> tuple[Any, str]:
    """The life of the copy: silent, on one thread, since those of the process it is a copy of are gone."""
    _silence(pipe)
    single_threaded()
    try:
        return work(), ""
    except Exception as error:
        return None, first_line(error)


def _silence(pipe: int) -> None:
    """Nothing to read, and nobody to write to: in Python, where streams may be replaced, and beneath.

    So are the files that the process it is a copy of has open for writing, all but the `pipe`.
    """
    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stderr = os.fdopen(nowhere, "w", encoding="utf-8")
    for stream in (*range(3), *(number for number in _open_files() if _is_written(number))):
        if stream not in (pipe, nowhere):
            os.dup2(nowhere, stream)


def _open_files() -> list[int]:
    """Their numbers, where the system lists them."""
    with suppress(OSError):
        return [int(number) for number in os.listdir("/dev/fd")]
    return []


def _is_written(number: int) -> bool:
    from fcntl import F_GETFL, fcntl  # not there on Windows, where nothing is forked

    with suppress(OSError):  # that of the list itself is closed by now
        return fcntl(number, F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return False


def single_threaded() -> None:
    """Let torch use this thread alone."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
