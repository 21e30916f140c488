"""A command that runs someone's model, in a process of its own: if the model ends it, that is said.

The process is forked before anything heavy is imported, so that this costs a few milliseconds.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from convcost.cli.output import close_quietly, complain
from convcost.workers import EndedError, Worker, can_fork

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that are for the process, wherever they arrive."""


def runs_model(arguments: Iterable[str]) -> bool:
    """Whether an argument may name a model, or a function, as a file or a module with a name after a colon.

    The check of a configuration has processes of its own.
    """
    given = [*arguments]
    return can_fork() and given[:1] != ["check"] and any(":" in argument for argument in given)


def supervised(command: Callable[[], None]) -> int:
    """The exit code of `command`; 2, with a message, if its process ended before the command did.

    At a terminal it stays in the group of processes that the keys reach. If a signal for this process ended
    it, the code is the shell's.
    """
    is_alone = not (sys.stdin and sys.stdin.isatty())
    worker = Worker(lambda send: _finish(command, send), is_alone)
    with _forwarding(worker, is_alone) as forwarded:
        try:
            code = int(worker.answer())
        except (EndedError, ValueError) as error:
            code = 128 + forwarded[-1] if forwarded else 2
            reason = error if isinstance(error, EndedError) else "it wrote to convcost's pipe"
            if not forwarded:
                complain(f"the model ended the command: {reason}")
    worker.stop()
    return code


def _finish(command: Callable[[], None], send: Callable[[bytes], None]) -> None:
    """Run it to the end, all output written; exit handlers are the model's, and are left out."""
    code = 1
    try:
        command()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        sys.excepthook(*sys.exc_info())
    close_quietly()
    send(str(code).encode())


@contextmanager
def _forwarding(worker: Worker, is_alone: bool) -> Iterator[list[int]]:
    """Signals go on to the process, and into the list; those of the terminal's keys have reached it."""
    forwarded: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        forwarded.append(number)
        if is_alone or number != signal.SIGINT:
            worker.send(number)

    numbers = [getattr(signal, name) for name in FORWARDED if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] not in (signal.SIG_IGN, None):
            signal.signal(number, forward)
    try:
        yield forwarded
    finally:
        for number in numbers:
            signal.signal(number, before[number] or signal.SIG_DFL)
