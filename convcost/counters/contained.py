"""Running others' code in a process of its own: it may hang, crash, print or patch, and nothing stays."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from convcost.counters.run import first_line
from convcost.workers import EndedError, Worker


def contained(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns, from a copy of this process that has only this to do.

    It comes back as JSON has it: numbers, texts, lists. Raises EndedError if `work` raises, or the process
    dies or is not done in time.
    """
    worker = Worker(lambda send: send(json.dumps(_attempt(work)).encode()))
    try:
        returned, raised = json.loads(worker.answer(seconds))
    except ValueError:
        raise EndedError("its answer can't be read") from None
    finally:
        worker.stop()
    if raised:
        raise EndedError(raised)
    return returned


def _attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    """The life of the copy: silent, on one thread, since those of the process it is a copy of are gone."""
    _silence()
    single_threaded()
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


def single_threaded() -> None:
    """Let torch use this thread alone."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
