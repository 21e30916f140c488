"""The man page, made from the help of the commands: `python -m docs.man`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer import Context
from typer.main import get_command

from convcost import __version__
from convcost.cli import app

PAGE = Path(__file__).parent / "convcost.1"

AS_WRITTEN = "\b"
"""click's mark for a paragraph that is not wrapped."""

EXIT_STATUS = (
    ("0", "Success."),
    ("1", "The answer is no: a check failed, nothing fits, or with --strict, a counter differs."),
    ("2", "The request was wrong, or a model ended the process."),
    ("128+N", "Ended by signal N, such as 130 for Ctrl-C."),
)


def man_page() -> str:
    """The page as roff."""
    return "\n".join([*_lines(), ""])


def _lines() -> Iterator[str]:
    group: Any = get_command(app)
    context = Context(group, info_name="convcost", **group.context_settings)
    yield '.\\" Made by python -m docs.man from the help of the commands.'
    yield f'.TH CONVCOST 1 "" "convcost {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"convcost \\- {_escape(group.help)}"
    yield ".SH SYNOPSIS"
    yield _usage(group, context)
    yield ".SH OPTIONS"
    yield from _parameters(group, context)
    yield ".SH COMMANDS"
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        own = Context(command, info_name=name, parent=context)
        yield f".SS {_escape(name)}"
        yield _usage(command, own)
        for paragraph in command.help.split("\n\n"):
            yield from _paragraph(paragraph)
        yield from _parameters(command, own)
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_STATUS:
        yield from _item(code, meaning)


def _paragraph(text: str) -> Iterator[str]:
    """A paragraph; one that starts with click's mark keeps its lines."""
    yield ".PP"
    if text.startswith(AS_WRITTEN):
        yield from (".nf", *map(_line, text.removeprefix(AS_WRITTEN).strip("\n").splitlines()), ".fi")
    else:
        yield _line(" ".join(text.split()))


def _usage(command: Any, context: Any) -> str:
    pieces = " ".join(command.collect_usage_pieces(context))
    return f"\\fB{_escape(context.command_path)}\\fR {_escape(pieces)}"


def _parameters(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            name, text = record
            yield from _item(name, text)


def _item(name: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_escape(name)}\\fR"
    yield _line(" ".join(text.split()))


def _line(text: str) -> str:
    """A line, escaped so that roff does not take it for a request."""
    line = _escape(text)
    return f"\\&{line}" if line.startswith((".", "'")) else line


def _escape(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


if __name__ == "__main__":
    PAGE.write_text(man_page(), encoding="utf-8")
