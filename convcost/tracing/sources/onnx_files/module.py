"""A graph as a torch module: a submodule for each node, in the tree that it was exported from.

It runs on shapes as any module does, so that its formulas, open sizes and counters are those of modules. Its
parameters have the file's shapes and dtypes, and none of its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import torch

from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.sources.onnx_files.control_flow import CONTROL_FLOW
from convcost.tracing.sources.onnx_files.declared import check_declared, check_inputs
from convcost.tracing.sources.onnx_files.graph import Graph, Node, TensorType
from convcost.tracing.sources.onnx_files.graph_reader import FUNCTION
from convcost.tracing.sources.onnx_files.known_values import fold
from convcost.tracing.sources.onnx_files.layout import node_paths, parameter_owners, part_name, with_biases
from convcost.tracing.sources.onnx_files.operators import OPERATORS
from convcost.tracing.sources.onnx_files.parameters import Use, is_parameter, uses_of_tensors
from convcost.tracing.sources.onnx_files.unknown import run_unknown
from convcost.tracing.sources.onnx_files.values import Call, Value, as_tensor, constant
from convcost.tracing.user_error import short_text

PYTHON_ERRORS = (
    *(RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError),
    *(AssertionError, NotImplementedError, OverflowError),
)
"""What torch and NumPy raise where shapes or attributes don't fit. What derives from these, such as a size
that has to be a number, is for what runs the model."""


class NodeError(UsageError):
    """A node that can't be computed; the message says which."""


class FileContext(NamedTuple):
    """What all graphs of a file share: what takes which tensor, and the sizes that inputs gave names to."""

    uses: Mapping[str, Sequence[Use]]
    sizes: dict[str, Any]


class Part(torch.nn.Module):
    """A part of the tree that holds others."""


class NodeModule(torch.nn.Module):
    """A node; `graphs` are those in its attributes."""

    def __init__(self, node: Node, stated: Sequence[TensorType | None], context: FileContext) -> None:
        super().__init__()
        self.node, self.stated, self.context = node, stated, context
        self.graphs: dict[str, GraphParts] = {}

    def forward(self, *values: Value) -> tuple[Value, ...]:
        """All outputs; `values` are the inputs, then what its graphs take from around it."""
        node, count = self.node, len(self.node.inputs)
        call = Call(node.op, values[:count], node.attributes, len(node.outputs))
        try:
            found = self._run(call, dict(zip(node.captured, values[count:], strict=True)))
        except NodeError:
            raise
        except ConvcostError as error:
            raise NodeError(f"the node {node} can't be counted: {error.message}", hint=error.hint) from None
        except PYTHON_ERRORS as error:
            if type(error) not in PYTHON_ERRORS:
                raise
            raise NodeError(f"the node {node} can't be computed: {short_text(error)}") from error
        outputs = tuple(found) if isinstance(found, tuple) else (found,)
        return (*outputs, *[None] * len(node.outputs))[: max(len(node.outputs), 1)]

    def _run(self, call: Call, around: Mapping[str, Value]) -> Any:
        if self.graphs:
            rule = CONTROL_FLOW.get(FUNCTION if FUNCTION in self.graphs else call.op)
            if rule is not None:
                return rule(call, {name: partial(graph.run, around) for name, graph in self.graphs.items()})
        folded = fold(call)
        if folded is not None:
            return tuple(folded) if isinstance(folded, list) else folded
        known = OPERATORS.get(call.op)
        if known is None:
            return run_unknown(call.op, call.inputs, self.stated, self.context.sizes)
        return known(call)


@cache
def _class_of(op: str) -> type[NodeModule]:
    """A class that is called as the operator, which is what tables show."""
    return type(op, (NodeModule,), {})


