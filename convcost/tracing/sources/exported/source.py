"""FILE.pt2, as torch.export.save writes it: a torch module that runs the graph, without the weights."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import PurePath
from typing import Any

import torch

from convcost.core.errors import UsageError, join_words
from convcost.tracing.declared_inputs import DeclaredInputs
from convcost.tracing.sources.exported.archive import read_program
from convcost.tracing.sources.exported.arguments import STRIDED, constant_value, dtype_by_number
from convcost.tracing.sources.exported.inputs import (
    ExportedInput,
    SizeRange,
    declared_tensor,
    range_text,
    size_ranges,
)
from convcost.tracing.sources.exported.module import build_module
from convcost.tracing.sources.exported.schema import ExportedArgument, InputSpec, Program, TensorMeta
from convcost.tracing.sources.exported.spans import PATH, frames_of
from convcost.tracing.sources.interface import BuildableModel

NOT_A_NAME = re.compile(r"\W", re.ASCII)


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The model in the archive at the path `name`. Its default inputs are those of the export.

    Raises:
        UsageError: There is no such file, or torch.export.save did not write it.
    """
    if arguments:
        raise UsageError(f"{name[:200]} is an exported graph, so it takes no arguments")
    program = read_program(name)
    try:
        return _model(name, program)
    except KeyError as error:
        raise UsageError(f"{name[:200]} is damaged: the graph has no value {str(error)[:80]}") from None


def _model(path: str, program: Program) -> BuildableModel:
    ranges = size_ranges(program.range_constraints)
    inputs = tuple(_inputs(program, ranges))
    make = partial(_build, PurePath(path).stem, program, inputs)
    declared = DeclaredInputs(tuple(given.declared for given in inputs))
    note = f"The input {declared} is from the export." if inputs else ""
    return BuildableModel(make, declared, tuple(_range_notes(declared, ranges)), note)


def _range_notes(inputs: DeclaredInputs, ranges: Mapping[str, SizeRange]) -> Iterator[str]:
    limits = [text for name in inputs.names if (text := range_text(name, ranges))]
    if limits:
        yield f"It was exported for {join_words(limits)}."


def _inputs(program: Program, ranges: Mapping[str, SizeRange]) -> Iterator[ExportedInput]:
    graph = program.graph_module.graph
    for spec in program.graph_module.signature.input_specs:
        tensor = spec.user_input and spec.user_input.arg.as_tensor
        if tensor:
            yield ExportedInput(
                _identifier(tensor.name),
                tensor.name,
                declared_tensor(graph.tensor_values[tensor.name]),
                ranges,
            )


def _identifier(text: str) -> str:
    """`text` as the name of an argument of forward."""
    name = NOT_A_NAME.sub("_", text)[:80] or "input"
    return f"input_{name}" if keyword.iskeyword(name) or not name.isidentifier() or name == "self" else name


def _build(name: str, program: Program, inputs: tuple[ExportedInput, ...]) -> torch.nn.Module:
    graph, signature = program.graph_module.graph, program.graph_module.signature
    kinds = {frame.path: frame.kind for node in graph.nodes for frame in frames_of(node)}
    stored: dict[str, Callable[[], torch.Tensor]] = {}
    bound: dict[str, str] = {}
    constants: dict[str, Any] = {}
    for spec, given in zip(signature.input_specs, graph.inputs, strict=True):
        found = _stored_input(spec)
        if found:
            value, path, is_parameter = found
            stored[path] = partial(_empty, graph.tensor_values[value], is_parameter)
            bound[value] = path
        elif spec.constant_input:
            constants[spec.constant_input.name] = constant_value(spec.constant_input.value)
        elif number := given.as_sym_int:
            hint = graph.sym_int_values[str(number.as_name)].as_expr
            constants[str(number.as_name)] = hint.hint.as_int if hint and hint.hint else 1
        elif not (spec.user_input and spec.user_input.arg.as_tensor):
            raise UsageError("the graph has an input that is neither a tensor nor a number")
    outputs = [spec.user_output.arg for spec in signature.output_specs if spec.user_output]
    losses = [
        ExportedArgument(as_tensor=spec.loss_output.arg)
        for spec in signature.output_specs
        if spec.loss_output
    ]
    return build_module(
        _identifier(name), graph, kinds, stored, bound, constants, inputs, [*losses, *outputs]
    )


def _stored_input(spec: InputSpec) -> tuple[str, str, bool] | None:
    """The name in the graph and the path of a parameter or buffer, and whether it is a parameter."""
    if spec.parameter:
        found = spec.parameter.arg.name, spec.parameter.parameter_name, True
    elif spec.buffer:
        found = spec.buffer.arg.name, spec.buffer.buffer_name, False
    elif spec.tensor_constant:
        found = spec.tensor_constant.arg.name, spec.tensor_constant.tensor_constant_name, False
    else:
        return None
    if not PATH.fullmatch(found[1]):
        raise UsageError(f"the graph has a tensor with an invalid name, {found[1][:80]!a}")
    return found


def _empty(meta: TensorMeta, is_parameter: bool) -> torch.Tensor:
    """A tensor with the shape and dtype of `meta`. Buffers are zero, since the model may read them."""
    if meta.layout != STRIDED:
        raise UsageError("the graph has a sparse parameter; sparse tensors are not supported")
    shape = [size.as_int for size in meta.sizes]
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise UsageError("the graph has a parameter with an open size")
    dtype = dtype_by_number(meta.dtype)
    if not is_parameter:
        return torch.zeros(shape, dtype=dtype)  # type: ignore[arg-type]
    can_be_trained = meta.requires_grad and (dtype.is_floating_point or dtype.is_complex)
    return torch.nn.Parameter(torch.empty(shape, dtype=dtype), can_be_trained)  # type: ignore[arg-type]
