"""A DuckDB database in memory, and jobs on several threads that an interrupt stops at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar

import duckdb

from convcost.system.signals import cleanup
from convcost.system.worker_pool import number_of_processors

T = TypeVar("T")

Connection: TypeAlias = "duckdb.DuckDBPyConnection"

MEMORY_LIMIT = "1GB"
"""The memory limit of the database; the rest goes to a temporary folder."""

MOST_THREADS = 16


@contextmanager
def database() -> Iterator[Connection]:
    """A database that is deleted at the end.

    Filters are not pushed down: this would compute columns again.
    """
    with temporary_folder() as folder:
        limits = {"memory_limit": MEMORY_LIMIT, "temp_directory": folder}
        connection = duckdb.connect(config={**limits, "threads": number_of_threads()})
        try:
            connection.execute("SET GLOBAL disabled_optimizers = 'filter_pushdown'")
            yield connection
        finally:
            connection.close()


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder that is removed at the end, also by a signal that ends the process."""
    temporary = TemporaryDirectory(prefix="convcost-", ignore_cleanup_errors=True)
    with temporary as folder, cleanup(partial(rmtree, folder, ignore_errors=True)):
        yield folder


def number_of_threads() -> int:
    """The number of processors of this process, up to a limit."""
    return min(number_of_processors(), MOST_THREADS)


def run_jobs(connection: Connection, jobs: Iterable[Callable[[Connection], T]]) -> Iterator[T]:
    """Run jobs, each with its own connection, and yield their results in order.

    An error or an interrupt stops running queries.
    """
    number = number_of_threads()
    cursors: deque[Connection] = deque(connection.cursor() for _ in range(number))
    every = tuple(cursors)
    running: deque[Future[T]] = deque()

    def run(job: Callable[[Connection], T]) -> T:
        cursor = cursors.popleft()
        try:
            return job(cursor)
        finally:
            cursors.append(cursor)

    with ThreadPoolExecutor(number) as threads:
        try:
            for job in jobs:
                running.append(threads.submit(run, job))
                if len(running) > number:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for waiting in running:
                waiting.cancel()
            while running and not all(each.done() for each in running):
                for cursor in every:
                    cursor.interrupt()
                for each in running:
                    _wait(each)


def _wait(work: Future[Any]) -> None:
    """Wait a moment for the work to end, ignoring its result."""
    with suppress(BaseException):
        work.exception(timeout=0.05)


def query_table(connection: Connection, sql: str, parameters: dict[str, Any]) -> Any:
    """The result of a query with these parameters, as an Arrow table."""
    return connection.sql(sql, params=parameters).to_arrow_table()
