"""The shapes and dtypes that a file states: for default inputs, and to check results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from keyword import iskeyword
from typing import Any

from convcost.core.errors import SpecError, UsageError
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor, Size, parse_input
from convcost.tracing.sources.onnx_files.graph import Dimension, OnnxGraph, TensorType

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

LONGEST_NAME = 60


def argument_names(graph: OnnxGraph) -> dict[str, str]:
    """A unique argument name for each input: input_1 for input.1."""
    found: dict[str, str] = {}
    for name in graph.inputs:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII)[:LONGEST_NAME].lstrip("_0123456789") or "input"
        reserved = {*found.values(), "self"}
        tries = (f"{plain}_{number}" if number else plain for number in count())
        found[name] = next(
            candidate for candidate in tries if candidate not in reserved and not iskeyword(candidate)
        )
    return found


def default_inputs(graph: OnnxGraph) -> DeclaredInputs:
    """The inputs of the graph by argument name, with symbolic dimensions as open sizes.

    Raises:
        UsageError: The file does not state the shape or dtype of an input.
    """
    found = {}
    for name, argument in argument_names(graph).items():
        stated = graph.declared[name]
        if stated.shape is None or not stated.dtype:
            problem = "does not state the shape" if stated.dtype else "has no dtype of torch for"
            hint = "Give the inputs in order, such as --input f32[1,3,224,224]."
            raise UsageError(f"the file {problem} of its input {name}", hint=hint)
        shape = tuple(_size(name, place, size) for place, size in enumerate(stated.shape))
        found[argument] = DeclaredTensor(stated.dtype, shape)
    return DeclaredInputs((), found)


def _size(name: str, place: int, stated: Dimension) -> Size:
    """The stated size: a number, a name, or an expression of names; `dim_NAME_PLACE` if it is invalid."""
    if isinstance(stated, int):
        return stated
    with suppress(SpecError):
        _, parsed = parse_input(f"[{stated[:LONGEST_NAME]}]")
        if len(parsed.shape) == 1 and not isinstance(parsed.shape[0], int):
            return parsed.shape[0]
    cleaned = re.sub(r"\W+", "_", stated.strip(), flags=re.ASCII)[:LONGEST_NAME]
    if NAME.fullmatch(cleaned):
        return cleaned
    return re.sub(r"\W+", "_", f"dim_{name[:LONGEST_NAME]}_{place}", flags=re.ASCII)


def check_inputs(graph: OnnxGraph, given: Mapping[str, Any]) -> None:
    """UsageError if an input does not have the stated rank or sizes, or if one symbol gets two values."""
    sizes: dict[str, int] = {}
    for name, tensor in given.items():
        stated = graph.declared[name]
        if stated.shape is None:
            continue
        shape = tuple(tensor.shape)
        if not fits(shape, stated):
            hint = "Only open sizes can be chosen."
            raise UsageError(f"the input {name} is {_text(stated)} in the file, not {list(shape)}", hint=hint)
        for size, dimension in zip(shape, stated.shape, strict=True):
            if not isinstance(dimension, str) or not dimension or not isinstance(size, int):
                continue
            if sizes.setdefault(dimension, size) != size:
                raise UsageError(f"{dimension} is {sizes[dimension]} in one input and {size} in another")


def fits(shape: tuple[Any, ...], stated: TensorType) -> bool:
    """Whether a shape has the stated rank and sizes; an open size fits any number."""
    if stated.shape is None:
        return True
    return len(shape) == len(stated.shape) and all(
        not isinstance(size, int) or not isinstance(known, int) or known <= 0 or size == known
        for size, known in zip(shape, stated.shape, strict=True)
    )


def check_declared(name: str, value: Any, declared: Mapping[str, TensorType]) -> None:
    """UsageError if a computed value has another shape than the file states."""
    stated = declared.get(name)
    if stated is None or value is None or isinstance(value, list):
        return
    shape = tuple(value.shape)
    if not fits(shape, stated):
        raise UsageError(f"{name} has the shape {list(shape)}, but the file states {_text(stated)}")


def _text(stated: TensorType) -> str:
    return f"[{', '.join(str(size) or '?' for size in stated.shape or ())}]"
