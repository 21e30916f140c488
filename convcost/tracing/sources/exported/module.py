"""An exported graph as a torch module. Its submodules have the original paths and run their own nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import Parameter, Signature
from itertools import compress
from operator import not_
from typing import Any, cast

import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.exported.arguments import ArgumentReader
from convcost.tracing.sources.exported.inputs import ExportedInput
from convcost.tracing.sources.exported.operators import HIGHER_ORDER, function_by_name
from convcost.tracing.sources.exported.schema import (
    ExportedArgument,
    ExportedGraph,
    ExportedNode,
    GraphName,
    NamedArgument,
)
from convcost.tracing.sources.exported.spans import SubmoduleCall, span_of

Values = dict[str, Any]


class ExportedSubmodule(torch.nn.Module):
    """A submodule, which runs the span of the graph that it is called with."""

    def forward(self, span: GraphSpan, *given: Any) -> tuple[Any, ...]:
        """The values that the span writes."""
        return span.run(self, given)


class GraphSpan:
    """Runs a span of the graph, with new tensors on `device`.

    It is an argument of submodules. As a plain object it hides its contents from code that looks for tensors
    in arguments.
    """

    def __init__(self, span: SubmoduleCall, device: torch.device) -> None:
        self._span, self._device = span, device

    def run(self, module: torch.nn.Module, given: Sequence[Any]) -> tuple[Any, ...]:
        """The values that the span writes, given those it reads; it calls submodules of `module`."""
        span = self._span
        values: Values = dict(zip(span.reads, given, strict=True))
        self.fill(module, values)
        return tuple(values[name] for name in span.writes)

    def fill(self, module: torch.nn.Module, values: Values) -> None:
        """Run the steps: add their outputs to `values`, and drop values that no later step needs."""
        for number, step in enumerate(self._span.steps):
            if isinstance(step, SubmoduleCall):
                name = step.path.removeprefix(f"{self._span.path}." if self._span.path else "")
                given = [values[read] for read in step.reads]
                made = module.get_submodule(name)(GraphSpan(step, self._device), *given)
                values.update(zip(step.writes, made, strict=True))
            else:
                _bind(step.outputs, self._call(step, values), values)
            for name in self._span.last_uses.get(number, ()):
                values.pop(name, None)

    def _call(self, node: ExportedNode, values: Values) -> Any:
        read = ArgumentReader(values, self._device, self._function).read
        if found := HIGHER_ORDER.fullmatch(node.target):
            return _run_higher_order(found["name"], [read(argument.arg) for argument in node.inputs])
        function, keywords = function_by_name(node.target)
        is_keyword = [_is_keyword(argument, keywords) for argument in node.inputs]
        args = [read(argument.arg) for argument in compress(node.inputs, map(not_, is_keyword))]
        return function(
            *args, **{argument.name: read(argument.arg) for argument in compress(node.inputs, is_keyword)}
        )

    def _function(self, found: GraphName) -> Callable[..., Any]:
        return partial(run_graph, found.graph, self._device)


POSITIONAL, KEYWORD = 1, 2


def _is_keyword(argument: NamedArgument, keywords: frozenset[str]) -> bool:
    """Whether an argument is passed by keyword. Older archives don't record it."""
    if argument.kind in (POSITIONAL, KEYWORD):
        return argument.kind == KEYWORD
    return argument.name in keywords


def _bind(outputs: Sequence[ExportedArgument], made: Any, values: Values) -> None:
    """Store the outputs of a node in `values`, under their names in the graph."""
    if not outputs:  # a check that returns nothing
        return
    results = (made,) if len(outputs) == 1 and not isinstance(made, tuple) else made
    for output, value in zip(outputs, results, strict=True):
        if output.as_tensor:
            values[output.as_tensor.name] = value
        elif output.as_tensors is not None:
            names = (tensor.name for tensor in output.as_tensors)
            values.update(zip(names, value, strict=True))
        elif number := output.as_sym_int or output.as_sym_bool or output.as_sym_float:
            values[str(number.as_name)] = value


def run_graph(graph: ExportedGraph, device: torch.device, *given: Any) -> Any:
    """Run a nested graph, such as a branch of torch.cond, and return its outputs."""
    names = [_only_name(argument) for argument in graph.inputs]
    values: Values = dict(zip(names, given, strict=True))
    GraphSpan(SubmoduleCall("", tuple(graph.nodes), (), (), {}), device).fill(torch.nn.Module(), values)
    outputs = _outputs(graph.outputs, values, device)
    return outputs[0] if graph.is_single_tensor_return and len(outputs) == 1 else outputs


