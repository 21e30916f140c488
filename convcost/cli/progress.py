"""How far long work has come, on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

import typer

from convcost.system.signals import cleanup

T = TypeVar("T")

WIDTH = 40
"""Of a line that the next one is written over."""


def shown(steps: Iterable[T], total: int, part: Callable[[T], str]) -> Iterator[T]:
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
    clear()


BLANK = f"\r{'':{WIDTH}}\r"


def clear() -> None:
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
