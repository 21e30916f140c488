"""An ONNX model as plain data: graphs, nodes and stored tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core import arithmetic
from convcost.tracing.declared_inputs import MAX_ELEMENTS

if TYPE_CHECKING:
    import numpy

DTYPES = {
    **{1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool"},
    **{10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128"},
    **{16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz"},
}
"""torch's dtype names by ONNX's numbers. Strings and types of less than a byte have none."""

MOST_VALUES = 4096
"""Values are read only from tensors with at most this many elements, such as shapes and constants."""

VALUE_FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")

KIND = "pkg.torch.export.graph_signature.InputSpec.kind"
"""The metadata key by which torch's exporter marks parameters and buffers."""


class InvalidModelError(Exception):
    """An invalid model; the message says where and why."""


def check_texts(*texts: Any) -> None:
    """InvalidModelError if one of them is not text: protobuf returns invalid UTF-8 as bytes."""
    if not all(isinstance(text, str) for text in texts):
        raise InvalidModelError("a name in it is not UTF-8 text")


Dimension = int | str
"""A number, or the name of an open size; empty for an unnamed one."""


class TensorType(NamedTuple):
    """The dtype and shape that a file states for a value.

    Attributes:
        name: The name of the value.
        dtype: torch's name; empty if torch has no such dtype.
        shape: None if the file does not state it.
        kind: PARAMETER, BUFFER and so on, if torch's exporter marked it.
    """

    name: str
    dtype: str
    shape: tuple[Dimension, ...] | None
    kind: str = ""


class OnnxTensor(NamedTuple):
    """A tensor stored in a file, with its elements if they are few."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: numpy.ndarray[Any, Any] | None


@dataclass(frozen=True)
class OnnxNode:
    """A node of a graph.

    Attributes:
        op: The operator, with its domain if that is not ONNX's own: com.microsoft.Gelu.
        name: The node's own name; may be empty.
        inputs: The names of its inputs; empty for an omitted one.
        outputs: The names of its outputs.
        attributes: Attributes by name; some are nested graphs.
        scopes: The path of the module that it was exported from, in parts.
        captured: The values that its nested graphs read from the graph around it.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    captured: tuple[str, ...] = ()

    @property
    def graphs(self) -> Mapping[str, OnnxGraph]:
        """The graphs among its attributes."""
        return {name: value for name, value in self.attributes.items() if isinstance(value, OnnxGraph)}

    def __str__(self) -> str:
        return f"{self.name} ({self.op})" if self.name else self.op


@dataclass(frozen=True)
class OnnxGraph:
    """Nodes in execution order, from `inputs` to `outputs`.

    `declared` has the types that the file states: of inputs, outputs and some values in between.
    """

    nodes: tuple[OnnxNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[OnnxTensor, ...] = ()
    declared: Mapping[str, TensorType] = field(default_factory=dict)

    @property
    def free_names(self) -> tuple[str, ...]:
        """The values that it reads from the graph around it, in order of first use."""
        made = {*self.inputs, *(tensor.name for tensor in self.tensors), ""}
        found: dict[str, None] = {}
        for node in self.nodes:
            found.update(dict.fromkeys(name for name in (*node.inputs, *node.captured) if name not in made))
            made.update(node.outputs)
        found.update(dict.fromkeys(name for name in self.outputs if name not in made))
        return tuple(found)


def stored_tensor(proto: Any) -> OnnxTensor:
    """The tensor in a TensorProto; InvalidModelError if its sizes or elements are invalid."""
    from onnx import numpy_helper

    shape, name = tuple(proto.dims), proto.name
    check_texts(name)
    if min(shape, default=0) < 0 or (elements := arithmetic.elements(shape)) > MAX_ELEMENTS:
        raise InvalidModelError(f"the tensor {name} has an impossible shape, {list(shape)}")
    dtype = dtype_name(proto.data_type)
    values = None
    has_values = proto.HasField("raw_data") or any(len(getattr(proto, name)) for name in VALUE_FIELDS)
    if elements <= MOST_VALUES and proto.data_location == 0 and dtype and (has_values or not elements):
        try:
            values = numpy_helper.to_array(proto)
        except Exception:  # onnx raises various types for invalid data
            raise InvalidModelError(f"the elements of the tensor {name} don't fit {list(shape)}") from None
    return OnnxTensor(name, dtype, shape, values)


def dtype_name(number: int) -> str:
    """torch's name for ONNX's dtype number; empty if torch has no such dtype."""
    return DTYPES.get(number, "")


def tensor_type(proto: Any) -> TensorType:
    """The type in a ValueInfoProto."""
    check_texts(proto.name, *(size.dim_param for size in proto.type.tensor_type.shape.dim))
    kind = next((entry.value for entry in proto.metadata_props if entry.key == KIND), "")
    found = proto.type.tensor_type
    if not found.HasField("shape"):
        return TensorType(proto.name, dtype_name(found.elem_type), None, kind)
    shape = tuple(_dimension(size) for size in found.shape.dim)
    return TensorType(proto.name, dtype_name(found.elem_type), shape, kind)


def _dimension(proto: Any) -> Dimension:
    if proto.HasField("dim_value"):
        return int(proto.dim_value)
    return str(proto.dim_param)


def all_nodes(graph: OnnxGraph) -> Iterator[OnnxNode]:
    """The nodes of a graph and of its nested graphs."""
    for node in graph.nodes:
        yield node
        for inner in node.graphs.values():
            yield from all_nodes(inner)