class GraphParts:
    """The modules of a graph, below the module that they are put in."""

    def __init__(self, graph: Graph, home: torch.nn.Module, context: FileContext) -> None:
        self.graph = graph = with_biases(graph)
        paths = node_paths(graph.nodes)
        self.steps = [_node_module(node, graph, context) for node in graph.nodes]
        for module, path in zip(self.steps, paths, strict=True):
            _put(home, path, module)
        owners = parameter_owners(graph, paths)
        self.parameters: dict[str, tuple[torch.nn.Module, str]] = {}
        self.constants = []
        for stored in graph.tensors:
            stated = graph.declared.get(stored.name)
            if is_parameter(stored, stated.kind if stated else "", context.uses.get(stored.name, ())):
                owner = _submodule(home, owners.get(stored.name, ""))
                data = torch.empty(stored.shape, dtype=getattr(torch, stored.dtype))
                name = _unused_name(owner, part_name(stored.name.rpartition(".")[2]))
                owner._parameters[name] = torch.nn.Parameter(data, data.is_floating_point())
                self.parameters[stored.name] = owner, name
            else:
                self.constants.append(stored)

    def run(self, around: Mapping[str, Value], inputs: Sequence[Value]) -> list[Value]:
        """The outputs, on values by name from around it, and its inputs in order."""
        values: dict[str, Value] = {"": None, **around}
        values.update(zip(self.graph.inputs, inputs, strict=False))
        values.update((stored.name, constant(stored)) for stored in self.constants)
        values.update((name, owner._parameters[own]) for name, (owner, own) in self.parameters.items())
        for step in self.steps:
            node = step.node
            found = step(*(values[name] for name in (*node.inputs, *node.captured)))
            values.update(zip(node.outputs, found, strict=False))
            values[""] = None
            for name, value in zip(node.outputs, found, strict=False):
                check_declared(name, value, self.graph.declared)
        return [values[name] for name in self.graph.outputs]


def _node_module(node: Node, graph: Graph, context: FileContext) -> NodeModule:
    stated = [graph.declared.get(name) for name in node.outputs]
    module = _class_of(part_name(node.op.rpartition(".")[2]))(node, stated, context)
    for name, inner in node.graphs.items():
        home: torch.nn.Module = module if name == FUNCTION else Part()
        if home is not module:
            module._modules[part_name(name)] = home
        module.graphs[name] = GraphParts(inner, home, context)
    return module


def _put(home: torch.nn.Module, path: str, module: torch.nn.Module) -> None:
    """Put `module` at a path below `home`, with what holds it."""
    *above, last = path.split(".")
    for part in above:
        home = home._modules.setdefault(part, Part()) or home
    before = home._modules.get(last)
    if before is not None:
        module._modules.update(before._modules)
    home._modules[last] = module


def _submodule(home: torch.nn.Module, path: str) -> torch.nn.Module:
    for part in filter(None, path.split(".")):
        home = home._modules[part] or home
    return home


def _unused_name(owner: torch.nn.Module, name: str) -> str:
    tries = 0
    while (found := f"{name}_{tries}" if tries else name) in owner._parameters or found in owner._modules:
        tries += 1
    return found


class OnnxModule(torch.nn.Module):
    """The model of a file; its forward takes the inputs by the names in the file, or in their order."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        context = FileContext(uses_of_tensors(graph), {})
        self.parts = GraphParts(graph, self, context)
        self.context = context

    def forward(self, /, *args: Any, **kwargs: Any) -> Any:
        """Its output, or a dictionary of several by name."""
        graph = self.parts.graph
        given = self._by_name(args, kwargs)
        check_inputs(graph, given)
        for name, tensor in given.items():
            stated = graph.declared[name].shape or ()
            self.context.sizes.update(zip(map(str, stated), tensor.shape, strict=False))
        found = self.parts.run({}, [given[name] for name in graph.inputs])
        outputs = {name: _as_result(value) for name, value in zip(graph.outputs, found, strict=True)}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def _by_name(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        names = self.parts.graph.inputs
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if len(args) + len(kwargs) != len(names) or set(given) != set(names):
            listed = ", ".join(names) or "none"
            raise UsageError(f"the file's inputs are {listed}, and {len(args) + len(kwargs)} are given")
        return given


def _as_result(value: Value) -> Any:
    return [as_tensor(part) for part in value] if isinstance(value, list) else as_tensor(value)
