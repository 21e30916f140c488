"""What records are made of: plain data with a JSON Schema, and what every JSON document begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, structs

from convcost import __version__
from convcost.core.cost import Count, Padding
from convcost.core.report import Report

LARGEST_FLOAT = 10**300

PACKAGES = ("convcost", "torch", "fvcore")

Formula = int | str
"""A whole number of any size; a formula such as 20*B*E**2*S where sizes are open."""

Quotient = float | str | None
"""A number; a formula where sizes are open; null for something over nothing."""

Seconds = float | int | None
"""Null where sizes are open."""

Versions = dict[str, str | None]


class Record(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object of JSON: its fields in their order, those that are UNSET left out."""


R = TypeVar("R", bound=Record)


def record_from(cls: type[R], source: object, **others: Any) -> R:
    """The record of `others`, and of the attributes of `source` that are called as its other fields.

    What may be left out is left out unless it is among `others`.
    """
    names = (name for name in cls.__struct_fields__ if name not in others and name not in _optional(cls))
    return cls(**others, **{name: data(getattr(source, name)) for name in names})


@cache
def _optional(cls: type[Record]) -> frozenset[str]:
    """The fields that may be left out; the defaults are those of the last fields."""
    ends = zip(reversed(cls.__struct_fields__), reversed(cls.__struct_defaults__), strict=False)
    return frozenset(name for name, default in ends if default is UNSET)


def records_from(cls: type[R], sources: Iterable[object]) -> list[R]:
    """One for each source."""
    return [record_from(cls, source) for source in sources]


def field_values(record: Record) -> dict[str, Any]:
    """Its fields by name, those that are left out not among them."""
    return {name: value for name, value in structs.asdict(record).items() if value is not UNSET}


def plain_data(record: Record) -> Any:
    """The record as dicts, lists, numbers and texts."""
    return msgspec.to_builtins(record, enc_hook=_plain_text)


def _plain_text(value: object) -> str:
    """A text of a class of its own."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not data")


def data(value: Any) -> Any:
    """A JSON value: an exact integer, a float for a fraction, a formula as the text of a program."""
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, Fraction):
        return float(value) if abs(value) <= LARGEST_FLOAT else round(value)
    if isinstance(value, Mapping):
        return {name: data(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return list(map(data, value))
    from convcost.symbolic.text import lowest_terms, program

    reduced = lowest_terms(value)
    return data(reduced) if isinstance(reduced, int | Fraction) else program(reduced)


def about(text: str) -> Meta:
    """What the schema says of a field."""
    return Meta(description=text)


def one_of(*names: str | None) -> Meta:
    """That a field of type Any is a record of one of these names, or null."""
    choices = [{"$ref": f"#/$defs/{name}"} if name else {"type": "null"} for name in names]
    return Meta(extra_json_schema=choices[0] if len(choices) == 1 else {"anyOf": choices})


def keys_of(words: Any) -> Meta:
    """That the names in a dict are some of the words of a Literal."""
    return Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(words))}})


Field = tuple[str, Any] | tuple[str, Any, Any]


def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """The fields of `record` by name and type, those that may be left out with UNSET."""
    found = structs.fields(record)
    return tuple((f.name, f.type) if f.required else (f.name, f.type, f.default) for f in found)


def record_type(name: str, text: str, *fields: Iterable[Field]) -> type[Record]:
    """A class of records that is put together: what a table of quantities has, or what others begin with."""
    every = [field for part in fields for field in part]
    made = msgspec.defstruct(name, every, bases=(Record,), namespace={"__doc__": text}, kw_only=True)
    return cast("type[Record]", made)


class ConventionRecord(Record):
    """What FLOPs are."""

    count: Annotated[Count, about("2 × MACs; with bias adds; with elementwise work too.")]
    padding: Annotated[Padding, about("All taps of a kernel, or only those on real data.")]


class Head(Record):
    """What every document begins with."""

    schema: Literal["convcost/1"]


class Context(Head):
    """What the numbers rest on."""

    symbols: Annotated[dict[str, Formula], about("The sizes by name; an open one stands for itself.")]
    assumptions: Annotated[list[str], about("What formulas assume of the open sizes.")]
    assumed: Annotated[list[str], about("The sizes that default to 1.")]
    convention: ConventionRecord
    versions: Annotated[Versions, about("Of convcost and of what checks it; null where it is not installed.")]


HEAD: dict[str, Any] = {"schema": "convcost/1"}


def context(reports: tuple[Report, ...]) -> dict[str, Any]:
    """The fields of a Context."""
    return {
        **HEAD,
        "symbols": {name: data(size) for report in reports for name, size in report.sizes.items()},
        "assumptions": [found.text for report in reports for found in report.assumptions],
        "assumed": sorted({name for report in reports for name in report.assumed}),
        "convention": record_from(ConventionRecord, reports[0].convention),
        "versions": versions(),
    }


def versions() -> Versions:
    """The versions of what numbers rest on."""
    return {package: installed(package) for package in PACKAGES}


def installed(package: str) -> str | None:
    """The package's version, without importing it."""
    if package == "convcost":
        return __version__
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
