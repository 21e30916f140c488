"""Make an OnnxGraph of a ModelProto: checked, with functions inlined where they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from convcost.tracing.sources.onnx_files.graph import (
    InvalidModelError,
    OnnxGraph,
    OnnxNode,
    OnnxTensor,
    TensorType,
    check_texts,
    stored_tensor,
    tensor_type,
)
from convcost.tracing.sources.onnx_files.scopes import module_scopes

OLDEST_OPSET = 13

MOST_NODES = 100_000
"""Limit on nodes, counting a function's nodes for each call. Nested functions could grow exponentially."""

DEEPEST = 30
"""Limit on nesting of functions and graphs."""

OWN_DOMAINS = ("", "ai.onnx")

FUNCTION = "function"
"""The attribute under which the call of a function has the function's graph."""

Function = Any
"""A FunctionProto."""


def read_graph(model: Any) -> OnnxGraph:
    """The graph of a ModelProto; InvalidModelError if it can't be run."""
    opset = max((entry.version for entry in model.opset_import if entry.domain in OWN_DOMAINS), default=0)
    if not model.graph.node and not model.graph.output:
        raise InvalidModelError("it has no graph")
    if opset < OLDEST_OPSET:
        raise InvalidModelError(
            f"it has opset {opset}, and the oldest supported opset is {OLDEST_OPSET}: "
            "convert it with onnx.version_converter.convert_version"
        )
    functions = {(found.domain, found.name): found for found in model.functions}
    return GraphReader(functions).graph(model.graph, frozenset())


@dataclass
class GraphReader:
    """Makes graphs and nodes from protocol buffers, and counts the nodes."""

    functions: Mapping[tuple[str, str], Function]
    _nodes: int = field(default=0)
    _depth: int = field(default=0)

    def graph(self, proto: Any, around: Set[str], given: Mapping[str, Any] | None = None) -> OnnxGraph:
        """The graph of a GraphProto.

        Args:
            proto: The GraphProto.
            around: The values of the outer graph that it can read.
            given: The attributes of the function that it is part of.
        """
        tensors = (*map(stored_tensor, proto.initializer), *map(_sparse_tensor, proto.sparse_initializer))
        stored = {tensor.name for tensor in tensors}
        values = (*map(tensor_type, proto.value_info), *map(tensor_type, (*proto.input, *proto.output)))
        return self._check_free_names(
            OnnxGraph(
                self._all_nodes(proto.node, {*around, *stored, *(i.name for i in proto.input)}, given or {}),
                tuple(value.name for value in proto.input if value.name not in stored),
                tuple(value.name for value in proto.output),
                tensors,
                _by_name(values),
            ),
            around,
        )

    def _check_free_names(self, graph: OnnxGraph, around: Set[str]) -> OnnxGraph:
        missing = next((name for name in graph.free_names if name not in around), None)
        if missing is not None:
            raise InvalidModelError(f"the output {missing} is not produced by any node")
        return graph

    def _all_nodes(
        self, protos: Iterable[Any], known: set[str], given: Mapping[str, Any]
    ) -> tuple[OnnxNode, ...]:
        """The nodes; `known` are the values that exist before the first one."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise InvalidModelError(f"graphs or functions are nested more than {DEEPEST} deep")
        nodes, known = [], {*known, ""}
        for proto in protos:
            self._nodes += 1
            if self._nodes > MOST_NODES:
                raise InvalidModelError(f"it has more than {MOST_NODES} nodes, those of functions included")
            node = self._node(proto, known, given)
            for name in node.inputs:
                if name not in known:
                    text = f"the node {node} reads {name}, which no earlier node produces"
                    raise InvalidModelError(text)
            for name in node.outputs:
                if name and name in known:
                    raise InvalidModelError(f"the node {node} produces {name}, which already exists")
            known.update(node.outputs)
            nodes.append(node)
        self._depth -= 1
        return tuple(nodes)

    def _node(self, proto: Any, known: Set[str], given: Mapping[str, Any]) -> OnnxNode:
        metadata = {entry.key: entry.value for entry in proto.metadata_props}
        check_texts(proto.name, proto.op_type, proto.domain, *proto.input, *proto.output, *metadata.values())
        attributes = {}
        for attribute in proto.attribute:
            if not attribute.ref_attr_name:
                attributes[attribute.name] = self._value(attribute, known, given)
            elif attribute.ref_attr_name in given:
                attributes[attribute.name] = given[attribute.ref_attr_name]
        function = self.functions.get((proto.domain, proto.op_type))
        if function is not None:
            attributes = {FUNCTION: self._function(function, attributes)}
        graphs = [value for value in attributes.values() if isinstance(value, OnnxGraph)]
        captured = dict.fromkeys(name for graph in graphs for name in graph.free_names)
        domain = "" if proto.domain in OWN_DOMAINS else f"{proto.domain}."
        return OnnxNode(
            f"{domain}{proto.op_type}",
            proto.name,
            tuple(proto.input),
            tuple(proto.output),
            attributes,
            module_scopes(proto.name, metadata),
            tuple(captured),
        )

    def _function(self, proto: Function, attributes: Mapping[str, Any]) -> OnnxGraph:
        defaults = {found.name: self._value(found, frozenset(), {}) for found in proto.attribute_proto}
        nodes = self._all_nodes(proto.node, set(proto.input), {**defaults, **attributes})
        graph = OnnxGraph(nodes, tuple(proto.input), tuple(proto.output))
        return self._check_free_names(graph, frozenset())

    def _value(self, attribute: Any, known: Set[str], given: Mapping[str, Any]) -> Any:
        """The value of an AttributeProto as plain data; None for an unsupported type."""
        from onnx import AttributeProto as Kind

        match attribute.type:
            case Kind.TENSOR:
                return stored_tensor(attribute.t)
            case Kind.GRAPH:
                return self.graph(attribute.g, known, given)
            case Kind.STRING:
                return attribute.s.decode("utf-8", "replace")
            case Kind.STRINGS:
                return tuple(text.decode("utf-8", "replace") for text in attribute.strings)
            case Kind.INTS:
                return tuple(attribute.ints)
            case Kind.FLOATS:
                return tuple(attribute.floats)
            case Kind.INT:
                return attribute.i
            case Kind.FLOAT:
                return attribute.f
        return None


def _sparse_tensor(proto: Any) -> OnnxTensor:
    """A sparse tensor, with the shape of the dense one and no values."""
    return stored_tensor(proto.values)._replace(shape=tuple(proto.dims), values=None)


def _by_name(values: Iterable[TensorType]) -> dict[str, TensorType]:
    """The types by name. Two entries of a value, one with its shape and one with its kind, are merged."""
    found: dict[str, TensorType] = {}
    for value in values:
        before = found.get(value.name)
        found[value.name] = value if before is None else value._replace(kind=value.kind or before.kind)
    return found
