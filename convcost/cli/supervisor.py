"""Runs a command that runs a user's model in a child process, and reports if the model ended it.

The process is forked before anything heavy is imported, so that this costs a few milliseconds.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from convcost.cli.output import close_quietly, print_error
from convcost.system.signals import SIGNALS, exit_on_signals
from convcost.system.workers import Worker, WorkerEndedError, can_fork
from convcost.tracing.sources.reference import is_reference

FAILURE_MESSAGE = "the command failed after the model ran"
FAILURE_HINT = (
    "A model that changes Python or torch itself can be the cause; if it does not, please report this."
)

TIMEOUT_MESSAGE = "the model was not counted in time\nGive it more time: --timeout SECONDS."

SIGNAL_EXIT_CODES = tuple(128 + number for number in SIGNALS)
"""The exit codes of a process that exited on a signal."""


def runs_model(arguments: Iterable[str]) -> bool:
    """Whether an argument may name a model or a function, such as net.py:Net.

    A file of designs (`@designs.txt`) may name models too. `check` has its own worker processes.
    """
    given = [*arguments]
    may_run = (":" in argument or argument.startswith("@") or is_reference(argument) for argument in given)
    return can_fork() and given[:1] != ["check"] and any(may_run)


def run_supervised(command: Callable[[], None]) -> int:
    """Run `command` in a child process and return its exit code; 2 and a message if the process ended early.

    At a terminal the child stays in the foreground process group, so that Ctrl-C reaches it. After a signal
    to this process the code is 128 + its number, as in a shell.
    """
    has_own_group = not (sys.stdin and sys.stdin.isatty())
    worker = Worker(lambda send: _finish(command, send), has_own_group)
    with _forward_signals(worker, has_own_group) as forwarded:
        try:
            answer, _, failure = worker.answer().decode().partition("\n")
            code = int(answer)
            if failure:
                print_error(failure)
        except (WorkerEndedError, ValueError) as error:
            ended = worker.exit_code
            signalled = ended if ended is not None and ended in SIGNAL_EXIT_CODES else 2
            code = 128 + forwarded[-1] if forwarded else signalled
            if ended is not None and -ended == getattr(signal, "SIGALRM", None):
                print_error(TIMEOUT_MESSAGE)
            elif code == 2:
                reason = error if isinstance(error, WorkerEndedError) else "it wrote to convcost's own pipe"
                print_error(f"the model ended the command: {reason}")
    worker.stop()
    return code


def _finish(command: Callable[[], None], send: Callable[[bytes], None]) -> None:
    """Run the command, write all output and send its exit code; the model's exit handlers do not run."""
    exit_on_signals()  # after the clean-up of this process
    code, failure = 2, ""
    try:
        command()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException as error:
        failure = _describe_error(error)
    close_quietly()
    send(f"{code}\n{failure}".encode(errors="replace"))


def error_location(error: BaseException) -> str:
    """The file and line where an error was raised."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "convcost"


def _describe_error(error: BaseException) -> str:
    """The message for an unexpected error in convcost's own code."""
    where = error_location(error)
    with suppress(BaseException):  # the model may have changed the error's class
        return f"{FAILURE_MESSAGE}: {type(error).__name__}: {error}\n  {where}\n{FAILURE_HINT}"
    return f"{FAILURE_MESSAGE}\n  {where}\n{FAILURE_HINT}"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Kill this process after the time limit, as exceptions may not reach running model code."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _forward_signals(worker: Worker, has_own_group: bool) -> Iterator[list[int]]:
    """Forward signals to the child and list them, except keys at a terminal, which it gets itself."""
    forwarded: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        forwarded.append(number)
        if has_own_group or number != signal.SIGINT:
            worker.send(number)

    previous = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        if previous[number] not in (signal.SIG_IGN, None):
            signal.signal(number, forward)
    try:
        yield forwarded
    finally:
        for number in SIGNALS:
            signal.signal(number, previous[number] or signal.SIG_DFL)
