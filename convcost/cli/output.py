"""What goes to stdout and stderr: results, messages, progress, what a model prints; how a command ends."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

from convcost.core.errors import ConvcostError, UsageError
from convcost.core.escapes import escaped, printable, without_command
from convcost.render.style import Style
from convcost.system.signals import cleanup

P = ParamSpec("P")

NARROWEST, WIDEST = 20, 2_000
"""What a table is laid out for, whatever COLUMNS says."""


def style(*, layers: bool = False) -> Style:
    """How stdout will be read."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return Style(
        width=min(max(NARROWEST, shutil.get_terminal_size((80, 24)).columns), WIDEST),
        color=_wants_color(),
        unicode=encoding.lower().replace("-", "").startswith("utf"),
        layers=layers,
    )


def is_terminal() -> bool:
    """Whether someone watches stdout as it fills."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal() or bool(os.environ.get("FORCE_COLOR"))


def emit(text: str) -> None:
    """`text` on stdout; a reader who has left already (`| head`) is no error."""
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
    """`text` with other characters as in JSON, which then means the same."""
    import json

    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)


def show_cursor() -> None:
    """Show what a display that fills hides, also where a signal came in the midst of its writing."""
    os.write(sys.stdout.fileno(), b"\x1b[?25h")


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def close_quietly() -> None:
    """Flush what is left, so that no complaint follows at the interpreter's exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _discard_stdout()


def print_error(text: str) -> None:
    """`text` on stderr, with nothing in it that hides or reorders the line; lost where stderr is."""
    lines = [shorten(without_command(escaped(printable(line)))) for line in text.splitlines()]
    with suppress(OSError, ValueError):
        typer.echo("convcost: " + "\n".join(lines), err=True)


LONGEST = 1_000
"""Of a line on stderr."""


def shorten(line: str) -> str:
    """`line`, unless someone typed a hundred thousand characters that it repeats."""
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def check_folder() -> None:
    """UsageError where the current folder is gone: torch does not start there, and no file is found."""
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the current folder is gone", hint="Go to another one, such as: cd ~") from None


def handle_errors(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, with convcost's errors as a short message on stderr and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            check_folder()
            command(*args, **kwargs)
        except ConvcostError as error:
            print_error(str(error))
            raise typer.Exit(2) from None
        except OSError as error:
            print_error(f"{error.filename or 'a file'}: {error.strerror or error}")
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


STDOUT, STDERR = 1, 2


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """What is printed inside goes to stderr, also where a child or a library in C does it.

    A process that was forked off inside, and comes back out of it, ends: the command has one result.
    """
    own = os.getpid()
    try:
        with _descriptors_aside(), redirect_stdout(sys.stderr):
            yield
    finally:
        if os.getpid() != own:
            os._exit(0)


@contextmanager
def _descriptors_aside() -> Iterator[None]:
    _flush()
    kept = _copy_of_stdout()
    identity = None if kept is None else _identity(kept)
    try:
        with suppress(OSError):
            os.dup2(STDERR, STDOUT)
        yield
    finally:
        _flush()
        if kept is not None:
            if _identity(kept) != identity:
                raise ConvcostError("the model replaced the command's open output, so there is no result")
            os.dup2(kept, STDOUT)
            os.close(kept)


def _copy_of_stdout() -> int | None:
    """None if it is closed."""
    with suppress(OSError):
        return os.dup(STDOUT)
    return None


def _identity(descriptor: int) -> tuple[int, ...]:
    """Which file is open there; nothing if none is."""
    with suppress(OSError):
        found = os.fstat(descriptor)
        return found.st_dev, found.st_ino
    return ()


def _flush() -> None:
    """What waits in Python's own buffer belongs to where it was printed."""
    if sys.__stdout__:
        sys.__stdout__.flush()


T = TypeVar("T")

WIDTH = 40
"""Of a line that the next one is written over."""


def show_progress(steps: Iterable[T], total: int, part: Callable[[T], str]) -> Iterator[T]:
    """`steps` as they come, with what `part` the work is in, and how far, on stderr.

    A screen has one line, which is gone in the end; a file a line for each part.
    """
    is_screen, before = _is_screen(), ""
    with cleanup(_erase):
        for done, step in enumerate(steps):
            text = f"{part(step)}: {done} of {total}"
            if is_screen:
                _write(f"\r{text:{WIDTH}}")
            elif part(step) != before:
                before = part(step)
                _write(f"{text}\n")
            yield step
    clear_progress()


BLANK = f"\r{'':{WIDTH}}\r"


def clear_progress() -> None:
    """Take the line away, where one is left of work that was cut short."""
    if _is_screen():
        _write(BLANK)


def _erase() -> None:
    """The same where a signal ends the process."""
    if _is_screen():
        os.write(sys.stderr.fileno(), BLANK.encode())


def _is_screen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        typer.echo(text, err=True, nl=False)
