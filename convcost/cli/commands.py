"""The commands, each built from its function on first use, with its options and errors.

Typer converts each value with pydantic, whose import takes as long as typer's and rich's together. Strings
and flags need no conversion, so they get none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from convcost.cli.hints import unknown_command
from convcost.cli.output import print_error
from convcost.cli.parser_errors import check_values, note_name_clashes, option_names, translate_errors
from convcost.core.errors import ConvcostError, UsageError

COMMANDS = (
    "compare",
    "cost",
    "model",
    "layer",
    "explain",
    "match",
    "sweep",
    "report",
    "check",
    "verify",
    "counters",
    "devices",
    "layers",
    "code",
    "schema",
)
"""The commands, in the order of the help. Each is a function in the module of the same name."""

COMMANDS_WITHOUT_SIZES = ("check", "verify", "counters", "devices", "layers", "schema")
"""The commands that take no sizes: their unknown options are errors."""

ACCEPT_UNKNOWN_OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}
"""Settings that pass sizes (`--E 128`) and torch's argument names (`--kernel-size 3`) to the command."""

ARGUMENTS = "convcost.arguments"
"""The key of a command's arguments, as typed, in the `meta` of its context."""

NUMBERED_FLAGS = {"--layers": "--convs"}
"""Flags that mean another option if a number follows, in commands that have both."""


class UnconvertedType:
    """The type of a parameter whose value is kept as typed."""

    def coerce(self, value: Any, param: Any, ctx: object) -> Any:
        """`value`; for a parameter that takes several, an empty tuple instead of None."""
        is_multiple = param.multiple or param.nargs == -1
        return () if value is None and is_multiple else value


class Command(TyperCommand):
    """A command whose parameters are strings and flags."""

    def get_params(self, ctx: Any) -> Any:
        return _without_conversion(super().get_params(ctx))

    def get_short_help_str(self, limit: int = 45) -> str:
        """The whole first sentence, which the list of commands wraps."""
        return " ".join(str(self.help).partition("\n\n")[0].split())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        args = rename_numbered_flags(args, option_names(ctx))
        with show_errors(), translate_errors(ctx, tuple(args)):
            check_values(ctx, args)
            note_name_clashes(ctx, args)
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> None:
        """Run the command; an interrupt exits with 130."""
        with show_errors():
            _check_folder()
            try:
                super().invoke(ctx)
            except OSError as error:
                raise ConvcostError(f"{error.filename or 'a file'}: {error.strerror or error}") from None
            except KeyboardInterrupt:
                raise typer.Exit(130) from None


class CommandGroup(TyperGroup):
    """The group of all commands, with its own flags."""

    def get_params(self, ctx: Any) -> Any:
        return _without_conversion(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with show_errors(), translate_errors(ctx, tuple(args)):
            _check_completion_request(args)
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:  # no message while a shell completes a line
                return None
            with show_errors(), translate_errors(ctx, (cmd_name,)):
                raise unknown_command(cmd_name, COMMANDS)
        return make_command(cmd_name)


def rename_numbered_flags(arguments: list[str], options: Collection[str]) -> list[str]:
    """`--layers 3` and `--layers=3` as `--convs=3`, where that is one of the command's options."""
    renamed: list[str] = []
    for word in arguments:
        flag = renamed[-1] if renamed else ""
        name, equals, number = word.partition("=")
        if word.isdecimal() and NUMBERED_FLAGS.get(flag) in options:
            renamed[-1] = f"{NUMBERED_FLAGS[flag]}={word}"
        elif equals and number.isdecimal() and NUMBERED_FLAGS.get(name) in options:
            renamed.append(f"{NUMBERED_FLAGS[name]}={number}")
        else:
            renamed.append(word)
    return renamed


@contextmanager
def show_errors() -> Iterator[None]:
    """Turn a ConvcostError inside into exit code 2 with a short message on stderr."""
    try:
        yield
    except ConvcostError as error:
        print_error(error.cli_text)
        raise typer.Exit(2) from None


def _check_folder() -> None:
    """UsageError if the current folder was deleted: torch does not start there."""
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the current folder is gone", hint="Go to another one, such as: cd ~") from None


def _check_completion_request(arguments: list[str]) -> None:
    """UsageError if a completion option has a value, which typer would ignore."""
    option, _, value = "=".join(arguments[:2]).partition("=")
    if value and option in ("--install-completion", "--show-completion"):
        hint = "For another shell, such as zsh: _CONVCOST_COMPLETE=source_zsh convcost"
        raise UsageError(f"{option} takes no value; it applies to the current shell", hint=hint)


@cache
def make_command(name: str) -> Any:
    """Build the command `name` from the function of that name in the module of that name."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {
        "help_option_names": ["-h", "--help"],
        **(ACCEPT_UNKNOWN_OPTIONS if name not in COMMANDS_WITHOUT_SIZES else {}),
    }
    function = getattr(import_module(f"convcost.cli.{name}"), name)
    single.command(name, cls=Command, context_settings=settings)(expand_groups(function))
    return typer.main.get_command(single)


def expand_groups(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function for typer: with the options of each group as parameters, instead of the group."""
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    declared = signature(function).parameters
    own = {name: declared[name].replace(annotation=hints[name]) for name in declared if name not in groups}
    parameters: dict[str, Parameter] = {}
    for name in declared:
        options = _options(groups[name]) if name in groups else {name: own[name]}
        parameters |= {option: own.get(option, options[option]) for option in options}

    def run(**values: Any) -> None:
        made = {name: _make_group(group, values) for name, group in groups.items()}
        function(**{name: values[name] for name in own}, **made)

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    by_name = (each.replace(kind=Parameter.KEYWORD_ONLY) for each in parameters.values())
    run.__signature__ = Signature([*by_name])  # type: ignore[attr-defined]
    return run


def _options(group: Any) -> dict[str, Parameter]:
    """The options of a group: its own fields, and those of nested groups that it does not redeclare."""
    hints = _type_hints(group)
    own = {
        field.name: Parameter(
            field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
        if get_origin(hints[field.name]) is Annotated
    }
    parameters: dict[str, Parameter] = {}
    for field in fields(group):
        hint = hints[field.name]
        options = _options(hint) if is_dataclass(hint) else {field.name: own.get(field.name)}
        parameters |= {name: own.get(name, option) for name, option in options.items() if option}
    return parameters


def _make_group(group: Any, values: Mapping[str, Any]) -> Any:
    """Make a group, with its nested groups, from the values of its options."""
    hints = _type_hints(group)
    made = {name: _make_group(hint, values) for name, hint in hints.items() if is_dataclass(hint)}
    own = {name: values[name] for name, hint in hints.items() if get_origin(hint) is Annotated}
    return group(**own, **made)


@cache
def _type_hints(group: Any) -> Mapping[str, Any]:
    return get_type_hints(group, include_extras=True)


def _without_conversion(parameters: Any) -> Any:
    """The parameters without conversion of their values; help shows no types of arguments."""
    for parameter in parameters:
        parameter._runtime_param = UnconvertedType()
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = _no_type
    return parameters


def _no_type(ctx: object) -> str:
    return ""
