"""FILE.gguf: read the header of a llama.cpp file.

header: "GGUF" version:u32 tensors:u64 pairs:u64 pair* tensor*, then the aligned data of the tensors
pair: key:string type:u32 value
tensor: name:string dimensions:u32 size:u64* type:u32 offset:u64, with the innermost size first
string: length:u64 bytes

Source: docs/gguf.md of ggml. The gguf library is not used: it maps whole files and does not check them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from convcost.core.errors import UsageError
from convcost.core.weights import StoredTensor, weights_report
from convcost.tracing.sources.file_checks import checked_file
from convcost.tracing.sources.interface import ReportedModel
from convcost.tracing.sources.weights.checks import (
    LARGEST_SHAPE,
    MOST_TENSORS,
    check_places,
    no_inputs,
    refuse_arguments,
)
from convcost.tracing.sources.weights.ggml_types import BLOCKS

MAGIC = b"GGUF"

VERSIONS = (2, 3)

MOST_PAIRS = 2**16

LONGEST_KEY, LONGEST_NAME = 2**16, 2**10

LARGEST_HEADER = 2**28
"""Size limit of the header in bytes: 256 MiB. Most of a header is the tokenizer's vocabulary."""

MOST_DIMENSIONS = 8

DEFAULT_ALIGNMENT = 32

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by metadata type: integers, floats, booleans."""

UINT32, STRING, ARRAY = 4, 8, 9

MOST_NESTED = 4

PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.S | re.I)
"""The name of a part of a model that is split into several files."""


def load(name: str, arguments: Mapping[str, Any]) -> ReportedModel:
    """The tensors in the file at the path `name`, and in all other parts of a split model."""
    refuse_arguments(name, arguments)
    tensors = tuple(tensor for path in _parts(name) for tensor in _of_file(path))
    if not tensors:
        raise UsageError(f"{name[:200]} contains no tensors")
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise UsageError(f"{name[:200]} is damaged: two tensors have the same name")
    return ReportedModel(no_inputs(name, weights_report(Path(name).name, tensors)))


def _parts(name: str) -> list[str]:
    found = PART.fullmatch(name)
    if not found:
        return [name]
    count = int(found["count"])
    return [f"{found['stem']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)] or [name]


def _of_file(path: str) -> list[StoredTensor]:
    file, display_name = checked_file(path), path[:200]
    with file.open("rb") as stream:
        return _Header(display_name, stream, file.stat().st_size).tensors()


class _Header:
    """Reads a header from front to back, and checks each number before it is used."""

    def __init__(self, display_name: str, stream: BinaryIO, size: int) -> None:
        self._display_name, self._stream, self._size = display_name, stream, size
        self._order: Any = "little"

    def tensors(self) -> list[StoredTensor]:
        """The tensors, in the order of the file."""
        if self._bytes(4) != MAGIC:
            raise UsageError(f"{self._display_name} is not a GGUF file")
        self._read_version()
        tensors, pairs = self._number(8), self._number(8)
        if tensors > min(MOST_TENSORS, self._size) or pairs > min(MOST_PAIRS, self._size):
            raise UsageError(
                f"{self._display_name} is damaged, or too large: {tensors:,} tensors, {pairs:,} entries"
            )
        alignment = self._skip_pairs(pairs)
        found = [self._tensor() for _ in range(tensors)]
        start = -(-self._stream.tell() // alignment) * alignment
        places = sorted((offset, offset + tensor.bytes) for tensor, offset in found)
        check_places(self._display_name, places, max(self._size - start, 0), gap=alignment)
        return [tensor for tensor, _ in found]

    def _read_version(self) -> None:
        """Read the version, which also shows the byte order of all numbers."""
        version = self._bytes(4)
        if int.from_bytes(version, "little") not in VERSIONS:
            self._order = "big"
        number = int.from_bytes(version, self._order)
        if number not in VERSIONS:
            number = int.from_bytes(version, "little")
            raise UsageError(
                f"{self._display_name} is a GGUF file of version {number}; only versions 2 and 3 can be read"
            )

    def _skip_pairs(self, pairs: int) -> int:
        """Skip all metadata entries, and return the alignment of tensors."""
        alignment = DEFAULT_ALIGNMENT
        for _ in range(pairs):
            key, kind = self._string(LONGEST_KEY), self._number(4)
            if key == "general.alignment" and kind == UINT32:
                alignment = self._number(4)
            else:
                self._skip_value(kind, MOST_NESTED)
        if not 1 <= alignment <= 2**20:
            raise UsageError(f"{self._display_name} is damaged: an alignment of {alignment:,} bytes")
        return alignment

    def _skip_value(self, kind: int, levels: int) -> None:
        if kind in SIZES:
            self._skip(SIZES[kind])
        elif kind == STRING:
            self._skip(self._number(8))
        elif kind == ARRAY and levels:
            inner, number = self._number(4), self._number(8)
            if inner in SIZES:
                self._skip(number * SIZES[inner])
                return
            if number > self._size // 8:
                raise self._cut_off()
            for _ in range(number):
                self._skip_value(inner, levels - 1)
        else:
            raise UsageError(f"{self._display_name} is damaged: metadata of an unknown type, {kind}")

    def _tensor(self) -> tuple[StoredTensor, int]:
        """The tensor and its offset in the data."""
        name = self._string(LONGEST_NAME)
        dimensions = self._number(4)
        if dimensions > MOST_DIMENSIONS:
            raise UsageError(f"{self._display_name} is damaged: {name[:80]!a} has {dimensions:,} dimensions")
        sizes = [self._number(8) for _ in range(dimensions)]
        kind, offset = self._number(4), self._number(8)
        if kind not in BLOCKS:
            raise UsageError(f"{self._display_name}: {name[:80]!a} has an unknown type, {kind}")
        dtype, block, block_bytes = BLOCKS[kind]
        innermost = sizes[0] if sizes else 1
        if innermost % block or math.prod(sizes) >= LARGEST_SHAPE or offset >= LARGEST_SHAPE:
            raise UsageError(f"{self._display_name} is damaged: {name[:80]!a} has an impossible size")
        size = math.prod(sizes) // block * block_bytes
        return StoredTensor(name, dtype, tuple(reversed(sizes)), size), offset

    def _string(self, longest: int) -> str:
        length = self._number(8)
        if length > longest:
            raise UsageError(f"{self._display_name} is damaged: a name of {length:,} bytes")
        return self._bytes(length).decode("utf-8", "replace")

    def _number(self, size: int) -> int:
        return int.from_bytes(self._bytes(size), self._order)

    def _bytes(self, size: int) -> bytes:
        found = self._stream.read(size)
        if len(found) < size:
            raise self._cut_off()
        if self._stream.tell() > LARGEST_HEADER:
            raise UsageError(f"{self._display_name}: the header is larger than {LARGEST_HEADER // 2**20} MiB")
        return found

    def _skip(self, size: int) -> None:
        if size > self._size - self._stream.tell():
            raise self._cut_off()
        self._stream.seek(size, 1)

    def _cut_off(self) -> UsageError:
        return UsageError(
            f"{self._display_name} is truncated, or is not a GGUF file: its header is incomplete"
        )
