"""Sizes on the command line: `--E 128`, `--E=128`, `--set E=128`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from convcost.errors import SpecError, UsageError, did_you_mean
from convcost.quantities import Size
from convcost.spec import Named, check_names
from convcost.spec.evaluate import evaluate
from convcost.spec.grammar import parse_size
from convcost.spec.syntax import names


class Option(NamedTuple):
    """A `--name` that the command itself does not know; `value` is None where none follows."""

    name: str
    value: str | None


def split(tokens: Iterable[str]) -> tuple[list[str], list[Option]]:
    """The positional arguments, and the options among them with their values."""
    positional: list[str] = []
    options: list[Option] = []
    for token in (reader := iter(tokens)):
        if not token.startswith("--"):
            positional.append(_design(token))
        elif "=" in token:
            options.append(Option(*token[2:].split("=", 1)))
        else:
            options.append(Option(token[2:], next(reader, None)))
    return positional, options


def _design(token: str) -> str:
    """`token`, unless it is a size in another notation."""
    if mistaken := re.fullmatch(r"-?([A-Za-z_]\w*)(?:=([0-9]+))?", token):
        name, value = mistaken[1], mistaken[2]
        if value or token.startswith("-"):
            hint = f"Sizes are given as --{name} {value or 128}."
            raise UsageError(f"{token[:40]} is neither a design nor an option", hint=hint)
    return token


def bindings(options: Iterable[Option], settings: Iterable[str]) -> dict[str, Size]:
    """The sizes that the options and the `--set NAME=VALUE` settings give."""
    given: dict[str, Size] = {}
    for name, value in (*options, *_settings(settings)):
        if name in given:
            raise UsageError(f"the size {name} is given twice")
        given[name] = _size(name, value)
    return given


def _settings(settings: Iterable[str]) -> Iterator[Option]:
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting[:40]} has no value", hint="Write it as --set E=128.")
        yield Option(name.strip(), value)


def _size(name: str, text: str | None) -> Size:
    if text is None:
        raise UsageError(f"--{name} has no value", hint=f"Write it as --{name} 128.")
    try:
        expression = parse_size(text)
        if open_name := next(names(expression), None):
            raise UsageError(f"--{name} {text[:40]}: {open_name.name} is not a number")
        size = evaluate(expression, {}, text)
    except SpecError as error:
        raise UsageError(f"--{name}: {error}") from None
    if size < 1:
        raise UsageError(f"{name} is {size}; at least 1 is needed")
    return size


def check_options(options: Iterable[Option], designs: tuple[Named, ...], known: Iterable[str]) -> None:
    """Refuse a name that is neither a size nor, a letter or two off, an option or a size."""
    sizes = tuple(dict.fromkeys(name for design in designs for name in design.names))
    choices = (*sizes, *(name.removeprefix("--") for name in known))
    for option in options:
        if option.name not in sizes and (near := did_you_mean(option.name, choices, before="--")):
            raise UsageError(f"there is no option and no size --{option.name[:40]}{near}")
    check_names(dict.fromkeys((option.name for option in options), 1), designs)
