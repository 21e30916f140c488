"""A machine's figures as JSON, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, get_args

from convcost.benchmark.machine import Figure, Machine
from convcost.benchmark.settings import On
from convcost.core.errors import UsageError
from convcost.devices.device import DTYPES, Call

SCHEMA = "convcost-machine"
VERSION = 1

LARGEST = 10**24


def text_of(machine: Machine) -> str:
    """As it is kept in a file."""
    record = {"schema": f"{SCHEMA}/{VERSION}", **asdict(machine)}
    return json.dumps(record, indent=2) + "\n"


def machine_in(text: str, file: str) -> Machine:
    """The machine that `file` has; UsageError if it is anything else."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise _unfit(file, "is no JSON") from None
    _check_version(record, file)
    try:
        return _machine(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unfit(file, f"is damaged ({type(error).__name__}: {str(error)[:60]})") from None


def _check_version(record: Any, file: str) -> None:
    schema = record.get("schema") if isinstance(record, dict) else None
    found = re.fullmatch(rf"{SCHEMA}/([0-9]{{1,9}})", schema) if isinstance(schema, str) else None
    if not found:
        raise _unfit(file, "has no measurement of convcost's")
    if int(found[1]) != VERSION:
        raise _unfit(file, f"is of version {int(found[1])}, and this convcost reads version {VERSION}")


def _unfit(file: str, what: str) -> UsageError:
    hint = "Move it away, and convcost devices --measure writes a new one."
    return UsageError(f"{file} {what}", hint=hint)


def _machine(record: dict[str, Any]) -> Machine:
    peaks = {_one_of(DTYPES, name): _figure(figure) for name, figure in record["peaks"].items()}
    if not peaks:
        raise ValueError("no peaks")
    memory = record["memory"]
    return Machine(
        name=_text(record["name"]),
        on=_one_of(get_args(On), record["on"]),
        memory=None if memory is None else _whole(memory),
        measured=_text(record["measured"]),
        torch=_text(record["torch"]),
        threads=_whole(record["threads"]),
        peaks=peaks,
        bandwidth=_figure(record["bandwidth"]),
        caches={_whole(int(size)): _figure(figure) for size, figure in record["caches"].items()},
        overheads={of: _share(record["overheads"][of]) for of in get_args(Call)},
        noise=_share(record["noise"]),
        skipped={_text(name): _text(reason) for name, reason in record["skipped"].items()},
    )


def _figure(record: dict[str, Any]) -> Figure:
    return Figure(_whole(record["value"]), _text(record["work"]), _share(record["spread"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:20]!r} is no text")
    return value


def _one_of(known: Iterable[str], value: Any) -> str:
    if value not in known:
        raise ValueError(f"{str(value)[:20]!r} is none of {', '.join(known)}")
    return _text(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 < value <= LARGEST:
        raise ValueError(f"{str(value)[:20]} is no whole number above 0")
    return value


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < LARGEST:
        raise ValueError(f"{str(value)[:20]} is no number from 0 on")
    return float(value)
