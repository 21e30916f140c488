"""Writes to stdout and stderr: results, messages, progress, and the output of models."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from fractions import Fraction
from time import monotonic
from typing import Any, TypeVar

import typer

from convcost.core.errors import ConvcostError
from convcost.core.escapes import escape_command, escape_to_ascii, make_printable
from convcost.core.report import Report
from convcost.render import render
from convcost.render.kinds import Result
from convcost.render.style import Style
from convcost.system.signals import cleanup

NARROWEST, WIDEST = 20, 2_000
"""The limits of a table's width, whatever COLUMNS says."""


def style(**options: Any) -> Style:
    """The style for stdout: its width, colours and characters, and the given options."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return Style(
        width=min(max(NARROWEST, shutil.get_terminal_size((80, 24)).columns), WIDEST),
        color=_wants_color(),
        unicode=encoding.lower().replace("-", "").startswith("utf"),
        **options,
    )


def is_terminal() -> bool:
    """Whether stdout is a terminal that can redraw lines."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal() or bool(os.environ.get("FORCE_COLOR"))


def print_result(result: Result, format_name: str, **options: Any) -> None:
    """Print `result` on stdout in a format; `options` are of its style."""
    emit(render(result, format_name, style(**options)))


def emit(text: str) -> None:
    """Write `text` to stdout; a closed pipe (`| head`) is not an error."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        emit(_as_ascii(text))
    except BrokenPipeError:
        _discard_stdout()
    except OSError as error:
        _discard_stdout()
        raise ConvcostError(f"the result could not be written: {error.strerror}") from None


def _as_ascii(text: str) -> str:
    """`text` with characters beyond ASCII escaped as in JSON."""
    import json

    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)


def show_cursor() -> None:
    """Show the cursor again, even after a signal interrupted a live display."""
    os.write(sys.stdout.fileno(), b"\x1b[?25h")


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def close_quietly() -> None:
    """Flush stdout, so that the interpreter prints no error on exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _discard_stdout()


LONGEST_LINE = 1_000
"""The largest number of characters of a line on stderr."""


def print_error(text: str) -> None:
    """Print `text` on stderr, with control characters escaped; ignored if stderr is closed."""
    safe = (escape_command(escape_to_ascii(make_printable(line))) for line in text.splitlines())
    lines = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..." for line in safe]
    with suppress(OSError, ValueError):
        typer.echo("convcost: " + "\n".join(lines), err=True)


STDOUT, STDERR = 1, 2


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Redirect stdout to stderr, also for child processes and C libraries.

    A process forked inside exits at the end of the block, so that only one prints a result.
    """
    own = os.getpid()
    try:
        with _stdout_descriptor_to_stderr(), redirect_stdout(sys.stderr):
            yield
    finally:
        if os.getpid() != own:
            os._exit(0)


@contextmanager
def _stdout_descriptor_to_stderr() -> Iterator[None]:
    _flush()
    own = None
    with suppress(OSError):  # it may be closed
        own = os.dup(STDOUT)
    identity = None if own is None else _file_identity(own)
    try:
        with suppress(OSError):
            os.dup2(STDERR, STDOUT)
        yield
    finally:
        _flush()
        if own is not None:
            if _file_identity(own) != identity:
                raise ConvcostError("the model replaced the command's open output, so there is no result")
            os.dup2(own, STDOUT)
            os.close(own)


def _file_identity(descriptor: int) -> tuple[int, ...]:
    """Device and inode of the open file; empty if none is open."""
    with suppress(OSError):
        found = os.fstat(descriptor)
        return found.st_dev, found.st_ino
    return ()


def _flush() -> None:
    """Flush Python's buffer, so that its text goes where it was printed."""
    if sys.__stdout__:
        sys.__stdout__.flush()


T = TypeVar("T")

PROGRESS_WIDTH = 40
"""The width of the progress line, which is overwritten."""


def show_progress(
    steps: Iterable[T], total: int, part: Callable[[T], str], size: Fraction | int = 1, after: float = 0.0
) -> Iterator[T]:
    """Yield `steps`, and show the current `part` of the work and its progress on stderr.

    Each step counts as `size` of `total`. A terminal shows one line, which is cleared at the end; a file gets
    a line for each part. Nothing is shown in the first `after` seconds.
    """
    is_screen, last_part, start = _is_screen(), "", monotonic() + after
    with cleanup(_clear_at_signal):
        for done, step in enumerate(steps):
            text = f"{part(step)}: {int(done * size):,} of {total:,} done"
            if monotonic() < start:
                pass
            elif is_screen:
                _print_progress(f"\r{text:{PROGRESS_WIDTH}}")
            elif part(step) != last_part:
                last_part = part(step)
                _print_progress(f"{text}\n")
            yield step
    clear_progress()


BLANK_LINE = f"\r{'':{PROGRESS_WIDTH}}\r"


def clear_progress() -> None:
    """Clear the progress line, if interrupted work left one."""
    if _is_screen():
        _print_progress(BLANK_LINE)


def _clear_at_signal() -> None:
    """Clear the progress line if a signal ends the process."""
    if _is_screen():
        os.write(sys.stderr.fileno(), BLANK_LINE.encode())


def _is_screen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _print_progress(text: str) -> None:
    with suppress(OSError, ValueError):
        typer.echo(text, err=True, nl=False)


def check_backward(*reports: Report) -> None:
    """Print a message if --backward found no work in any report."""
    if not any(report.phases for report in reports):
        print_error("--backward adds nothing: the backward has no work to count")
