"""Errors of the option parser as UsageErrors: what is wrong, and how to fix it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from convcost.cli.hints import unknown_option
from convcost.cli.output import print_error
from convcost.core.errors import UsageError, did_you_mean, nearest
from convcost.core.escapes import escape_to_ascii


@contextmanager
def translate_errors(context: Any, arguments: Sequence[str]) -> Iterator[None]:
    """Raise errors of typer's parser as UsageErrors."""
    parser_errors: Any = typer.BadParameter.__base__
    try:
        yield
    except parser_errors as error:
        if not arguments and hasattr(context.command, "list_commands"):  # typer shows the help
            raise
        raise _usage_error(error, context, arguments) from None


def _usage_error(error: Any, context: Any, arguments: Sequence[str]) -> UsageError:
    help_hint = f"{context.command_path} -h lists its options."
    if hasattr(error, "possibilities"):
        return _no_such_option(error, context, arguments, help_hint)
    if parameter := _parameter(context, getattr(error, "option_name", "")):
        name = error.option_name
        if parameter.is_flag:
            return UsageError(f"{name} takes no value")
        return has_no_value(parameter, name)
    if missing := getattr(error, "param", None):
        return UsageError(f"{missing.metavar} is missing", hint=missing.help or help_hint)
    if extra := EXTRA_ARGUMENT.search(error.format_message()):
        return UsageError(f"{context.command_path} takes no argument {extra[1][:40]}", hint=help_hint)
    return UsageError(escape_to_ascii(error.format_message()), hint=help_hint)


EXTRA_ARGUMENT = re.compile(r"unexpected extra argument[^(]*(?:\(s\))? *\((.*)\)")


def has_no_value(parameter: Any, name: str) -> UsageError:
    """The error for an option without a value."""
    return UsageError(f"{name} has no value", hint=f"Write it as {name} {parameter.metavar or 'NAME'}.")


def _no_such_option(error: Any, context: Any, arguments: Sequence[str], help_hint: str) -> UsageError:
    """The error for an option before the command, or an unknown option of a command without sizes."""
    own = [option.removeprefix("--") for option in option_names(context)]
    typed = next((word for word in arguments if word.startswith(error.option_name)), error.option_name)
    name, _, value = typed.partition("=")
    if hasattr(context.command, "list_commands"):
        if nearest(name.lstrip("-"), own, cutoff=0.8):
            return UsageError(f"no option is called {name[:40]}{did_you_mean(name[2:], own, before='--')}")
        commands = [word for word in arguments if word in context.command.list_commands(context)]
        hint = f"For example, convcost {commands[0] if commands else 'COMMAND'} {name[:40]}"
        return UsageError(f"{name[:40]} must come after the command", hint=hint)
    found = unknown_option(context, name.lstrip("-"), value or None, own)
    message = found.message.replace("no option or size", "no option")
    return UsageError(message, hint=found.hint or help_hint)


def option_names(context: Any) -> list[str]:
    """The names of the command's own options."""
    return [name for parameter in context.command.params for name in parameter.opts]


def _parameter(context: Any, name: str) -> Any:
    return next((each for each in context.command.params if name and name in each.opts), None)


MOST_WORDS = 2_000
"""The largest number of arguments: for each unknown option, near names are searched."""


MAY_BE_EMPTY = ("--filter",)
"""The options that may be empty; for others, an empty value is probably an unset shell variable."""


def check_values(context: Any, arguments: Sequence[str]) -> None:
    """UsageError for an option without its value, repeated with another value, or in conflict with --json."""
    if len(arguments) > MOST_WORDS:
        raise UsageError(f"{len(arguments):,} words on the command line; the limit is {MOST_WORDS:,}")
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
        if is_repeated and len(set(_given_values(parameter, arguments))) > 1:
            raise UsageError(f"{option} is given twice", hint="It takes one value; run it once for each.")
    if values.get("json") and values.get("output_format", "json") != "json":
        raise UsageError(f"--json and --format {values['output_format'][:40]} can't be combined")


def _given_values(parameter: Any, arguments: Sequence[str]) -> Iterator[str]:
    """All values given to an option."""
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in parameter.opts:
            yield value if equals else (*arguments, "")[place + 1]


def note_name_clashes(context: Any, arguments: Sequence[str]) -> None:
    """Print a note if a given option has the name of a size in a design."""
    designs = [word for word in arguments if any(sign in word for sign in "([")]
    given = {word.partition("=")[0] for word in arguments}
    set_already = {word.removeprefix("--set=").partition("=")[0] for word in arguments}
    for option in option_names(context):
        name = option.removeprefix("--")
        is_size = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.(]|\s*=)")
        if option in given and name not in set_already and any(map(is_size.search, designs)):
            print_error(f"{option} is an option; to set the size {name}: --set {name}=128")
