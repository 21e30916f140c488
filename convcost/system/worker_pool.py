"""Run tasks in several worker processes. A task that ends its process does not affect the others."""

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
from convcost.system.workers import Sender, Worker, WorkerEndedError

Task = TypeVar("Task")

TRUSTED_PACKAGES = ("builtins", "collections", "convcost", "decimal", "fractions", "sympy", "torch")
"""Packages whose classes may be unpickled from an answer."""


class WorkerPool(Generic[Task]):
    """Runs `tasks` in `jobs` worker processes.

    Args:
        tasks: The tasks.
        serve: Runs in each worker, with its remaining tasks and a Sender; it sends an answer for each task,
            in order.
        seconds: The time limit for a task's answer.
        jobs: The number of workers.
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
        """Each task with its unpickled answer, in order; a WorkerEndedError if its process gave none."""
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
    """Tasks that run in sequence in one process. If a task ends it, the rest runs in a new one."""

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
        """The worker, started if there is none."""
        if self._worker is None:
            self._worker, self._is_new = Worker(partial(self._serve, self._waiting[::-1])), True
        return self._worker

    def answer(self) -> Any:
        """The answer to the next task, which is retried once if an earlier one may have ended the process."""
        worker = self.start()
        try:
            found = unpickle_trusted(worker.answer(self._seconds(self._waiting[-1])))
        except WorkerEndedError as end:
            may_be_earlier = not (self._is_new or end.timed_out)
            self.stop()
            if may_be_earlier:
                return self.answer()
            found = end
        self._waiting.pop()
        self._is_new = False
        return found

    def kill(self) -> None:
        """Kill the process."""
        if self._worker:
            self._worker.send(signal.SIGKILL)

    def stop(self) -> None:
        """Kill the process, and wait until it has ended."""
        if self._worker:
            self._worker.stop()
            self._worker = None


class _TrustedUnpickler(pickle.Unpickler):
    """Unpickles only trusted classes, since a model may write to the worker's pipe."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if module.partition(".")[0] not in TRUSTED_PACKAGES or not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def unpickle_trusted(answer: bytes) -> Any:
    """Unpickle an answer; WorkerEndedError for data that the worker did not send."""
    try:
        return _TrustedUnpickler(io.BytesIO(answer)).load()
    except Exception:  # forged data may raise anything
        raise WorkerEndedError("it wrote to convcost's own pipe") from None


def close_stdin() -> None:
    """Replace stdin by /dev/null, so that a model that reads it does not wait."""
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)


def number_of_processors() -> int:
    """The number of processors that this process may use."""
    with suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
