"""Strip the large tensors from an ONNX file before it is parsed.

A protocol buffer is a list of fields: number and wire type, then a value, or a length and that many bytes.
Weights are in a few known fields, which are skipped without being read. So reading a file takes only as much
memory as its graph, whatever the size of the weights.

Source: https://protobuf.dev/programming-guides/encoding; onnx/onnx.proto for the field numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

LARGEST_VALUES = 1 << 14
"""Values of at most this many bytes are kept, such as those of shapes and constants."""

LONGEST_NUMBER = 10
"""The most bytes of an integer."""

DEEPEST = 64
"""The nesting limit of messages, such as loops within loops."""

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
"""Wire types."""

TENSOR_VALUES = frozenset((4, 5, 6, 7, 9, 10, 11))
"""The fields of a TensorProto that hold its elements."""

INNER: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""For each message type, the fields that are messages which may have tensors, and their types."""


class DamagedFileError(Exception):
    """Invalid bytes; the message says what is wrong."""


class WireField(NamedTuple):
    """A field: its number, offsets of its start, value and end, and whether it is length-delimited."""

    number: int
    start: int
    value: int
    end: int
    has_length: bool


def without_large_values(data: memoryview) -> bytes:
    """The model in `data` without the elements of tensors that have more than LARGEST_VALUES bytes of them.

    Raises:
        DamagedFileError: The bytes are not a protocol buffer.
    """
    output = bytearray()
    _copy_message(data, 0, len(data), "model", output, DEEPEST)
    return bytes(output)


def _copy_message(data: memoryview, start: int, end: int, kind: str, output: bytearray, depth: int) -> None:
    if not depth:
        raise DamagedFileError("nested too deeply")
    inner = INNER.get(kind, {})
    for field in _fields(data, start, end):
        if field.has_length and field.number in inner:
            part = bytearray()
            _copy_message(data, field.value, field.end, inner[field.number], part, depth - 1)
            output += _number(field.number << 3 | LENGTH) + _number(len(part)) + part
        elif kind != "tensor" or field.number not in TENSOR_VALUES or _is_small(field):
            output += data[field.start : field.end]


def _is_small(field: WireField) -> bool:
    return field.end - field.value <= LARGEST_VALUES


def _fields(data: memoryview, start: int, end: int) -> Iterator[WireField]:
    """field: TAG (VARINT | 8 bytes | 4 bytes | LENGTH bytes)"""
    place = start
    while place < end:
        tag, value = _read_number(data, place, end)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            _, after = _read_number(data, value, end)
        elif kind == LENGTH:
            length, value = _read_number(data, value, end)
            after = value + length
        elif kind in {FIXED_64, FIXED_32}:
            after = value + (8 if kind == FIXED_64 else 4)
        else:
            raise DamagedFileError("not a protocol buffer")
        if after > end or not number:
            raise DamagedFileError("not a protocol buffer, or truncated")
        yield WireField(number, place, value, after, kind == LENGTH)
        place = after


def _read_number(data: memoryview, place: int, end: int) -> tuple[int, int]:
    """number: seven bits in each byte, the lowest first; the last one is below 128."""
    number = 0
    for shift, byte in enumerate(data[place : min(end, place + LONGEST_NUMBER)]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, place + shift + 1
    raise DamagedFileError("truncated")


def _number(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))
