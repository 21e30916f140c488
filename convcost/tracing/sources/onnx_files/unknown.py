"""Unknown operators: reported as not counted; their outputs have the shapes that the file states."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.graph import Dimension, TensorType
from convcost.tracing.sources.onnx_files.values import Value, as_tensor

NO_LETTER = re.compile(r"\W+", re.ASCII)

LONGEST_NAME = 80


def run_unknown(
    op: str, inputs: Sequence[Value], stated: Sequence[TensorType | None], sizes: Mapping[str, Any]
) -> tuple[Value, ...]:
    """Tensors with the stated shapes and dtypes; UsageError if the file does not state a shape."""
    tensors = [as_tensor(value) for value in inputs if value is not None and not isinstance(value, list)]
    shapes = [_shape(op, output, sizes) for output in stated]
    dtypes = [(output and output.dtype) or "float32" for output in stated]
    made = _operator(*_names(op))(tensors, shapes[0], dtypes[0])
    others = zip(shapes[1:], dtypes[1:], strict=True)
    return made, *(torch.zeros(shape, dtype=getattr(torch, dtype)) for shape, dtype in others)


def _shape(op: str, stated: TensorType | None, sizes: Mapping[str, Any]) -> list[Any]:
    known = (
        None
        if stated is None or stated.shape is None
        else [_known_size(size, sizes) for size in stated.shape]
    )
    if known is None or None in known:
        hint = "Add the shapes of all values to the file, by onnx.shape_inference or on export."
        raise UsageError(f"the operator {op} and its output shape are unknown", hint=hint)
    return known


def _known_size(size: Dimension, sizes: Mapping[str, Any]) -> Any:
    return size if isinstance(size, int) else sizes.get(size)


def _names(op: str) -> tuple[str, str]:
    """The operator's namespace and name in torch."""
    domain, _, name = op.rpartition(".")
    cleaned = [NO_LETTER.sub("_", part)[:LONGEST_NAME] for part in (domain or "onnx", name)]
    return cleaned[0], cleaned[1] or "operator"


LIBRARIES: dict[str, Any] = {}
"""Libraries by namespace; torch would drop the operators of a deleted library."""


@cache
def _operator(namespace: str, name: str) -> Any:
    """A torch operator that only returns a tensor."""
    if namespace not in LIBRARIES:
        make: Any = torch.library.Library
        LIBRARIES[namespace] = make(namespace, "FRAGMENT")
    library = LIBRARIES[namespace]
    library.define(f"{name}(Tensor[] inputs, SymInt[] shape, str dtype) -> Tensor")
    library.impl(name, _yield_empty, "CompositeExplicitAutograd")
    torch.library.register_fake(f"{namespace}::{name}", _yield_empty, lib=library)
    return getattr(getattr(torch.ops, namespace), name)


def _yield_empty(inputs: Sequence[torch.Tensor], shape: Sequence[Any], dtype: str) -> torch.Tensor:
    return torch.zeros(shape, dtype=getattr(torch, dtype), device=inputs[0].device if inputs else "meta")
