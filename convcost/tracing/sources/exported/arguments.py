"""Read the arguments of a node: names of values, and constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.exported.schema import (
    ExportedArgument,
    GraphName,
    OptionalTensor,
    SymName,
    TensorName,
)

DTYPES = {
    **{1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64, 6: torch.float16},
    **{7: torch.float32, 8: torch.float64, 9: torch.complex32, 10: torch.complex64, 11: torch.complex128},
    **{12: torch.bool, 13: torch.bfloat16, 28: torch.uint16, 29: torch.float8_e4m3fn, 30: torch.float8_e5m2},
    **{31: torch.float8_e4m3fnuz, 32: torch.float8_e5m2fnuz, 34: torch.uint32, 35: torch.uint64},
}
"""dtypes by their number in torch's schema."""

MEMORY_FORMATS = {
    **{1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d},
    4: torch.preserve_format,
}

STRIDED = 7

MakeFunction = Callable[[GraphName], Callable[..., Any]]


def dtype_by_number(number: int) -> torch.dtype:
    """The dtype with this number; UsageError for an unknown number."""
    if number not in DTYPES:
        raise UsageError(f"the graph has a tensor of an unknown dtype, number {number}")
    return DTYPES[number]


class ArgumentReader(NamedTuple):
    """Reads arguments of nodes.

    Attributes:
        values: The values of the graph by name.
        device: The device for new tensors.
        function: Turns a nested graph into a function.
    """

    values: Mapping[str, Any]
    device: torch.device
    function: MakeFunction

    def read(self, argument: ExportedArgument) -> Any:
        """The value of an argument; UsageError for an unsupported kind."""
        for field, kind in KINDS.items():
            found = getattr(argument, field)
            if found is not None:
                return kind(self, found)
        raise UsageError("the graph has an argument of an unsupported kind")

    def tensor(self, found: TensorName) -> Any:
        """The tensor with that name."""
        return self.values[found.name]

    def tensors(self, found: list[TensorName]) -> list[Any]:
        """The tensors with these names."""
        return list(map(self.tensor, found))

    def optional_tensor(self, found: OptionalTensor) -> Any:
        """The tensor, or None."""
        return found.as_tensor and self.tensor(found.as_tensor)

    def number(self, found: SymName) -> Any:
        """A number: a value of the graph, or a constant."""
        if found.as_name is not None:
            return self.values[found.as_name]
        constants = (found.as_int, found.as_bool, None if found.as_float is None else float(found.as_float))
        return next((constant for constant in constants if constant is not None), None)

    def numbers(self, found: list[SymName]) -> list[Any]:
        """The numbers."""
        return list(map(self.number, found))


def _memory_format(_: ArgumentReader, found: int) -> torch.memory_format:
    if found not in MEMORY_FORMATS:
        raise UsageError(f"the graph asks for an unknown memory format, number {found}")
    return MEMORY_FORMATS[found]


def _layout(_: ArgumentReader, found: int) -> torch.layout:
    if found != STRIDED:
        raise UsageError("the graph has a sparse tensor; sparse tensors are not supported")
    return torch.strided


def _same(_: ArgumentReader, found: Any) -> Any:
    return found


KINDS: dict[str, Callable[[ArgumentReader, Any], Any]] = {
    **{"as_tensor": ArgumentReader.tensor, "as_tensors": ArgumentReader.tensors},
    **dict.fromkeys(("as_int", "as_ints", "as_int_lists", "as_bool", "as_bools"), _same),
    **dict.fromkeys(("as_string", "as_strings"), _same),
    **dict.fromkeys(("as_sym_int", "as_sym_bool", "as_sym_float"), ArgumentReader.number),
    **dict.fromkeys(("as_sym_ints", "as_sym_bools", "as_sym_floats"), ArgumentReader.numbers),
    "as_float": lambda _, found: float(found),
    "as_floats": lambda _, found: list(map(float, found)),
    "as_float_lists": lambda _, found: [list(map(float, row)) for row in found],
    "as_complex": lambda _, found: complex(float(found.real), float(found.imag)),
    "as_scalar_type": lambda _, found: dtype_by_number(found),
    "as_memory_format": _memory_format,
    "as_layout": _layout,
    "as_device": lambda reader, _: reader.device,
    "as_optional_tensor": ArgumentReader.optional_tensor,
    "as_optional_tensors": lambda reader, found: list(map(reader.optional_tensor, found)),
    "as_nested_tensors": lambda reader, found: list(map(reader.tensors, found)),
    "as_graph": lambda reader, found: reader.function(found),
    "as_none": lambda _, __: None,
}  # fmt: skip
"""The reader of each kind of argument."""


def constant_value(argument: ExportedArgument) -> Any:
    """The value of a constant argument; KeyError if the argument names a value of the graph."""
    return ArgumentReader({}, torch.device("cpu"), _refuse_graph).read(argument)


def _refuse_graph(found: GraphName) -> Callable[..., Any]:
    raise UsageError(f"an input of the graph is a graph, {found.name[:40]!a}; that is not supported")
