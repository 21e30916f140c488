"""A graph as a torch module, with a submodule for each node in the tree of the exported modules.

It runs on shapes like any module, so formulas, open sizes and counters work as for modules. Its parameters
have the shapes and dtypes of the file, but not the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from inspect import Parameter, Signature
from typing import Any, NamedTuple

import torch

from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.sources.onnx_files.control_flow import CONTROL_FLOW
from convcost.tracing.sources.onnx_files.declared import argument_names, check_declared, check_inputs
from convcost.tracing.sources.onnx_files.graph import OnnxGraph, OnnxNode, TensorType
from convcost.tracing.sources.onnx_files.graph_reader import FUNCTION
from convcost.tracing.sources.onnx_files.known_values import fold
from convcost.tracing.sources.onnx_files.layout import node_paths, parameter_owners, part_name, with_biases
from convcost.tracing.sources.onnx_files.operators import OPERATORS
from convcost.tracing.sources.onnx_files.operators.movement import FREE_OPERATORS
from convcost.tracing.sources.onnx_files.parameters import Use, parameter_names, uses_of_tensors
from convcost.tracing.sources.onnx_files.unknown import run_unknown
from convcost.tracing.sources.onnx_files.values import NodeCall, Value, as_tensor, constant, is_known
from convcost.tracing.user_error import short_text

OWN_ERRORS = ("torch", "convcost")
"""Packages whose errors are passed on: they are for the caller, such as "a size has to be a number".

For shapes and attributes that don't fit, torch and NumPy raise built-in errors and NumPy's.
"""


class NodeError(UsageError):
    """A node that can't be computed; the message names it."""


class FileContext(NamedTuple):
    """State that all graphs of a file share.

    Attributes:
        uses: The uses of each tensor, by name.
        sizes: The values of named sizes, from the inputs.
    """

    uses: Mapping[str, Sequence[Use]]
    sizes: dict[str, Any]


class ModuleContainer(torch.nn.Module):
    """A module that only has submodules."""


class NodeModule(torch.nn.Module):
    """A node as a module; `graphs` are its nested graphs."""

    def __init__(self, node: OnnxNode, stated: Sequence[TensorType | None], context: FileContext) -> None:
        super().__init__()
        self.node, self.stated, self.context = node, stated, context
        self.graphs: dict[str, GraphExecutor] = {}

    def forward(self, *values: Value) -> tuple[Value, ...]:
        """All outputs; `values` are the inputs, then the captured values of its nested graphs."""
        node, count = self.node, len(self.node.inputs)
        call = NodeCall(node.op, values[:count], node.attributes, len(node.outputs))
        try:
            found = self._run(call, dict(zip(node.captured, values[count:], strict=True)))
        except NodeError:
            raise
        except ConvcostError as error:
            raise NodeError(f"the node {node} can't be counted: {error.message}", hint=error.hint) from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] in OWN_ERRORS:
                raise
            raise NodeError(f"the node {node} can't be computed: {short_text(error)}") from error
        outputs = tuple(found) if isinstance(found, tuple) else (found,)
        return (*outputs, *[None] * len(node.outputs))[: max(len(node.outputs), 1)]

    def is_shown_for(self, values: Sequence[Value]) -> bool:
        """Whether it gets a row in tables: it has parameters, or computes more than a shape."""
        is_shape = bool(values) and all(value is None or is_known(value) for value in values)
        return bool(self._parameters) or not (self.node.op in FREE_OPERATORS or is_shape)

    def _run(self, call: NodeCall, around: Mapping[str, Value]) -> Any:
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
    """A class with the name of the operator, which tables show."""
    return type(op, (NodeModule,), {})


