"""Type checks of arguments in Python, with messages that suggest a fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from convcost.core.cost import Convention
from convcost.core.errors import UsageError, WrongTypeError

T = TypeVar("T")

MOST_DIGITS = 40
"""The most digits of a size; larger numbers are not shown."""

LARGEST_SHOWN = 10**MOST_DIGITS

MOST_DIGITS_OF_A_TOTAL = 1_000

DESIGN = 'a string such as "Linear(3, 4)"'
PROFILE = "Use convcost.profile(module, x), which runs it on the input x and returns a report."
REPORT = 'convcost.cost("Linear(3, 4)") and convcost.profile(module, x) return one.'


def check_type(name: str, value: Any, kind: type[T] | tuple[type[T], ...], wanted: str, hint: str = "") -> T:
    """`value`; WrongTypeError if it is not of type `kind`."""
    if issubclass(type(value), kind) and not (type(value) is bool and kind is int):
        return value  # type: ignore[no-any-return]
    raise wrong_type_error(name, value, wanted, hint)


def wrong_type_error(name: str, value: Any, wanted: str, hint: str = "") -> WrongTypeError:
    """The error that `name` must be `wanted`, not `value`."""
    hint = PROFILE if is_module(value) and not hint else hint
    return WrongTypeError(f"{name} must be {wanted}, not {describe_value(value)}", hint=hint)


def check_text(name: str, value: Any, example: str) -> str:
    """`value`, an option; WrongTypeError if it is not a string."""
    hint = f'For example, {name}="{example}".'
    if type(value) is int and abs(value) < LARGEST_SHOWN:
        hint += f' For a size called {name}, use sizes={{"{name}": {value}}}.'
    elif _is_dtype(value):
        hint = f'Give its name: "{str(value).removeprefix("torch.")}".'
    return check_type(name, value, str, "a string", hint)


def check_digits(name: str, size: int, most: int = MOST_DIGITS) -> None:
    """Raise UsageError if `size` has more than `most` digits."""
    if not -(10**most) < size < 10**most:
        raise UsageError(f"{name} has more than {most} digits")


def check_convention(value: Any) -> Convention:
    """`value`; WrongTypeError if it is not a convention of FLOPs."""
    hint = 'For example, convcost.Convention("all").'
    return check_type("convention", value, Convention, "a convcost.Convention", hint)


def is_module(value: Any) -> bool:
    """Whether `value` is an instance of a torch module."""
    return hasattr(type(value), "named_modules")


def is_module_class(value: type) -> bool:
    """Whether `value` is a class of torch modules."""
    return hasattr(value, "named_modules")


def _is_dtype(value: Any) -> bool:
    return str(type(value)) == "<class 'torch.dtype'>"


def describe_value(value: Any) -> str:
    """A short description of `value` for an error."""
    if value is None or type(value) in (int, float, bool):
        return repr(value)[:40] if type(value) is not int or abs(value) < LARGEST_SHOWN else "an int"
    if type(value) is str:
        return f"the string {value[:40]!r}"
    if isinstance(value, type):
        return f"the class {value.__name__[:40]}"
    if _is_dtype(value):
        return str(value)
    name = type(value).__name__[:40]
    if is_module(value):
        return f"a torch module, {name}"
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def merge_sizes(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes by name, including those in a mapping `sizes`, whose names may equal those of options."""
    more = sizes.get("sizes")
    if not isinstance(more, Mapping):
        return dict(sizes)
    return {**{name: size for name, size in sizes.items() if name != "sizes"}, **check_size_names(more)}


def check_size_names(sizes: Mapping[Any, Any]) -> Mapping[str, Any]:
    """`sizes`; WrongTypeError if a name is not a string."""
    for name in sizes:
        check_type("the name of a size", name, str, "a string", 'For example, {"E": 128}.')
    return sizes
