"""Starts Spark: a session that prints nothing and leaves nothing behind, or a one-line error."""

from __future__ import annotations

import atexit
import logging
import re
import shutil
import signal
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from subprocess import Popen
from typing import IO, Any

from convcost.core.errors import ConvcostError, UsageError
from convcost.system.signals import cleanup

LOCAL = "local[*]"

MASTER = re.compile(r"local(\[[0-9*, ]+\])?|spark://[^\s/]+|k8s://\S+|yarn")
"""The masters that Spark accepts; Spark itself takes seconds to reject others."""

ERROR = re.compile(r"(Exception|Error): |unresponsive")

NEEDS_JAVA = "It needs Java 17: apt-get install openjdk-17-jre-headless."

CONNECTION_SECONDS = 5.0
"""The time limit to reach a standalone master; Spark itself tries for more than a minute."""

KILL_SECONDS = 1.0
"""The time to wait for a killed process."""

WORKER_SECONDS = 60.0
"""The time to wait for the first worker of a standalone master; Spark itself waits forever."""

OPTIONS = {
    "spark.app.name": "convcost",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

LOCAL_OPTIONS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}
"""By default Spark would look up this machine's name, and shuffle in 200 parts."""

_OPTIMIZER = "org.apache.spark.sql.catalyst.optimizer"

SESSION_OPTIONS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"{_OPTIMIZER}.{rule}"
        for rule in ("CollapseProject", "PushDownPredicates", "PushPredicateThroughNonJoin")
    ),
}
"""An overflow is an error: without ANSI rules a number wraps, or becomes null. A column of a subquery stays
one: the optimizer would put its formula wherever it is used, and so on, exponentially."""


@contextmanager
def spark_session(master: str = "") -> Iterator[Any]:
    """A session of the Spark that runs in this process, or else of a new one that is stopped at the end.

    `master` is its URL; the default is this machine's cores. Raises UsageError if Spark or Java is not
    installed or does not start, or if a Spark with another master runs.
    """
    check_master(master or LOCAL)
    with _warnings_ignored():
        try:
            from pyspark import SparkContext
            from pyspark.sql import SparkSession
        except ImportError:
            hint = "pip install 'convcost[spark]'"
            raise UsageError("the engine spark is not installed", hint=hint) from None
    running = SparkContext._active_spark_context
    if running and master and running.master != master:
        message = f"Spark runs in this process already, with the master {running.master}"
        raise UsageError(message, hint="Stop it, or leave out the master.")
    with _errors_not_logged():
        with _warnings_ignored():
            context = running or _start_context(master or LOCAL)
            session = SparkSession(context).newSession()
        try:
            for name, value in SESSION_OPTIONS.items():
                session.conf.set(name, value)
            yield session
        finally:
            if not running:
                context.stop()


@contextmanager
def _warnings_ignored() -> Iterator[None]:
    """Ignore PySpark's warnings about pandas, which is not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _errors_not_logged() -> Iterator[None]:
    """Stop PySpark from logging errors of queries, which it also raises."""
    logger = logging.getLogger("SQLQueryContextLogger")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _start_context(master: str) -> Any:
    """The context of a Spark with that master."""
    from pyspark import SparkConf, SparkContext

    is_local = master.startswith("local")
    configuration = SparkConf().setMaster(master)
    configuration.setAll([*{**OPTIONS, **(LOCAL_OPTIONS if is_local else {})}.items()])
    with tempfile.TemporaryFile() as log, _own_interrupt_handler():
        try:
            context = SparkContext(conf=configuration, gateway=_gateway(configuration, log))
        except Exception:
            raise _not_started(log) from None
    if master.startswith("spark:"):
        _wait_for_worker(context, master)
    return context


def _gateway(configuration: Any, log: IO[bytes]) -> Any:
    """A Java process whose messages go to `log`; an existing one if a Spark ran before.

    It ends with this process, and its temporary folder is removed.
    """
    from pyspark import SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway:
        return SparkContext._gateway
    folder = tempfile.mkdtemp(prefix="convcost-")
    configuration.set("spark.driver.extraJavaOptions", f"-Djava.io.tmpdir={folder}")
    launch: Any = launch_gateway
    processes: list[Popen[bytes]] = []
    end = partial(_end, processes, folder)
    atexit.register(end)
    _signal_cleanup.enter_context(cleanup(end))
    gateway = launch(configuration, {"stdout": log, "stderr": log})
    processes.append(gateway.proc)
    return gateway


_signal_cleanup = ExitStack()
"""Clean-up before a signal ends this process."""


def _end(processes: list[Popen[bytes]], folder: str) -> None:
    logging.getLogger().addFilter(_is_not_of_ended_java)
    for process in processes:
        process.kill()
        process.wait(KILL_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


def _is_not_of_ended_java(record: logging.LogRecord) -> bool:
    """Whether it is not Py4J's message on a command that waited for an answer as Java was ended."""
    return record.msg != "Exception while sending command."


def check_master(master: str) -> None:
    """UsageError if Spark can't be started with that master."""
    if not MASTER.fullmatch(master):
        hint = "For example, local[*], local[4], spark://host:7077, k8s://https://host:6443 or yarn."
        raise UsageError(f"{master[:80]} is not a Spark master", hint=hint)
    addresses = master.removeprefix("spark://").split(",") if master.startswith("spark:") else []
    if addresses and not any(map(_is_reachable, addresses)):
        raise UsageError(f"{master[:80]} can't be reached", hint="Is the Spark master running there?")


def _is_reachable(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError, ValueError, OverflowError), _connection(host.strip("[]"), int(port)):
        return True
    return False


def _connection(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), CONNECTION_SECONDS)


@contextmanager
def _own_interrupt_handler() -> Iterator[None]:
    """Restore the handler of interrupts, which Spark replaces."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)


def _not_started(log: IO[bytes]) -> ConvcostError:
    """The error that Spark did not start, with the last line of its log, if possible one with an error."""
    log.seek(0)
    lines = [line.strip() for line in log.read().decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if ERROR.search(line)]
    reason = (errors or [line for line in lines if line] or ["Java ended without a message"])[-1][:300]
    return UsageError(f"Spark did not start: {reason}", hint=NEEDS_JAVA)


def _wait_for_worker(context: Any, master: str) -> None:
    """Wait for a worker of the master; the driver is listed as an executor too."""
    end = time.monotonic() + WORKER_SECONDS
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > end:
            context.stop()
            message = f"no worker of {master[:80]} accepted the work in {WORKER_SECONDS:g} seconds"
            raise UsageError(message, hint="Are its workers running, and free?")
        time.sleep(0.2)
