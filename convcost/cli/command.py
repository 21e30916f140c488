"""How convcost's commands are made from functions: as typer does, but late, and without pydantic.

A command's module is imported when it is called. Typer converts each value with pydantic, whose import takes
as long as typer's and rich's together; texts and flags need no conversion, so they get none. Where typer has
no such conversion, nothing changes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from convcost.cli.hints import unknown_command
from convcost.cli.parser_errors import check_values, note_clashes, refusals

COMMANDS = (
    "compare",
    "model",
    "layer",
    "explain",
    "match",
    "check",
    "verify",
    "counters",
    "devices",
    "schema",
)
"""The commands in the order of the help; each is the function of its name in the module of its name."""

CLOSED = ("check", "verify", "counters", "devices", "schema")
"""The commands that take no sizes, so that an option that they don't have is refused."""

OPEN_OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}
"""So that sizes (`--E 128`) and torch's argument names (`--kernel-size 3`) reach the command."""


class AsTyped:
    """A text's or a flag's value, as it was typed."""

    def coerce(self, value: Any, param: Any, ctx: object) -> Any:
        """`value`; nothing is an empty tuple where there can be several."""
        is_multiple = param.multiple or param.nargs == -1
        return () if value is None and is_multiple else value


class Command(TyperCommand):
    """A command whose parameters are texts and flags."""

    def get_params(self, ctx: Any) -> Any:
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with refusals(ctx, tuple(args)):
            check_values(ctx, args)
            note_clashes(ctx, args)
            return super().parse_args(ctx, args)


class Group(TyperGroup):
    """The commands together, with flags of their own."""

    def get_params(self, ctx: Any) -> Any:
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with refusals(ctx, tuple(args)):
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            with refusals(ctx, (cmd_name,)):
                raise unknown_command(cmd_name, COMMANDS)
        return _command(cmd_name)


def _command(name: str) -> Any:
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {"help_option_names": ["-h", "--help"], **(OPEN_OPTIONS if name not in CLOSED else {})}
    function = getattr(import_module(f"convcost.cli.{name}"), name)
    single.command(name, cls=Command, context_settings=settings)(function)
    return typer.main.get_command(single)


def _as_typed(parameters: Any) -> Any:
    for parameter in parameters:
        parameter._runtime_param = AsTyped()
    return parameters
