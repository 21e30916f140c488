"""Prepares calls for timing: a forward pass or training step, on a device, with its own data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.benchmark.hardware import DeviceType
from convcost.benchmark.timing import RunKind
from convcost.core.errors import UsageError
from convcost.layers.network import Network
from convcost.tracing.module_call import ModuleCall, fill_value, move_call
from convcost.tracing.module_tree import named_modules
from convcost.tracing.network_module import build_network
from convcost.tracing.target.profile import build_with_data, deep_copy
from convcost.tracing.tensors import tensors, torch_dtype

if TYPE_CHECKING:
    import torch

    from convcost.tracing.target.profile import ProfiledModel


def prepare_call(design: Network | ProfiledModel, dtype: str, device: DeviceType) -> ModuleCall:
    """The call of a design on a copy, with random data if it has none."""
    if isinstance(design, Network):
        built, inputs = build_network(design, "cpu")
        return _on_device(ModuleCall(built, tuple(map(_randomize, inputs)), {}), dtype, device)
    if design.module is None:
        raise UsageError(f"{design.report.name} is not a torch module, so it can't be timed")
    if design.target is None:
        call = deep_copy(ModuleCall(design.module, design.args, {**design.kwargs}))
        return _on_device(call.map(_with_data), dtype, device)
    call = ModuleCall(*build_with_data(design.target))
    if design.target.maker is None:
        for tensor in tensors((call.args, call.kwargs)):
            _randomize(tensor)
    return _on_device(call, dtype, device)


def _on_device(call: ModuleCall, dtype: str, device: DeviceType) -> ModuleCall:
    """The call moved to the device, with floats in `dtype` if given."""
    from torch.utils._pytree import tree_map_only

    call = move_call(call, device)
    if not dtype:
        return call
    import torch

    float_dtype = torch_dtype(dtype)

    def cast(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(float_dtype) if tensor.is_floating_point() else tensor

    args, kwargs = tree_map_only(torch.Tensor, cast, (call.args, call.kwargs))
    return ModuleCall(call.model.to(float_dtype), args, kwargs)


def _with_data(name: str, argument: Any) -> Any:
    """An input with data; a tensor of shapes only gets random data."""
    import torch

    is_meta = type(argument) is torch.Tensor and argument.is_meta
    return _randomize(torch.full_like(argument, fill_value(name), device="cpu")) if is_meta else argument


def _randomize(tensor: torch.Tensor) -> torch.Tensor:
    """Fill with random numbers: on a GPU, zeros take less power, and so less time."""
    return tensor.normal_() if tensor.is_floating_point() and not tensor.requires_grad else tensor


def compile_call(call: ModuleCall) -> ModuleCall:
    """The call with torch.compile, which compiles in the first run."""
    import torch

    module: Any = torch.compile(call.model)
    return call._replace(model=module)


@contextmanager
def run_mode(kind: RunKind, call: ModuleCall) -> Iterator[None]:
    """Put the module in training mode for a training step, unless it is in that mode already."""
    module = call.model
    if kind == "forward" or module.training:
        yield
        return
    before = [(part, part.training) for part in named_modules(module).values()]
    module.train()
    try:
        yield
    finally:
        for part, was_training in before:
            part.training = was_training


def runnable(kind: RunKind, call: ModuleCall) -> Callable[[], object]:
    """A function that runs the call once: a forward pass without gradients, or a training step."""
    return _forward(call) if kind == "forward" else _training_step(call)


def _forward(call: ModuleCall) -> Callable[[], object]:
    import torch

    module, args, kwargs = call

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    return forward


def _training_step(call: ModuleCall) -> Callable[[], object]:
    """A function that resets gradients, then runs forward, and backward from ones; without an optimizer."""
    import torch

    module, args, kwargs = call
    ones: list[torch.Tensor] = []

    def step() -> None:
        module.zero_grad(set_to_none=True)
        with torch.enable_grad():
            outputs = [tensor for tensor in tensors(module(*args, **kwargs)) if tensor.requires_grad]
            if not outputs:
                raise UsageError("no output has a gradient, so there is no backward to time")
            if len(ones) != len(outputs):
                ones[:] = map(torch.ones_like, outputs)
            torch.autograd.backward(outputs, ones)

    return step
