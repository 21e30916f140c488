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
) -> None:
    """Raise WrongTypeError if `call` does not take these arguments; an unknown signature takes any.

    Args:
        what: The name of `call` in the message.
        call: A function, class or method.
        args: Positional arguments.
        kwargs: Keyword arguments.
        noun: What the message calls an argument, such as "input".
        hint: How to give an argument that is missing.
    """
    try:
        accepted = signature(call)
    except (TypeError, ValueError):
        return
    kwargs = kwargs or {}
    try:
        accepted.bind(*args, **kwargs)
    except TypeError as error:
        raise _error(what, accepted, args, kwargs, noun, hint, str(error)) from None


def _error(
    what: str,
    accepted: Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    noun: str,
    hint: str,
    reason: str,
) -> WrongTypeError:
    parameters = accepted.parameters
    names = [name for name, each in parameters.items() if each.kind not in VARIADIC]
    listed = f"It takes {', '.join(names)[:MOST_LISTED]}." if names else ""
    kinds = [each.kind for each in parameters.values()]
    unknown = [name for name in kwargs if name not in parameters]
    if unknown and Parameter.VAR_KEYWORD not in kinds:
        near = did_you_mean(unknown[0], names)
        return WrongTypeError(f"{what} has no {noun} {unknown[0][:40]}{near}", hint=listed)
    allowed = sum(kind in POSITIONAL for kind in kinds)
    if len(args) > allowed and Parameter.VAR_POSITIONAL not in kinds:
        number = f"{allowed or 'no'} {plural(allowed, noun)}"
        return WrongTypeError(f"{what} takes {number}, not {len(args)}", hint=listed)
    if missing := [*_missing(accepted, args, kwargs)]:
        return WrongTypeError(
            f"{what} needs the {plural(len(missing), noun)} {join_words(missing)}", hint=hint
        )
    return WrongTypeError(f"{what}: {reason}", hint=listed)


def _missing(accepted: Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[str]:
    """The required parameters that have no value."""
    for place, (name, parameter) in enumerate(accepted.parameters.items()):
        is_given = name in kwargs or (parameter.kind in POSITIONAL and place < len(args))
        if parameter.default is Parameter.empty and parameter.kind not in VARIADIC and not is_given:
            yield name
