"""What a target's forward is called with: tensors of the declared shapes, or what a function makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Signature, signature
from itertools import chain, repeat
from operator import is_
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError
from convcost.tracing.constants import is_integral, is_small
from convcost.tracing.inputs import Declared, Inputs
from convcost.tracing.isolation import Call
from convcost.tracing.loading import Place
from convcost.tracing.model_parts import anatomy
from convcost.tracing.module_construction import Way, constructed
from convcost.tracing.user_error import fault

if TYPE_CHECKING:
    import torch

Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
"""Arguments by place and by name."""

HOW_TO_GIVE = 'Inputs are given as --input "f32[1,3,224,224]", by name as --input "ids=i64[1,128]".'


@dataclass(frozen=True)
class Target:
    """A module by its place, or what makes one and with which arguments; and what it is to be run on.

    Inputs are declared, with `sizes` put in already, or come from the function at `maker`.
    """

    place: Place
    arguments: Mapping[str, Any] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=Inputs)
    sizes: Mapping[str, int] = field(default_factory=dict)
    maker: Place | None = None
    train: bool = False

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.place}({arguments})" if arguments else str(self.place)


def forward_call(
    target: Target, module: torch.nn.Module, maker: Callable[[], Any] | None, way: Way
) -> Arguments:
    """The arguments of the module's forward; UsageError if it does not take them."""
    if maker is None:
        parameter = next(iter(anatomy(module).parameters.values()), None)
        device = "meta" if way != "real" else "cpu" if parameter is None else str(parameter.device)
        args, kwargs = declared_call(target.inputs, module, device)
    else:
        args, kwargs = _made(target, maker, way)
    what = f"{type(module).__name__}.forward"
    if not args and not kwargs:
        what = f"there is no input; {what}"
    check_call(what, module.forward, args, kwargs, HOW_TO_GIVE)
    return args, kwargs


def declared_call(inputs: Inputs, module: torch.nn.Module, device: str) -> Arguments:
    """Tensors on `device`, with values where they have data."""
    dtype = own_dtype(module)

    def tensor(name: str, declared: Declared) -> torch.Tensor:
        return declared.tensor(dtype, device, _value(name))

    return _changed(tensor, module, inputs.args, inputs.kwargs)


def with_values(call: Call) -> Call:
    """With values for small integers and booleans that have no data."""
    import torch

    def tensor(name: str, given: Any) -> Any:
        if type(given) is torch.Tensor and given.is_meta and is_integral(given.dtype) and is_small(given):
            return torch.full_like(given, _value(name), device="cpu")
        return given

    return Call(call.model, *_changed(tensor, *call))


def has_other_arguments(call: Call, other: Call) -> bool:
    """Whether an argument of one is not that of the other."""
    values = ((*each.args, *each.kwargs.values()) for each in (call, other))
    return not all(map(is_, *values))


def _value(name: str) -> int:
    """What an input of that name is full of: an attention mask of ones masks nothing."""
    return int(name.endswith("attention_mask"))


def _changed(change: Callable[[str, Any], Any], module: torch.nn.Module, args: Any, kwargs: Any) -> Arguments:
    """Arguments as `change` makes them of their name and what was given."""
    names = chain(map(str, named(module, args, kwargs)), repeat(""))
    return tuple(map(change, names, args)), {name: change(name, value) for name, value in kwargs.items()}


def _made(target: Target, maker: Callable[[], Any], way: Way) -> Arguments:
    """What the user's function returns: a tensor, several by place, or by name."""
    import torch

    try:
        made = constructed(maker, way)
    except BaseException as error:
        raise fault(f"{target.maker} could not make inputs", error) from None
    if isinstance(made, torch.Tensor):
        return (made,), {}
    if isinstance(made, Mapping):
        return (), {str(name): value for name, value in made.items()}
    if isinstance(made, tuple | list):
        return tuple(made), {}
    kind = type(made).__name__
    raise UsageError(f"{target.maker} returned {kind}; a tensor, a tuple, a list or a dict is needed")


def own_dtype(module: torch.nn.Module) -> torch.dtype:
    """The dtype of its first parameter with a point."""
    import torch

    dtypes = (
        parameter.dtype for parameter in anatomy(module).parameters.values() if parameter.is_floating_point()
    )
    return next(dtypes, torch.get_default_dtype())


def check_call(
    what: str,
    call: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    hint: str = "",
) -> None:
    """Refuse arguments that `call` does not take; `hint` is how they are given."""
    try:
        accepted = signature(call)
    except (TypeError, ValueError):
        return
    try:
        accepted.bind(*args, **(kwargs or {}))
    except TypeError as error:
        message = f"{what} takes {_parameters(accepted)}: {error}"
        raise UsageError(message, hint=hint) from None


def _parameters(accepted: Signature) -> str:
    shown = [str(parameter.replace(annotation=parameter.empty)) for parameter in accepted.parameters.values()]
    return f"({', '.join(shown)})"[:200]


def named(module: torch.nn.Module, args: Any, kwargs: Any) -> dict[str, Any]:
    """The inputs by the names that forward gives them."""
    try:
        return dict(signature(module.forward).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return {**dict(enumerate(args)), **kwargs}
