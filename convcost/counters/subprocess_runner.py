"""Runs counters in a separate process, so that they may hang, crash, print or patch without side effects."""

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
    """The result of `work`, run in a forked process and returned as JSON: numbers, strings, lists.

    Raises WorkerEndedError if `work` raises, the process dies, or it does not finish in `seconds`.
    """
    worker = Worker(lambda send: send(json.dumps(_attempt(work, send.writer)).encode()))
    try:
        returned, raised = json.loads(worker.answer(seconds))
    except ValueError:
        raise WorkerEndedError("its result can't be read") from None
    finally:
        worker.stop()
    if raised:
        raise WorkerEndedError(raised)
    return returned


def _attempt(work: Callable[[], Any], pipe: int) -> tuple[Any, str]:
    """Run `work` silently and on one thread, as a forked process has no others."""
    _silence(pipe)
    use_one_thread()
    try:
        return work(), ""
    except Exception as error:
        return None, error_line(error)


def error_line(error: BaseException) -> str:
    """An exception in one line; errors of convcost unchanged."""
    text = error_text(error).strip()
    if isinstance(error, ConvcostError):
        return text.partition("\n")[0].rstrip(".")
    message = f": {text.splitlines()[0][:120].rstrip('.')}" if text else ""
    return f"it raised {type(error).__name__}{message}"


def _silence(pipe: int) -> None:
    """Redirect all standard streams to the null device, in Python and as file descriptors.

    Also redirects files that the parent has open for writing, except `pipe`.
    """
    faulthandler.disable()
    devnull = os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stderr = os.fdopen(devnull, "w", encoding="utf-8")
    for descriptor in (*range(3), *filter(_is_writable, _open_descriptors())):
        if descriptor not in (pipe, devnull):
            os.dup2(devnull, descriptor)


def _open_descriptors() -> list[int]:
    """The open file descriptors; empty if the system does not list them."""
    with suppress(OSError):
        return [int(number) for number in os.listdir("/dev/fd")]
    return []


def _is_writable(descriptor: int) -> bool:
    from fcntl import F_GETFL, fcntl  # not available on Windows, where processes are not forked

    with suppress(OSError):  # the descriptor of the listing itself is already closed
        return fcntl(descriptor, F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return False


def use_one_thread() -> None:
    """Restrict torch to one thread."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


class CounterOutcome(NamedTuple):
    """The outcome of a counter's run: a reading or an error, and side effects."""

    reading: CounterReading | None
    error: str
    side_effects: tuple[str, ...]


def read_outcome(record: list[Any]) -> CounterOutcome:
    """Parse an outcome returned by another process; ValueError if it is invalid."""
    import msgspec

    return msgspec.convert(record, CounterOutcome)
