"""What is timed: a design or a module with data of its own, in a dtype, on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.benchmark.settings import On
from convcost.counters.subject import Subject, placed
from convcost.layers.network import Network
from convcost.tracing.build import build
from convcost.tracing.target.profile import build_with_data, copied
from convcost.tracing.tensors import tensors, torch_dtype

if TYPE_CHECKING:
    import torch

    from convcost.tracing.target.profile import ProfiledModel


def subject(design: Network | ProfiledModel, dtype: str, on: On) -> Subject:
    """The design as it is called, the caller's left alone, its numbers random where it brings none."""
    if isinstance(design, Network):
        built, example = build(design, "cpu")
        return prepared(Subject(built, (_random(example),), {}), dtype, on)
    if design.target is None:
        return prepared(copied(Subject(design.module, design.args, {**design.kwargs})), dtype, on)
    module, args, kwargs = build_with_data(design.target)
    found = Subject(module, args, kwargs)
    if design.target.maker is None:
        for tensor in tensors((found.args, found.kwargs)):
            _random(tensor)
    return prepared(found, dtype, on)


def prepared(found: Subject, dtype: str, on: On) -> Subject:
    """On the device, its floating-point numbers in the dtype if one is named."""
    module, args, kwargs = placed(found, on)
    if not dtype:
        return Subject(module, args, kwargs)
    wanted = torch_dtype(dtype)
    return Subject(module.to(wanted), *_cast(args, kwargs, wanted))


def _cast(args: Any, kwargs: Any, wanted: torch.dtype) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    import torch
    from torch.utils._pytree import tree_map

    def cast(value: Any) -> Any:
        is_real = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.to(wanted) if is_real else value

    changed: tuple[tuple[Any, ...], Mapping[str, Any]] = tree_map(cast, (args, kwargs))
    return changed


def _random(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers as they are in use: on a GPU zeros take less power, and so less time."""
    return tensor.normal_() if tensor.is_floating_point() and not tensor.requires_grad else tensor
