"""Checks arguments against the signature of a user's callable before it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, Signature, signature
from typing import Any

from convcost.core.errors import WrongTypeError, did_you_mean, join_words
from convcost.core.units import plural

MOST_LISTED = 200
"""The most characters of a list of parameters."""

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def check_arguments(
    what: str,
    call: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    noun: str = "argument",
    hint: str = "",
    cli_hint: str = "",
) -> None:
    """Raise WrongTypeError if `call` does not take these arguments; an unknown signature takes any.

    Args:
        what: The name of `call` in the message.
        call: A function, class or method.
        args: Positional arguments.
        kwargs: Keyword arguments.
        noun: What the message calls an argument, such as "input".
        hint: How to give an argument that is missing; {} stands for its name.
        cli_hint: The hint for the command line, if it is another.
    """
    try:
        accepted = signature(call)
    except (TypeError, ValueError):
        return
    kwargs = kwargs or {}
    try:
        accepted.bind(*args, **kwargs)
    except TypeError as error:
        if surplus := _surplus(accepted, args, kwargs, noun):
            names = [name for name, each in accepted.parameters.items() if each.kind not in VARIADIC]
            listed = f"It takes {', '.join(names)[:MOST_LISTED]}." if names else ""
            raise WrongTypeError(f"{what} {surplus}", hint=listed) from None
        if missing := [*missing_arguments(accepted, args, kwargs)]:
            message = f"{what} needs {_missing_text(missing, noun)}"
            raise WrongTypeError(
                message, hint=hint.format(missing[0]), cli_hint=cli_hint.format(missing[0])
            ) from None
        raise WrongTypeError(f"{what}: {error}") from None


def _surplus(accepted: Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], noun: str) -> str:
    """What is said of an argument that is not accepted; empty if all are."""
    parameters = accepted.parameters
    kinds = [each.kind for each in parameters.values()]
    unknown = [name for name in kwargs if name not in parameters]
    if unknown and Parameter.VAR_KEYWORD not in kinds:
        return f"has no {noun} {unknown[0][:40]}{did_you_mean(unknown[0], parameters)}"
    allowed = sum(kind in POSITIONAL for kind in kinds)
    if len(args) > allowed and Parameter.VAR_POSITIONAL not in kinds:
        return f"takes {allowed or 'no'} {plural(allowed, noun)}, not {len(args)}"
    return ""


def _missing_text(names: list[str], noun: str) -> str:
    """its input; a value for the input mask; values for the arguments width and depth."""
    if names == [noun]:
        return f"its {noun}"
    return f"{'values' if names[1:] else 'a value'} for the {plural(len(names), noun)} {join_words(names)}"


def missing_arguments(accepted: Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[str]:
    """The required parameters that have no value."""
    for place, (name, parameter) in enumerate(accepted.parameters.items()):
        is_given = name in kwargs or (parameter.kind in POSITIONAL and place < len(args))
        if parameter.default is Parameter.empty and parameter.kind not in VARIADIC and not is_given:
            yield name