def _only_name(argument: ExportedArgument) -> str:
    number = argument.as_sym_int or argument.as_sym_bool or argument.as_sym_float
    if argument.as_tensor:
        return argument.as_tensor.name
    return str(number.as_name) if number else ""


def _outputs(outputs: Sequence[ExportedArgument], values: Values, device: torch.device) -> tuple[Any, ...]:
    """The outputs of the graph, given its values."""
    return tuple(map(ArgumentReader(values, device, _refuse_graph).read, outputs))


def _refuse_graph(found: GraphName) -> Callable[..., Any]:
    raise UsageError(f"the graph returns a graph, {found.name[:40]!a}; that is not supported")


def _run_higher_order(name: str, given: Sequence[Any]) -> Any:
    """Run a higher-order operator; UsageError for one that is not supported."""
    if name == "wrap_with_set_grad_enabled":
        enabled, function, *rest = given
        with torch.set_grad_enabled(bool(enabled) and torch.is_grad_enabled()):
            return function(*rest)
    if name == "wrap_with_autocast":
        _, dtype, enabled, _, function, *rest = given
        with torch.autocast("cpu", dtype, enabled=bool(enabled)):
            return function(*rest)
    if name == "cond":
        predicate, first, second, operands = given
        return torch.cond(predicate, first, second, tuple(operands))
    raise UsageError(f"the graph calls the higher-order operator {name[:60]}, which convcost does not run")


def build_module(
    name: str,
    graph: ExportedGraph,
    kinds: Mapping[str, str],
    stored: Mapping[str, Callable[[], torch.Tensor]],
    bound: Mapping[str, str],
    constants: Mapping[str, Any],
    inputs: Sequence[ExportedInput],
    outputs: Sequence[ExportedArgument],
) -> torch.nn.Module:
    """Build the model. Its parameters are uninitialized.

    Args:
        name: The name of its class.
        graph: The exported graph.
        kinds: The class names of submodules, by path.
        stored: Functions that make the parameters and buffers, by path.
        bound: The path of the parameter or buffer for each such input of the graph.
        constants: The values of constant inputs, by name.
        inputs: The inputs of forward.
        outputs: The outputs of the graph.
    """
    span = span_of(graph)

    def forward(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        values: Values = dict(constants)
        values |= {value: _attribute(self, path) for value, path in bound.items()}
        for declared in inputs:
            values[declared.value] = declared.check(given[declared.name])
        device = _device(values.values())
        GraphSpan(span, device).fill(self, values)
        returned = _outputs(outputs, values, device)
        return returned[0] if len(returned) == 1 else returned

    parameters = [Parameter("self", Parameter.POSITIONAL_ONLY)]
    parameters += [Parameter(declared.name, Parameter.POSITIONAL_OR_KEYWORD) for declared in inputs]
    signature = Signature(parameters)
    forward.__signature__ = signature  # type: ignore[attr-defined]
    model: torch.nn.Module = type(name, (torch.nn.Module,), {"forward": forward})()
    for path, kind in sorted(kinds.items()):
        _submodule(model, path, kind)
    for path, make in stored.items():
        _store(model, path, make())
    return model


def _device(values: Any) -> torch.device:
    """The device for new tensors: that of the first tensor, or the CPU."""
    found = (value.device for value in values if isinstance(value, torch.Tensor))
    return next(found, torch.device("cpu"))


def _attribute(module: torch.nn.Module, path: str) -> Any:
    owner, _, name = path.rpartition(".")
    return getattr(module.get_submodule(owner), name)


def _submodule(model: torch.nn.Module, path: str, kind: str = "Module") -> torch.nn.Module:
    """The submodule at a path, created with its parents if it is missing."""
    if not path:
        return model
    owner, _, name = path.rpartition(".")
    parent = _submodule(model, owner)
    found = parent._modules.get(name)
    if found is None:
        found = parent._modules[name] = _empty_submodule(kind)
    return found


def _empty_submodule(kind: str) -> torch.nn.Module:
    """A submodule whose class is called `kind`."""
    return cast("torch.nn.Module", type(kind, (ExportedSubmodule,), {})())


def _store(model: torch.nn.Module, path: str, tensor: torch.Tensor) -> None:
    """Add a parameter or buffer at its path; UsageError if the path is taken by a submodule."""
    owner, _, name = path.rpartition(".")
    module = _submodule(model, owner)
    if name in module._modules or not name:
        raise UsageError(f"the graph has both a tensor and a submodule called {path[:80]}")
    if isinstance(tensor, torch.nn.Parameter):
        module._parameters[name] = tensor
    else:
        module._buffers[name] = tensor
