"""A page for each command, made of its help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import Context
from typer.main import get_command

from convcost.cli import app
from docs.reference_pages.markdown import code, page, table, text


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page, and its text."""
    group: Any = get_command(app)
    context = Context(group, info_name="convcost", **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield f"commands/{name}", _page(command, Context(command, info_name=name, parent=context))


AS_WRITTEN = "\b"
"""click's mark for a paragraph that is not wrapped."""


def _paragraph(source: str) -> str:
    if not source.startswith(AS_WRITTEN):
        return text(source)
    title, *lines = source.removeprefix(AS_WRITTEN).strip("\n").splitlines()
    return "\n".join([title, "", "```sh", *(line.removeprefix("  ") for line in lines), "```"])


def _page(command: Any, context: Any) -> str:
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    records = [
        (parameter.param_type_name, *record)
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context))
    ]
    arguments, options = (
        [(code(name), text(help_text)) for kind, name, help_text in records if kind == wanted]
        for wanted in ("argument", "option")
    )
    return page(
        f"convcost {context.info_name}",
        f"```text\n{usage}\n```",
        *map(_paragraph, command.help.split("\n\n")),
        *(("## Arguments", table(("argument", ""), arguments)) if arguments else ()),
        "## Options",
        table(("option", ""), options),
    )
