"""What is timed: the forward or training step of a design or module, on the device with its own data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.benchmark.settings import On
from convcost.benchmark.timing import What
from convcost.core.errors import UsageError
from convcost.counters.model_call import ModelCall, move_call
from convcost.layers.network import Network
from convcost.tracing.build import build
from convcost.tracing.module_tree import named_modules
from convcost.tracing.target.profile import build_with_data, copied
from convcost.tracing.tensors import tensors, torch_dtype

if TYPE_CHECKING:
    import torch

    from convcost.tracing.target.profile import ProfiledModel


def subject(design: Network | ProfiledModel, dtype: str, on: On) -> ModelCall:
    """The design as it is called, the caller's left alone, its numbers random where it brings none."""
    if isinstance(design, Network):
        built, example = build(design, "cpu")
        return prepared(ModelCall(built, (_random(example),), {}), dtype, on)
    if design.target is None:
        return prepared(copied(ModelCall(design.module, design.args, {**design.kwargs})), dtype, on)
    module, args, kwargs = build_with_data(design.target)
    found = ModelCall(module, args, kwargs)
    if design.target.maker is None:
        for tensor in tensors((found.args, found.kwargs)):
            _random(tensor)
    return prepared(found, dtype, on)


def prepared(found: ModelCall, dtype: str, on: On) -> ModelCall:
    """On the device, its floating-point numbers in the dtype if one is named."""
    module, args, kwargs = move_call(found, on)
    if not dtype:
        return ModelCall(module, args, kwargs)
    wanted = torch_dtype(dtype)
    return ModelCall(module.to(wanted), *_cast(args, kwargs, wanted))


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


Call = Callable[[], object]


def running(what: What, found: ModelCall) -> Call:
    """A call that runs it once."""
    return _forward(found) if what == "forward" else _step(found)


@contextmanager
def mode(what: What, found: ModelCall) -> Iterator[None]:
    """A training step in training mode, except where parts are frozen in one that is in it already."""
    module = found.module
    if what == "forward" or module.training:
        yield
        return
    before = [(part, part.training) for part in named_modules(module).values()]
    module.train()
    try:
        yield
    finally:
        for part, was_training in before:
            part.training = was_training


def compiled(found: ModelCall) -> ModelCall:
    """The same, as torch.compile makes it; it is compiled when it is first run."""
    import torch

    module: Any = torch.compile(found.module)
    return found._replace(module=module)


def _forward(found: ModelCall) -> Call:
    import torch

    module, args, kwargs = found

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    return forward


def _step(found: ModelCall) -> Call:
    """Forward, backward from ones at every output, gradients set to none first; no optimizer."""
    import torch

    module, args, kwargs = found
    ones: list[torch.Tensor] = []

    def step() -> None:
        module.zero_grad(set_to_none=True)
        with torch.enable_grad():
            ends = _ends(module(*args, **kwargs))
            if len(ones) != len(ends):
                ones[:] = map(torch.ones_like, ends)
            torch.autograd.backward(ends, ones)

    return step


def _ends(output: Any) -> list[torch.Tensor]:
    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    if not ends:
        raise UsageError("nothing in it is trained: no output has a gradient")
    return ends