class GraphExecutor:
    """Runs a graph by the modules of its nodes, which it adds below `home`."""

    def __init__(self, graph: OnnxGraph, home: torch.nn.Module, context: FileContext) -> None:
        self.graph = graph = with_biases(graph)
        paths = node_paths(graph)
        self.steps = [_node_module(node, graph, context) for node in graph.nodes]
        for module, path in zip(self.steps, paths, strict=True):
            _add_module(home, path, module)
        owners = parameter_owners(graph, paths)
        self.parameters: dict[str, tuple[torch.nn.Module, str]] = {}
        self.constants = []
        names = parameter_names(graph, context.uses)
        for stored in graph.tensors:
            if stored.name in names:
                owner = _submodule(home, owners.get(stored.name, ""))
                data = torch.empty(stored.shape, dtype=getattr(torch, stored.dtype))
                name = _unused_name(owner, part_name(stored.name.rpartition(".")[2]))
                owner._parameters[name] = torch.nn.Parameter(data, data.is_floating_point())
                self.parameters[stored.name] = owner, name
            else:
                self.constants.append(stored)

    def run(self, around: Mapping[str, Value], inputs: Sequence[Value]) -> list[Value]:
        """The outputs for `inputs` in order; `around` has the values of the outer graph by name."""
        values: dict[str, Value] = {"": None, **around}
        values.update(zip(self.graph.inputs, inputs, strict=False))
        values.update((stored.name, constant(stored)) for stored in self.constants)
        values.update((name, owner._parameters[own]) for name, (owner, own) in self.parameters.items())
        for step in self.steps:
            node = step.node
            given = [values[name] for name in (*node.inputs, *node.captured)]
            found = step(*given) if step.is_shown_for(given) else step.forward(*given)
            values.update(zip(node.outputs, found, strict=False))
            values[""] = None
            for name, value in zip(node.outputs, found, strict=False):
                check_declared(name, value, self.graph.declared)
        return [values[name] for name in self.graph.outputs]


def _node_module(node: OnnxNode, graph: OnnxGraph, context: FileContext) -> NodeModule:
    stated = [graph.declared.get(name) for name in node.outputs]
    module = _class_of(part_name(node.op.rpartition(".")[2]))(node, stated, context)
    for name, inner in node.graphs.items():
        home: torch.nn.Module = module if name == FUNCTION else ModuleContainer()
        if home is not module:
            module._modules[part_name(name)] = home
        module.graphs[name] = GraphExecutor(inner, home, context)
    return module


def _add_module(home: torch.nn.Module, path: str, module: torch.nn.Module) -> None:
    """Add `module` at a path below `home`, with the containers that the path needs."""
    *above, last = path.split(".")
    for part in above:
        home = home._modules.setdefault(part, ModuleContainer()) or home
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
    """The model in a file. A subclass, made for each file, has the forward with the file's inputs."""

    def __init__(self, graph: OnnxGraph) -> None:
        super().__init__()
        context = FileContext(uses_of_tensors(graph), {})
        self.executor = GraphExecutor(graph, self, context)
        self.context = context

    def run(self, given: Mapping[str, Any]) -> Any:
        """The output, or a dictionary of several outputs by name; `given` has the inputs by name."""
        graph = self.executor.graph
        check_inputs(graph, given)
        for name, tensor in given.items():
            stated = graph.declared[name].shape or ()
            self.context.sizes.update(zip(map(str, stated), tensor.shape, strict=False))
        found = self.executor.run({}, [given[name] for name in graph.inputs])
        outputs = {name: _as_result(value) for name, value in zip(graph.outputs, found, strict=True)}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def onnx_module(graph: OnnxGraph) -> OnnxModule:
    """The model as a module, whose forward has an argument for each input."""
    names = argument_names(graph)
    kind = Parameter.POSITIONAL_OR_KEYWORD
    takes = Signature([Parameter(name, kind) for name in ("self", *names.values())])

    def forward(self: OnnxModule, *args: Any, **kwargs: Any) -> Any:
        given = takes.bind(self, *args, **kwargs).arguments
        return self.run({name: given[argument] for name, argument in names.items()})

    forward.__signature__ = takes  # type: ignore[attr-defined]
    return type("OnnxModel", (OnnxModule,), {"forward": forward})(graph)  # type: ignore[no-any-return]


def _as_result(value: Value) -> Any:
    return [as_tensor(part) for part in value] if isinstance(value, list) else as_tensor(value)
