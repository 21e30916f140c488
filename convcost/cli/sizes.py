"""Reads sizes on the command line: `--E 128`, `--E=128`, `--set E=128`."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sized
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

import typer

from convcost.cli.hints import DESIGN_BATCH_HINT, MODULE_BATCH_HINT, design_error, is_target, unknown_option
from convcost.cli.parser_errors import option_names
from convcost.cli.places import is_torch_layer_name, place_error
from convcost.core.cost import Size
from convcost.core.errors import SpecError, UsageError
from convcost.spec import HasSizeNames, Spec, check_names
from convcost.spec.argument_grammar import parse_size
from convcost.spec.evaluate import evaluate
from convcost.spec.syntax import names


class Option(NamedTuple):
    """A `--name` that is not an option of the command; `value` is None if none follows."""

    name: str
    value: str | None


def split_tokens(
    tokens: Iterable[str], known: Iterable[str] = (), takes_numbers: bool = False
) -> tuple[list[str], list[Option]]:
    """Split arguments into positional ones and unknown options with their values.

    Positional arguments must be designs, unless numbers are allowed (`takes_numbers`). `known` are the
    command's own options, for hints on one written with a single dash.
    """
    own = [name.removeprefix("--") for name in known]
    positional, options = separate_options(tokens)
    for token in positional:
        if problem := place_error(token):
            raise problem
        if not is_torch_layer_name(token) and (problem := design_error(token, own, takes_numbers)):
            raise problem
    check_number(positional, "designs or arguments")
    check_number(options, "sizes")
    return positional, options


def separate_options(tokens: Iterable[str]) -> tuple[list[str], list[Option]]:
    """Separate positional arguments, whatever they are, from unknown options with their values."""
    positional: list[str] = []
    options: list[Option] = []
    remaining = deque(tokens)
    while remaining:
        token = remaining.popleft()
        if not token.startswith("--"):
            positional.append(token)
        elif "=" in token:
            options.append(Option(*token[2:].split("=", 1)))
        else:
            has_value = remaining and not remaining[0].startswith("--")
            options.append(Option(token[2:], remaining.popleft() if has_value else None))
    return positional, options


def missing_design_error(
    context: typer.Context, options: Iterable[Option], message: str, hint: str
) -> UsageError:
    """The error for a command without a design, which may be the value of an unknown option."""
    for option in options:
        if option.value and is_target(option.value):
            own = (name.removeprefix("--") for name in option_names(context))
            return unknown_option(context, option.name, option.value, own)
    return UsageError(message, hint=hint)


def check_number(given: Sized, what: str) -> None:
    """UsageError if there are too many designs, arguments or sizes."""
    if len(given) > MOST_AT_ONCE:
        raise UsageError(f"{len(given):,} {what}; the limit is {MOST_AT_ONCE}")


MOST_AT_ONCE = 200
"""The largest number of designs, arguments or sizes."""


def read_sizes(options: Iterable[Option], settings: Iterable[str]) -> dict[str, Size]:
    """The sizes given by options and by `--set NAME=VALUE`."""
    given: dict[str, Size] = {}
    check_number(settings := tuple(settings), "sizes")
    for name, value in (*options, *_settings(settings)):
        if name in given:
            raise UsageError(f"the size {name} is given twice")
        given[name] = _size(name, value)
    return given


def _settings(settings: Iterable[str]) -> Iterator[Option]:
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip():
            what = "name" if equals else "value"
            raise UsageError(f"--set {setting[:40]} has no {what}", hint="Write it as --set E=128.")
        yield Option(name.strip(), value)


def _size(name: str, text: str | None) -> Size:
    if text is None or not text.strip():
        raise UsageError(f"--{name} has no value", hint=f"Write it as --{name} 128.")
    if SEVERAL_VALUES.fullmatch(text):
        hint = f"convcost sweep tries several: --over {name[:40]}={text.strip()[:40]}."
        if GROUPED_DIGITS.fullmatch(text):
            hint = f"Write it without commas, --{name[:40]} {text.replace(',', '').strip()[:40]}. {hint}"
        raise UsageError(f"--{name[:40]} {text[:40]}: a size has one value", hint=hint)
    _check_is_whole(name, text)
    try:
        expression = parse_size(text)
        if open_name := next(names(expression), None):
            message = f"--{name} {text[:40]}: {open_name.name} is not a number"
            example = f"Write a whole number, such as --{name[:40]} 4096."
            raise UsageError(message, hint=f"{example} To keep {name[:40]} open, omit the option.")
        size = evaluate(expression, {}, text)
    except SpecError as error:
        raise UsageError(f"--{name}: {error}") from None
    if size < 1:
        raise UsageError(f"{name} is {size}; it must be at least 1")
    return size


def _check_is_whole(name: str, text: str) -> None:
    """UsageError for a decimal number, with the integer that it equals: 1e3 is 1000, 128.0 is 128."""
    is_decimal = DECIMAL.fullmatch(text)
    if not (is_decimal or FRACTION.fullmatch(text)):
        return
    number = Decimal(text) if is_decimal else Decimal()
    is_whole = 1 <= number <= LARGEST_HINTED and number == int(number)
    written = f"it as --{name[:40]} {int(number)}" if is_whole else f"a number such as --{name[:40]} 128"
    message = f"--{name[:40]} {text[:40]}: a size is a whole number, in digits"
    raise UsageError(message, hint=f"Write {written}.")


GROUPED_DIGITS = re.compile(r"\s*[1-9][0-9]{0,2}(?:,[0-9]{3})*,000\s*")
"""A number with thousands separators: 1,000."""

SEVERAL_VALUES = re.compile(r"\s*[0-9]+(?:\s*[,:]\s*[0-9]+)+\s*")
"""Values as --over takes them: 64,128 or 64:512:64."""

DECIMAL = re.compile(r"\s*(?=[0-9.]*[.eE])(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,6})?\s*")
"""A number with a point or an exponent."""

FRACTION = re.compile(r"\s*[0-9]*\.[0-9]*[A-Za-z]*\s*")
"""A number with a point, and a unit."""

LARGEST_HINTED = 10**15


def check_options(
    options: Iterable[Option],
    designs: tuple[HasSizeNames, ...],
    context: typer.Context,
    words: Iterable[str] = (),
    hints: Mapping[str, str] = MappingProxyType({}),
    others: str = "",
) -> None:
    """UsageError for a name that is not a size, with the option, size or one of `words` that is meant.

    `hints` are hints of this command, by name; `others` is a sentence on names that are not sizes.
    """
    sizes = tuple(dict.fromkeys(name for design in designs for name in design.names))
    own = (*words, *sizes, *(name.removeprefix("--") for name in option_names(context)))
    has_module = not all(isinstance(design, Spec) for design in designs)
    if has_module:
        hints = {**hints, "B": MODULE_BATCH_HINT}
    for option in options:
        if option.name not in sizes:
            problem = unknown_option(context, option.name, option.value, own, hints)
            if problem.hint or "(did you mean" in problem.message:
                raise problem
            try:
                check_names({option.name: 1}, designs)
            except UsageError as error:
                batch = DESIGN_BATCH_HINT if option.name == "B" else ""
                hint = " ".join(filter(None, (others, error.hint, batch)))
                raise UsageError(problem.message, hint=hint) from None
