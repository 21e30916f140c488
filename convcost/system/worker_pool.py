"""Tasks done in worker processes, several at a time: one that ends its process does not end the others."""

from __future__ import annotations

import io
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

from convcost.system.signals import cleanup
from convcost.system.workers import EndedError, Sender, Worker

Task = TypeVar("Task")

TRUSTED_PACKAGES = ("builtins", "collections", "convcost", "decimal", "fractions", "sympy", "torch")
"""The packages whose classes an answer may be made of."""


class WorkerPool(Generic[Task]):
    """Does `tasks` in `jobs` worker processes.

    Each runs `serve`, which is called with the tasks that are left to it and with what sends an answer: it
    sends one for each task, in their order. Each answer may take so many `seconds`.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        serve: Callable[[Sequence[Task], Sender], object],
        seconds: Callable[[Task], float],
        jobs: int = 1,
    ) -> None:
        self._tasks = tasks
        self._queues = [_TaskQueue(tasks[first::jobs], serve, seconds) for first in range(jobs)]

    def answers(self) -> Iterator[tuple[Task, Any]]:
        """Each task with its answer, unpickled, in their order; an EndedError if its process gave none."""
        try:
            with cleanup(self._kill):
                for queue in self._queues[: len(self._tasks)]:
                    queue.start()
                for number, task in enumerate(self._tasks):
                    yield task, self._queues[number % len(self._queues)].answer()
        finally:
            for queue in self._queues:
                queue.stop()

    def _kill(self) -> None:
        for queue in self._queues:
            queue.kill()


class _TaskQueue(Generic[Task]):
    """Tasks that are done one after the other; after a task that ended its process, in a new one."""

    def __init__(
        self,
        tasks: Sequence[Task],
        serve: Callable[[Sequence[Task], Sender], object],
        seconds: Callable[[Task], float],
    ) -> None:
        self._waiting = [*reversed(tasks)]
        self._serve = serve
        self._seconds = seconds
        self._worker: Worker | None = None
        self._is_new = True

    def start(self) -> Worker:
        """Its process, which is started if there is none."""
        if self._worker is None:
            self._worker, self._is_new = Worker(partial(self._serve, self._waiting[::-1])), True
        return self._worker

    def answer(self) -> Any:
        """The answer to the next task; if an earlier one may have ended the process, from a new one."""
        worker = self.start()
        try:
            found = unpickle_trusted(worker.answer(self._seconds(self._waiting[-1])))
        except EndedError as end:
            may_be_earlier = not (self._is_new or end.timed_out)
            self.stop()
            if may_be_earlier:
                return self.answer()
            found = end
        self._waiting.pop()
        self._is_new = False
        return found

    def kill(self) -> None:
        """End its process at once."""
        if self._worker:
            self._worker.send(signal.SIGKILL)

    def stop(self) -> None:
        """End its process, and wait for that."""
        if self._worker:
            self._worker.stop()
            self._worker = None


class _TrustedUnpickler(pickle.Unpickler):
    """Unpickles what a worker sends, of trusted classes alone: a model may write to the same pipe."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if module.partition(".")[0] not in TRUSTED_PACKAGES or not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def unpickle_trusted(answer: bytes) -> Any:
    """What the worker sent; EndedError for data that it did not send."""
    try:
        return _TrustedUnpickler(io.BytesIO(answer)).load()
    except Exception:  # such data can raise anything
        raise EndedError("it wrote to convcost's own pipe") from None


def close_stdin() -> None:
    """Let a model that reads find nothing, where it would wait, or be stopped."""
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)


def number_of_processors() -> int:
    """The processors that this process may use."""
    with suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
