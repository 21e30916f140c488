"""Running others' code in a process of its own: it may hang, crash, print or patch, and nothing stays."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError
from convcost.counters.interface import CounterReading
from convcost.system.workers import Worker, WorkerEndedError
from convcost.tracing.user_error import error_text


def run_in_subprocess(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns, from a copy of this process that has only this to do.

    It comes back as JSON has it: numbers, texts, lists. Raises WorkerEndedError if `work` raises, or the
    process dies or is not done in time.
    """
    worker = Worker(lambda send: send(json.dumps(_attempt(work, send.writer)).encode()))
    try:
        returned, raised = json.loads(worker.answer(seconds))
    except ValueError:
        raise WorkerEndedError("its answer can't be read") from None
    finally:
        worker.stop()
    if raised:
        raise WorkerEndedError(raised)
    return returned


def _attempt(work: Callable[[], Any], pipe: int) -> tuple[Any, str]:
    """Run in the copy: silent, on one thread, since those of the process it is a copy of are gone."""
    _silence(pipe)
    use_one_thread()
    try:
        return work(), ""
    except Exception as error:
        return None, error_line(error)


def error_line(error: BaseException) -> str:
    """What was raised, in one line; what convcost itself says as it is."""
    text = error_text(error).strip()
    if isinstance(error, ConvcostError):
        return text.partition("\n")[0].rstrip(".")
    what = f": {text.splitlines()[0][:120].rstrip('.')}" if text else ""
    return f"it raised {type(error).__name__}{what}"


def _silence(pipe: int) -> None:
    """Redirect all standard streams to the null device, in Python and as file descriptors.

    The same for files that the parent has open for writing, except the `pipe`.
    """
    faulthandler.disable()
    devnull = os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stderr = os.fdopen(devnull, "w", encoding="utf-8")
    for descriptor in (*range(3), *filter(_is_writable, _open_descriptors())):
        if descriptor not in (pipe, devnull):
            os.dup2(devnull, descriptor)


def _open_descriptors() -> list[int]:
    """Their numbers, where the system lists them."""
    with suppress(OSError):
        return [int(number) for number in os.listdir("/dev/fd")]
    return []


def _is_writable(descriptor: int) -> bool:
    from fcntl import F_GETFL, fcntl  # not there on Windows, where nothing is forked

    with suppress(OSError):  # that of the list itself is closed by now
        return fcntl(descriptor, F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return False


def use_one_thread() -> None:
    """Let torch use this thread alone."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


class CounterOutcome(NamedTuple):
    """What came of running a counter: a reading or an error, and its side effects on the model."""

    reading: CounterReading | None
    error: str
    side_effects: tuple[str, ...]


def read_outcome(record: list[Any]) -> CounterOutcome:
    """The outcome that another process returned as JSON; ValueError for anything else."""
    import msgspec

    return msgspec.convert(record, CounterOutcome)
