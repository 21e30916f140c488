"""A graph of torch.export as a torch module: its submodules by their paths, each running its own nodes."""

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
from convcost.tracing.sources.exported.operators import HIGHER_ORDER, function_named
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
    """A submodule, which runs a span of the graph that it is told."""

    def forward(self, span: GraphSpan, *given: Any) -> tuple[Any, ...]:
        """What the steps of the span write."""
        return span.run(self, given)


class GraphSpan:
    """A span that is run, and the device that tensors are made on; opaque to what looks for tensors."""

    def __init__(self, span: SubmoduleCall, device: torch.device) -> None:
        self._span, self._device = span, device

    def run(self, module: torch.nn.Module, given: Sequence[Any]) -> tuple[Any, ...]:
        """What the span writes, of what it reads; the submodules in it are those of `module`."""
        span = self._span
        values: Values = dict(zip(span.reads, given, strict=True))
        self.fill(module, values)
        return tuple(values[name] for name in span.writes)

    def fill(self, module: torch.nn.Module, values: Values) -> None:
        """Add what each step makes to `values`, and drop what no later one needs."""
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
            return _run_higher_order(found["name"], [read(each.arg) for each in node.inputs])
        function, keywords = function_named(node.target)
        is_keyword = [_is_keyword(each, keywords) for each in node.inputs]
        args = [read(each.arg) for each in compress(node.inputs, map(not_, is_keyword))]
        return function(*args, **{each.name: read(each.arg) for each in compress(node.inputs, is_keyword)})

    def _function(self, found: GraphName) -> Callable[..., Any]:
        return partial(run_graph, found.graph, self._device)


POSITIONAL, KEYWORD = 1, 2


def _is_keyword(argument: NamedArgument, keywords: frozenset[str]) -> bool:
    """Whether an argument is given by its name; older archives don't say."""
    if argument.kind in (POSITIONAL, KEYWORD):
        return argument.kind == KEYWORD
    return argument.name in keywords


def _bind(outputs: Sequence[ExportedArgument], made: Any, values: Values) -> None:
    """Give what a node makes the names that it has in the graph."""
    if not outputs:  # a check that returns nothing
        return
    results = (made,) if len(outputs) == 1 and not isinstance(made, tuple) else made
    for output, value in zip(outputs, results, strict=True):
        if output.as_tensor:
            values[output.as_tensor.name] = value
        elif output.as_tensors is not None:
            names = (each.name for each in output.as_tensors)
            values.update(zip(names, value, strict=True))
        elif number := output.as_sym_int or output.as_sym_bool or output.as_sym_float:
            values[str(number.as_name)] = value


def run_graph(graph: ExportedGraph, device: torch.device, *given: Any) -> Any:
    """What a graph in the graph returns: a branch, or what runs without gradients."""
    names = [_only_name(each) for each in graph.inputs]
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
    """What the graph returns, of its values."""
    return tuple(map(ArgumentReader(values, device, _refuse_graph).read, outputs))


def _refuse_graph(found: GraphName) -> Callable[..., Any]:
    raise UsageError(f"the graph returns a graph, {found.name[:40]!a}")


def _run_higher_order(name: str, given: Sequence[Any]) -> Any:
    """What a higher-order operator returns; UsageError for one that is not run."""
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
    """The model, with empty parameters and buffers.

    `kinds` are the classes of submodules by path, `stored` makes the tensors by their path in the model,
    `bound` has that path by the name of a value of the graph, and `constants` the other inputs.
    """
    span = span_of(graph)

    def forward(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        values: Values = dict(constants)
        values |= {value: _attribute(self, path) for value, path in bound.items()}
        for each in inputs:
            values[each.value] = each.checked(given[each.name])
        device = _device(values.values())
        GraphSpan(span, device).fill(self, values)
        returned = _outputs(outputs, values, device)
        return returned[0] if len(returned) == 1 else returned

    parameters = [Parameter("self", Parameter.POSITIONAL_ONLY)]
    parameters += [Parameter(each.name, Parameter.POSITIONAL_OR_KEYWORD) for each in inputs]
    signature = Signature(parameters)
    forward.__signature__ = signature  # type: ignore[attr-defined]
    model: torch.nn.Module = type(name, (torch.nn.Module,), {"forward": forward})()
    for path, kind in sorted(kinds.items()):
        _submodule(model, path, kind)
    for path, make in stored.items():
        _store(model, path, make())
    return model


def _device(values: Any) -> torch.device:
    """Where tensors are made: on the device of the first one there is."""
    found = (value.device for value in values if isinstance(value, torch.Tensor))
    return next(found, torch.device("cpu"))


def _attribute(module: torch.nn.Module, path: str) -> Any:
    owner, _, name = path.rpartition(".")
    return getattr(module.get_submodule(owner), name)


def _submodule(model: torch.nn.Module, path: str, kind: str = "Module") -> torch.nn.Module:
    """The submodule at a path, made with those around it where there is none."""
    if not path:
        return model
    owner, _, name = path.rpartition(".")
    parent = _submodule(model, owner)
    found = parent._modules.get(name)
    if found is None:
        found = parent._modules[name] = _empty_submodule(kind)
    return found


def _empty_submodule(kind: str) -> torch.nn.Module:
    """One of a class of that name."""
    return cast("torch.nn.Module", type(kind, (ExportedSubmodule,), {})())


def _store(model: torch.nn.Module, path: str, tensor: torch.Tensor) -> None:
    """A parameter or a buffer at its path; one that is there under the name of a submodule is refused."""
    owner, _, name = path.rpartition(".")
    module = _submodule(model, owner)
    if name in module._modules or not name:
        raise UsageError(f"the graph has {path[:80]} as a tensor and as a submodule")
    if isinstance(tensor, torch.nn.Parameter):
        module._parameters[name] = tensor
    else:
        module._buffers[name] = tensor
