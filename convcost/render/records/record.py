"""Records: plain data with typed fields. msgspec makes JSON and JSON Schemas of them."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from inspect import get_annotations
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct, structs

LARGEST_FLOAT = 10**300

Formula = int | str
"""A whole number of any size; a formula such as 20*B*E**2*S where sizes are open."""

Quotient = float | str | None
"""A number; a formula if sizes are open; null for a division by zero."""

Seconds = float | int | None
"""A time; null if sizes are open."""


class Record(Struct, forbid_unknown_fields=True):
    """A JSON object: its fields in order, without those that are UNSET."""


R = TypeVar("R", bound=Record)


def record_from(cls: type[R], source: object, **others: Any) -> R:
    """Make a record: each field is one of `others`, or else the attribute of `source` that has its name.

    An optional field is left out unless `others` has it.
    """
    names = (name for name in _required_fields(cls) if name not in others)
    return cls(**others, **{name: data(getattr(source, name)) for name in names})


@cache
def _required_fields(cls: type[Record]) -> tuple[str, ...]:
    """The fields that are always present: those without UNSET as their default."""
    names, defaults = cls.__struct_fields__, cls.__struct_defaults__
    optional = {
        name for name, value in zip(reversed(names), reversed(defaults), strict=False) if value is UNSET
    }
    return tuple(name for name in names if name not in optional)


def records_from(cls: type[R], sources: Iterable[object]) -> list[R]:
    """A record for each source."""
    return [record_from(cls, source) for source in sources]


def field_values(record: Record) -> dict[str, Any]:
    """The record's fields by name, without those that are UNSET."""
    return {name: value for name, value in structs.asdict(record).items() if value is not UNSET}


def plain_data(record: Record) -> Any:
    """The record as dicts, lists, numbers and strings, for the json module."""
    return msgspec.to_builtins(record, enc_hook=_plain_text)


def _plain_text(value: object) -> str:
    """A subclass of str as a str: msgspec does not know subclasses."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not data")


def data(value: Any) -> Any:
    """`value` for JSON: an exact integer, a float for a fraction, a formula as code."""
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, Fraction):
        return float(value) if abs(value) <= LARGEST_FLOAT else round(value)
    if isinstance(value, Mapping):
        return {name: data(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return list(map(data, value))
    from convcost.symbolic.sympy_text import lowest_terms, program

    reduced = lowest_terms(value)
    return data(reduced) if isinstance(reduced, int | Fraction) else program(reduced)


Field = tuple[str, Any] | tuple[str, Any, Any]


def fields_of(record: type[Record]) -> list[Field]:
    """The fields of `record` by name and type; optional ones have UNSET as their default.

    These modules do not import annotations from __future__: evaluating strings would take too long.
    """
    hints = {name: hint for cls in reversed(record.__mro__) for name, hint in get_annotations(cls).items()}
    required = _required_fields(record)
    fields = ((name, hints[name]) for name in record.__struct_fields__)
    return [field if field[0] in required else (*field, UNSET) for field in fields]


def record_type(name: str, text: str, *fields: Iterable[Field]) -> type[Record]:
    """Make a record class with `fields`, such as those of several records, or one for each quantity.

    msgspec has no inheritance from several records.
    """
    every = [field for part in fields for field in part]
    made = msgspec.defstruct(name, every, bases=(Record,), namespace={"__doc__": text}, kw_only=True)
    return cast("type[Record]", made)
