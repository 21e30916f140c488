"""FILE.safetensors and FILE.safetensors.index.json: read the headers.

A file starts with the length of its header, 8 bytes little-endian. The header is a JSON object with the
dtype, shape and offsets of each tensor. Source: the documentation of safetensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from convcost.core.errors import UsageError
from convcost.core.weights import StoredTensor, weights_report
from convcost.tracing.sources.file_checks import checked_file
from convcost.tracing.sources.interface import ReportedModel
from convcost.tracing.sources.weights.checks import (
    LARGEST_SHAPE,
    MOST_DIMENSIONS,
    MOST_TENSORS,
    check_places,
    no_inputs,
    refuse_arguments,
)

LARGEST_HEADER = 2**24
"""Size limit of a header or index in bytes: 16 MiB."""

MOST_FILES = 10_000

INDEX = ".index.json"

BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("BOOL", "I8", "U8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **{"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4},
}
"""Bits of an element by dtype."""

PACKED = ("I32", "U32", "U8")
"""Dtypes in which quantized formats pack several numbers."""

PACKED_NOTE = (
    "Elements of integer tensors are counted as stored: quantized formats pack several weights in one."
)


_Size = Annotated[int, Meta(ge=0, le=LARGEST_SHAPE - 1)]


class _Entry(Struct):
    """The entry of a tensor in the header."""

    dtype: Annotated[str, Meta(pattern=r"\A\w{1,20}\Z")]
    shape: Annotated[list[_Size], Meta(max_length=MOST_DIMENSIONS)]
    data_offsets: tuple[_Size, _Size]


def load(name: str, arguments: Mapping[str, Any]) -> ReportedModel:
    """The tensors in the file at the path `name`, or in all files of an index; UsageError if damaged."""
    refuse_arguments(name, arguments)
    tensors = _of_index(name) if name.lower().endswith(INDEX) else _of_file(name)
    if not tensors:
        raise UsageError(f"{name[:200]} contains no tensors")
    tensors = tuple(sorted(tensors, key=lambda tensor: _natural_order(tensor.name)))
    notes = (PACKED_NOTE,) if any(tensor.dtype in PACKED for tensor in tensors) else ()
    return ReportedModel(no_inputs(name, weights_report(Path(name).name, tensors, notes)))


def _natural_order(name: str) -> list[tuple[bool, int, str]]:
    """A sort key that puts layers.2 before layers.10. safetensors sorts by dtype."""
    parts = name.split(".")
    return [(part.isdecimal(), int(part[:18]) if part.isdecimal() else 0, part) for part in parts]


def _of_file(path: str) -> tuple[StoredTensor, ...]:
    """The tensors of one file, by offset."""
    file, display_name = checked_file(path), path[:200]
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > size - 8:
            raise UsageError(
                f"{display_name} is truncated, or is not a safetensors file: its header is incomplete"
            )
        if length > LARGEST_HEADER:
            raise UsageError(f"{display_name}: the header is larger than {LARGEST_HEADER // 2**20} MiB")
        text = stream.read(length)
    entries = [(name, entry) for name, entry in _json(display_name, text) if name != "__metadata__"]
    if len(entries) > MOST_TENSORS:
        raise UsageError(f"{display_name} has more than {MOST_TENSORS:,} tensors")
    names = {name for name, _ in entries}
    if len(names) < len(entries):
        raise UsageError(f"{display_name} is damaged: two tensors have the same name")
    found = [_tensor(display_name, name, entry) for name, entry in entries]
    placed = sorted(found, key=lambda each: each[1])
    check_places(display_name, (place for _, place in placed), size - 8 - length)
    return tuple(tensor for tensor, _ in placed)


def _json(display_name: str, text: bytes) -> list[tuple[str, Any]]:
    """The members of a JSON object as pairs, so that duplicate names are kept."""
    try:
        found = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"{display_name} is damaged, or is not a safetensors file: its header is not JSON"
        ) from None
    if not isinstance(found, list) or not all(isinstance(pair, tuple) for pair in found):
        raise UsageError(f"{display_name} is damaged: its header is not a JSON object")
    return found


def _tensor(display_name: str, name: str, entry: Any) -> tuple[StoredTensor, tuple[int, int]]:
    """The tensor, and the offsets of its start and end."""
    try:
        found = msgspec.convert(dict(entry), _Entry)
    except (msgspec.ValidationError, TypeError, ValueError):
        message = (
            f"{display_name} is damaged: the entry of {name[:80]!a} needs a dtype, a shape and data_offsets"
        )
        raise UsageError(message) from None
    start, end = found.data_offsets
    bits = BITS.get(found.dtype)
    expected = None if bits is None else -(-math.prod(found.shape) * bits // 8)
    if end < start or (expected is not None and end - start != expected):
        raise UsageError(
            f"{display_name} is damaged: the size in bytes of {name[:80]!a} does not match its shape"
        )
    return StoredTensor(name, found.dtype, tuple(found.shape), end - start), (start, end)


def _of_index(path: str) -> tuple[StoredTensor, ...]:
    """The tensors of all files that an index names, in the same folder."""
    file, display_name = checked_file(path), path[:200]
    if file.stat().st_size > LARGEST_HEADER:
        raise UsageError(f"{display_name} is larger than {LARGEST_HEADER // 2**20} MiB")
    fields = dict(_json(display_name, file.read_bytes()))
    listed = fields.get("weight_map")
    if not isinstance(listed, list) or not all(isinstance(pair, tuple) for pair in listed):
        raise UsageError(f"{display_name} has no weight_map, so it is not a safetensors index")
    files = list(dict.fromkeys(where for _, where in listed))
    if len(files) > MOST_FILES or not all(map(_is_plain_name, files)):
        raise UsageError(f"{display_name}: its weight_map names a file that is not in the same folder")
    tensors = [tensor for name in files for tensor in _of_file(str(file.parent / name))]
    _check_names(display_name, (name for name, _ in listed), tensors)
    return tuple(tensors)


def _is_plain_name(name: Any) -> bool:
    return isinstance(name, str) and name.endswith(".safetensors") and not {*name} & {*"/\\\0:"}


def _check_names(display_name: str, listed: Iterable[str], tensors: list[StoredTensor]) -> None:
    """UsageError if the files don't have exactly one tensor for each name in the index."""
    there = {tensor.name for tensor in tensors}
    if len(there) < len(tensors):
        raise UsageError(f"{display_name}: two of its files have a tensor of the same name")
    if missing := next((name for name in listed if name not in there), None):
        raise UsageError(f"{display_name} is damaged: none of its files has {missing[:80]!a}")
