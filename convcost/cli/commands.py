"""How convcost's commands are made from functions, and what the option parser refuses, in plain words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from convcost.cli.hints import unknown_command, unknown_option
from convcost.cli.output import print_error
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.escapes import escaped

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


@contextmanager
def refusals(context: Any, arguments: Sequence[str]) -> Iterator[None]:
    """Exit with 2 for what is refused inside, by convcost or by typer's parser."""
    parser_errors: Any = typer.BadParameter.__base__
    try:
        yield
    except ConvcostError as error:
        print_error(str(error))
        raise typer.Exit(2) from None
    except parser_errors as error:
        if not str(error):  # no argument at all: it shows the help
            raise
        print_error(str(_translated(error, context, arguments)))
        raise typer.Exit(2) from None


def _translated(error: Any, context: Any, arguments: Sequence[str]) -> UsageError:
    help_hint = f"{context.command_path} -h lists what it takes."
    if hasattr(error, "possibilities"):
        return _no_such_option(error, context, arguments, help_hint)
    if parameter := _parameter(context, getattr(error, "option_name", "")):
        name = error.option_name
        if parameter.is_flag:
            return UsageError(f"{name} takes no value")
        return has_no_value(parameter, name)
    if missing := getattr(error, "param", None):
        return UsageError(f"there is no {missing.metavar}", hint=missing.help or help_hint)
    if extra := EXTRA.search(error.format_message()):
        return UsageError(f"{context.command_path} takes no such argument: {extra[1][:40]}", hint=help_hint)
    return UsageError(escaped(error.format_message()), hint=help_hint)


EXTRA = re.compile(r"unexpected extra argument[^(]*(?:\(s\))? *\((.*)\)")


def has_no_value(parameter: Any, name: str) -> UsageError:
    """That nothing follows the option called `name`."""
    return UsageError(f"{name} has no value", hint=f"Write it as {name} {parameter.metavar or 'NAME'}.")


def _no_such_option(error: Any, context: Any, arguments: Sequence[str], help_hint: str) -> UsageError:
    """One that stands before the command, or that a command without sizes does not have."""
    typed = next((word for word in arguments if word.startswith(error.option_name)), error.option_name)
    name, _, value = typed.partition("=")
    if hasattr(context.command, "list_commands"):
        commands = [word for word in arguments if word in context.command.list_commands(context)]
        hint = f"Options follow the command: convcost {commands[0] if commands else 'COMMAND'} {name[:40]}"
        return UsageError(f"{name[:40]} stands before the command", hint=hint)
    own = [option.removeprefix("--") for option in known(context)]
    found = unknown_option(context, name.lstrip("-"), value or None, own)
    message = found.message.replace("no option and no size", "no option")
    return UsageError(message, hint=found.hint or help_hint)


def known(context: Any) -> list[str]:
    """The options that the command has itself."""
    return [name for parameter in context.command.params for name in parameter.opts]


def _parameter(context: Any, name: str) -> Any:
    return next((each for each in context.command.params if name and name in each.opts), None)


MOST_WORDS = 2_000
"""The parser looks for a near name of each option that it does not know."""


MAY_BE_EMPTY = ("--filter",)
"""The options for which an empty text means something; for others it is a variable that was not set."""


def check_values(context: Any, arguments: Sequence[str]) -> None:
    """Refuse an option with one value that is given twice, without its value, or against --json."""
    if len(arguments) > MOST_WORDS:
        raise UsageError(f"{len(arguments):,} words on the command line; {MOST_WORDS:,} are the most")
    values, _, order = context.command.make_parser(context).parse_args(list(arguments))
    names = {name for parameter in context.command.params for name in parameter.opts}
    given = Counter(parameter.name for parameter in order)
    for parameter in context.command.params:
        option, value = parameter.opts[-1], values.get(parameter.name)
        is_single = given[parameter.name] and parameter.nargs == 1 and not getattr(parameter, "is_flag", True)
        if is_single and isinstance(value, str) and value.partition("=")[0] in names:
            raise has_no_value(parameter, option)
        if is_single and value == "" and option not in MAY_BE_EMPTY:
            raise has_no_value(parameter, option)
        is_repeated = is_single and given[parameter.name] > 1 and not parameter.multiple
        if is_repeated and len(set(_values_of(parameter, arguments))) > 1:
            raise UsageError(f"{option} is given twice", hint="It takes one value; run it once for each.")
    if values.get("json") and values.get("output_format", "json") != "json":
        raise UsageError(f"--json and --format {values['output_format'][:40]} exclude each other")


def _values_of(parameter: Any, arguments: Sequence[str]) -> Iterator[str]:
    """Every value that is given to an option."""
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in parameter.opts:
            yield value if equals else (*arguments, "")[place + 1]


def note_clashes(context: Any, arguments: Sequence[str]) -> None:
    """Say of an option that is given, and that a design has a size of the same name as, how the size is."""
    designs = [word for word in arguments if any(sign in word for sign in "([")]
    given = {word.partition("=")[0] for word in arguments}
    set_already = {word.removeprefix("--set=").partition("=")[0] for word in arguments}
    for option in known(context):
        name = option.removeprefix("--")
        is_size = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.(]|\s*=)")
        if option in given and name not in set_already and any(map(is_size.search, designs)):
            print_error(f"{option} is an option; the size {name} is given as --set {name}=128")
