"""An ONNX model as plain data: graphs of nodes, the tensors that a file has, and the functions it defines."""

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
"""torch's names of dtypes, by ONNX's numbers. Text and elements of less than a byte have none."""

MOST_VALUES = 4096
"""Elements of a tensor whose values are read: a shape, a constant."""

VALUE_FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")

KIND = "pkg.torch.export.graph_signature.InputSpec.kind"
"""torch's exporter says by this whether a tensor is a parameter or a buffer."""


class InvalidModelError(Exception):
    """What a file says is no model; the text says where and why."""


def check_texts(*texts: Any) -> None:
    """InvalidModelError where one of them is bytes, which the library makes of what is no text."""
    if not all(isinstance(text, str) for text in texts):
        raise InvalidModelError("a name in it is not UTF-8 text")


Dimension = int | str
"""A number, or what the file calls an open size; empty if it says nothing."""


class TensorType(NamedTuple):
    """What a file states of a value: its dtype, and its shape if that is known.

    `kind` is PARAMETER, BUFFER or the like where torch's exporter says so.
    """

    name: str
    dtype: str
    shape: tuple[Dimension, ...] | None
    kind: str = ""


class OnnxTensor(NamedTuple):
    """A tensor that a file has, with its elements if they are few."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: numpy.ndarray[Any, Any] | None


@dataclass(frozen=True)
class OnnxNode:
    """An operator of a graph: what it is called, reads and yields; its attributes, some of which are graphs.

    Attributes:
        op: With its domain, if that is not ONNX's own: com.microsoft.Gelu.
        scopes: The parts of the path of the module that it was exported from.
        captured: The values that its graphs take from around it; `inputs` are those it is given.
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
    """Nodes in an order in which they can run, from `inputs` to `outputs`.

    `declared` is what the file states of values: of inputs, of outputs, and of some in between.
    """

    nodes: tuple[OnnxNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[OnnxTensor, ...] = ()
    declared: Mapping[str, TensorType] = field(default_factory=dict)

    @property
    def free_names(self) -> tuple[str, ...]:
        """The values that it takes from around it, in the order of their first use."""
        made = {*self.inputs, *(tensor.name for tensor in self.tensors), ""}
        found: dict[str, None] = {}
        for node in self.nodes:
            found.update(dict.fromkeys(name for name in (*node.inputs, *node.captured) if name not in made))
            made.update(node.outputs)
        found.update(dict.fromkeys(name for name in self.outputs if name not in made))
        return tuple(found)


def stored_tensor(proto: Any) -> OnnxTensor:
    """The tensor that a TensorProto is; InvalidModelError where its sizes or elements are impossible."""
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
        except Exception:  # whatever is raised for data that doesn't fit
            raise InvalidModelError(f"the elements of the tensor {name} don't fit {list(shape)}") from None
    return OnnxTensor(name, dtype, shape, values)


def dtype_name(number: int) -> str:
    """torch's name of a dtype; empty if it has none."""
    return DTYPES.get(number, "")


def tensor_type(proto: Any) -> TensorType:
    """What a ValueInfoProto states."""
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
    """Its nodes, and those of the graphs within them."""
    for node in graph.nodes:
        yield node
        for inner in node.graphs.values():
            yield from all_nodes(inner)
