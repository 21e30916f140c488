"""Build a target's module, and the arguments of its forward, by the user's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from inspect import signature
from typing import Any, Literal, TypeVar, get_type_hints

import torch
from torch.overrides import TorchFunctionMode

from convcost.core.errors import UsageError
from convcost.tracing.isolation.process_state import preserved_process_state
from convcost.tracing.isolation.virtual_devices import VirtualDevices, virtual_cuda
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.signatures import check_arguments, missing_arguments
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.target.loading import check_callable
from convcost.tracing.target.target import Target
from convcost.tracing.tensors import MAX_NUMBERS, is_small
from convcost.tracing.user_error import is_raised_by_user, target_error

BuildMode = Literal["constants", "meta", "real"]

BUILD_MODES: tuple[BuildMode, ...] = ("constants", "meta", "real")
"""Only small constants with data; nothing with data; everything with data."""

UNINITIALIZED_FACTORIES = frozenset((torch.empty, torch.empty_strided, torch.rand, torch.randn))

CONSTANT_FACTORIES = frozenset(
    (
        *(torch.zeros, torch.ones, torch.full, torch.eye),
        *(torch.arange, torch.linspace, torch.randint, torch.randperm),
    )
)

INITIALIZERS = frozenset(
    (
        *("uniform_", "normal_", "constant_", "kaiming_uniform_", "kaiming_normal_", "trunc_normal_"),
        *("fill_", "zero_", "erfinv_", "clamp_", "random_", "exponential_", "bernoulli_"),
    )
)
"""Functions that initialize a tensor. They are skipped for tensors without data."""

Built = TypeVar("Built")

ARGUMENTS_HINT = "Give arguments by name, such as {}=10."
ARGUMENTS_CLI_HINT = "Give arguments by name, such as --arg {}=10."

MODULE_HINT = "The argument {} is a module: write a function that builds both, and give it as file.py:name."

Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
"""Positional and keyword arguments."""

INPUTS_HINT = 'Give inputs, such as "f32[1,3,224,224]", or by name, "ids=i64[1,128]".'
INPUTS_CLI_HINT = 'Give inputs as --input "f32[1,3,224,224]", or by name as --input "ids=i64[1,128]".'


def construct(make: Callable[[], Built], build_mode: BuildMode) -> Built:
    """Call `make`; settings and random states of the process are restored afterwards."""
    on_meta = torch.device("meta") if build_mode == "meta" else nullcontext()
    mode = ConstructionMode(drops_data=build_mode == "constants")
    with preserved_process_state(), virtual_cuda(), on_meta, mode:
        return make()


def _is_long(func: Any, made: torch.Tensor) -> bool:
    """Whether it is a torch.arange too long to be a small constant."""
    return func is torch.arange and made.numel() > MAX_NUMBERS


class ConstructionMode(TorchFunctionMode):
    """Skips initialization of meta tensors. With `drops_data`, makes all but small constants on meta."""

    def __init__(self, drops_data: bool) -> None:
        super().__init__()
        self._drops_data = drops_data
        self._devices = VirtualDevices(torch.device("cpu"), has_data=True)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        rule = self._devices.rule(func)
        if rule is not None:
            return rule(func, args, kwargs or {})
        if kwargs and kwargs.get("device") is not None:
            return self._devices.on_device(func, lambda rest: self._call_factory(func, args, rest), kwargs)
        return self._call_factory(func, args, kwargs or {})

    def _call_factory(self, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if getattr(func, "__name__", "") in INITIALIZERS:
            tensor = args[0] if args else kwargs.get("tensor")
            if getattr(tensor, "is_meta", False):
                return tensor
        if (
            self._drops_data
            and (func in UNINITIALIZED_FACTORIES or func in CONSTANT_FACTORIES)
            and kwargs.get("device") is None
        ):
            without_data = func(*args, **{**kwargs, "device": "meta"})
            if func in UNINITIALIZED_FACTORIES or not is_small(without_data) or _is_long(func, without_data):
                return without_data
        return func(*args, **kwargs)


def build_module(target: Target, found: Any, build_mode: BuildMode) -> torch.nn.Module:
    """The module itself, or as the class or function builds it, in training or evaluation mode."""
    module = found if isinstance(found, torch.nn.Module) else _build_from(target, found, build_mode)
    if not isinstance(module, torch.nn.Module):
        if module is not found:
            raise UsageError(f"{target.place} returned {_with_article(module)}; expected a torch.nn.Module")
        wanted = "a torch.nn.Module, or a class or function that makes one"
        raise UsageError(f"{target.place} is {_with_article(found)}; expected {wanted}")
    if module is found and target.arguments:
        raise UsageError(f"{target.place} is a module already; --arg is for a class or a function")
    with suppress(NotImplementedError):  # an exported program has one mode
        module.train(target.train)
    return module


def _build_from(target: Target, found: Any, build_mode: BuildMode) -> Any:
    if isinstance(found, BuildableModel):
        return _construct(target, found.make, build_mode)
    if not callable(found) or (isinstance(found, type) and not issubclass(found, torch.nn.Module)):
        return found
    check_callable(str(target.place), found)
    hints = ARGUMENTS_HINT, ARGUMENTS_CLI_HINT
    hint, cli_hint = hints if not _needs_module(found, target.arguments) else (MODULE_HINT, MODULE_HINT)
    check_arguments(str(target.place), found, kwargs=target.arguments, hint=hint, cli_hint=cli_hint)
    return _construct(target, partial(found, **target.arguments), build_mode)


def _needs_module(found: Callable[..., Any], given: Mapping[str, Any]) -> bool:
    """Whether the first argument that is missing is a module, by its annotation."""
    try:
        missing = next(missing_arguments(signature(found), (), given))
        kind = get_type_hints(vars(found).get("__init__", found))[missing]
    except Exception:  # a user's signature and annotations may be anything
        return False
    kind = getattr(kind, "__bound__", kind)
    return isinstance(kind, type) and issubclass(kind, torch.nn.Module)


def _construct(target: Target, make: Callable[[], Any], build_mode: BuildMode) -> Any:
    try:
        return construct(make, build_mode)
    except BaseException as error:
        raise target_error(f"{target} could not be built", error) from None


def construct_module(make: Callable[..., Any], arguments: Mapping[str, Any]) -> torch.nn.Module:
    """Build a module by a class or a function, on the meta device if possible.

    Raises:
        UsageError: It does not take these arguments, or does not return a module.
        Exception: What it raises itself.
    """
    name = getattr(make, "__name__", type(make).__name__)
    check_arguments(name, make, kwargs=arguments)
    try:
        module = construct(partial(make, **arguments), "meta")
    except Exception as error:
        if is_raised_by_user(error):
            raise
        module = make(**arguments)
    if not isinstance(module, torch.nn.Module):
        raise UsageError(f"{name} returned {_with_article(module)}; expected a torch.nn.Module")
    return module


def _with_article(value: Any) -> str:
    """`a dict`, `an int`; `the class Net` for a class."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def forward_arguments(
    target: Target, module: torch.nn.Module, maker: Callable[[], Any] | None, build_mode: BuildMode
) -> Arguments:
    """The arguments of the module's forward, checked against its signature."""
    if maker is None:
        parameter = next(iter(module_tree(module).parameters.values()), None)
        device = "meta" if build_mode != "real" else "cpu" if parameter is None else str(parameter.device)
        inputs = target.inputs
        _, args, kwargs = ModuleCall(module, inputs.args, inputs.kwargs).with_tensors(device)
    else:
        args, kwargs = _inputs_from_maker(target, maker, build_mode)
    what = f"{type(module).__name__}.forward"
    check_arguments(
        what, module.forward, args, kwargs, noun="input", hint=INPUTS_HINT, cli_hint=INPUTS_CLI_HINT
    )
    return args, kwargs


def _inputs_from_maker(target: Target, maker: Callable[[], Any], build_mode: BuildMode) -> Arguments:
    """The inputs from the user's function: a tensor, a sequence of positional inputs, or a dict by name."""
    try:
        made = construct(maker, build_mode)
    except BaseException as error:
        raise target_error(f"{target.maker} could not make inputs", error) from None
    if isinstance(made, torch.Tensor):
        return (made,), {}
    if isinstance(made, Mapping):
        return (), {str(name): value for name, value in made.items()}
    if isinstance(made, tuple | list):
        return tuple(made), {}
    wanted = "a tensor, tuple, list or dict"
    raise UsageError(f"{target.maker} returned {_with_article(made)}; expected {wanted}")
