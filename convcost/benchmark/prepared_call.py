"""The calls that are timed: a forward or training step, on the device, with its own data."""

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
    """The design as it is called, the caller's left alone, its numbers random where it brings none."""
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
    """On the device, its floating-point numbers in the dtype if one is named."""
    from torch.utils._pytree import tree_map_only

    call = move_call(call, device)
    if not dtype:
        return call
    import torch

    wanted = torch_dtype(dtype)

    def cast(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(wanted) if tensor.is_floating_point() else tensor

    args, kwargs = tree_map_only(torch.Tensor, cast, (call.args, call.kwargs))
    return ModuleCall(call.model.to(wanted), args, kwargs)


def _with_data(name: str, argument: Any) -> Any:
    """An input of shapes alone with numbers."""
    import torch

    is_meta = type(argument) is torch.Tensor and argument.is_meta
    return _randomize(torch.full_like(argument, fill_value(name), device="cpu")) if is_meta else argument


def _randomize(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers as they are in use: on a GPU zeros take less power, and so less time."""
    return tensor.normal_() if tensor.is_floating_point() and not tensor.requires_grad else tensor


def compile_call(call: ModuleCall) -> ModuleCall:
    """The same with torch.compile; it is compiled when it is first run."""
    import torch

    module: Any = torch.compile(call.model)
    return call._replace(model=module)


@contextmanager
def run_mode(kind: RunKind, call: ModuleCall) -> Iterator[None]:
    """A training step in training mode, except where parts are frozen in one that is in it already."""
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
    """A function that runs it once: a forward without gradients, or a training step."""
    return _forward(call) if kind == "forward" else _training_step(call)


def _forward(call: ModuleCall) -> Callable[[], object]:
    import torch

    module, args, kwargs = call

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    return forward


def _training_step(call: ModuleCall) -> Callable[[], object]:
    """Forward, backward from ones at every output, gradients set to none first; no optimizer."""
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
