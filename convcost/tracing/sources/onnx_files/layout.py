"""Place the nodes of a graph in the tree of the exported modules, and assign parameters to nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from convcost.tracing.sources.onnx_files.graph import OnnxGraph, OnnxNode, OnnxTensor
from convcost.tracing.sources.onnx_files.operators import contraction, normalization, recurrent
from convcost.tracing.sources.onnx_files.operators.movement import FREE_OPERATORS

PASSING_OPERATORS = frozenset(
    (
        *("Cast", "CastLike", "DequantizeLinear", "Flatten", "Identity", "Reshape", "Split", "Squeeze"),
        *("Transpose", "Unsqueeze"),
    )
)
"""Operators that pass a parameter on: it belongs to the node that uses their output."""

MAIN_OPERATORS = frozenset(contraction.OPERATORS | recurrent.OPERATORS | normalization.OPERATORS)

LONGEST_NAME = 80

NOT_IN_NAMES = re.compile(r"[^\w:+ -]+", re.ASCII)


def with_biases(graph: OnnxGraph) -> OnnxGraph:
    """Merge each MatMul that is followed by an Add of a stored vector into one node, a linear layer.

    Exporters write a linear layer as these two nodes.
    """
    stored = {tensor.name: tensor for tensor in graph.tensors}
    uses = Counter(name for node in graph.nodes for name in (*node.inputs, *node.captured))
    uses.update(graph.outputs)
    products = {
        node.outputs[0]: node
        for node in graph.nodes
        if node.op == "MatMul" and len(node.inputs) == 2 and uses[node.outputs[0]] == 1
    }
    found = {id(node): _product_and_bias(node, products, stored) for node in graph.nodes}
    merged = {id(product) for product, _ in found.values()}
    nodes = (_merge_bias(node, *found[id(node)]) for node in graph.nodes if id(node) not in merged)
    return replace(graph, nodes=tuple(nodes))


def _merge_bias(node: OnnxNode, product: OnnxNode | None, bias: str) -> OnnxNode:
    if product is None:
        return node
    return replace(product, op=LINEAR, name=node.name, inputs=(*product.inputs, bias), outputs=node.outputs)


LINEAR = "MatMul + Add"


def _product_and_bias(
    node: OnnxNode, products: Mapping[str, OnnxNode], stored: Mapping[str, OnnxTensor]
) -> tuple[OnnxNode | None, str]:
    if node.op == "Add" and len(node.inputs) == 2:
        for value, bias in (node.inputs, node.inputs[::-1]):
            product = products.get(value)
            if product is not None and bias in stored and len(stored[bias].shape) == 1:
                return product, bias
    return None, ""


def node_paths(graph: OnnxGraph) -> list[str]:
    """A path for each node: the path of its module, then the node's own name.

    The main node of a module without submodules gets the module's path itself. That is the only contraction,
    norm or embedding in it, or else the only node that computes.
    """
    stored = {tensor.name for tensor in graph.tensors}
    scopes = [tuple(map(part_name, node.scopes)) for node in graph.nodes]
    all_kinds = [_kinds(node, stored) for node in graph.nodes]
    pairs = zip(scopes, all_kinds, strict=True)
    counts = Counter((scope, kind) for scope, kinds in pairs if scope for kind in kinds)
    outer_scopes = {scope[:length] for scope in scopes for length in range(len(scope))}
    path_counts: Counter[str] = Counter()
    found = []
    for node, scope, kinds in zip(graph.nodes, scopes, all_kinds, strict=True):
        kind = "main" if counts[scope, "main"] else "computing"
        is_main = counts[scope, kind] == 1 and kind in kinds and scope not in outer_scopes
        own = () if is_main else (part_name(node.op if scope else _own_name(node)),)
        path = ".".join((*scope, *own))
        path_counts[path] += 1
        found.append(path if path_counts[path] == 1 else f"{path}_{path_counts[path] - 1}")
    return found


def _kinds(node: OnnxNode, stored: Container[str]) -> tuple[str, ...]:
    """ "computing" for nodes that compute, "main" for those that can stand for their module."""
    if node.op == "Gather" and node.inputs[:1] and node.inputs[0] in stored:
        return ("computing", "main")
    if node.op in FREE_OPERATORS:
        return ()
    return ("computing", "main") if node.op in MAIN_OPERATORS else ("computing",)


def _own_name(node: OnnxNode) -> str:
    return node.name.rpartition("/")[2].removeprefix("node_") or node.op


def part_name(name: str) -> str:
    """`name` as one part of a path, without dots."""
    return NOT_IN_NAMES.sub("_", name)[:LONGEST_NAME].strip("_ ") or "node"


def parameter_owners(graph: OnnxGraph, paths: Iterable[str]) -> dict[str, str]:
    """For each tensor, the path of the first node that computes with it."""
    owners: dict[str, str] = {}
    for node, path in reversed([*zip(graph.nodes, paths, strict=True)]):
        owner = path
        if node.op in PASSING_OPERATORS and node.outputs:
            owner = owners.get(node.outputs[0], path)
        owners.update((name, owner) for name in (*node.inputs, *node.captured) if name)
    return owners
