"""Inputs of a module in Python: tensors and other values, or strings such as `f32[B,128]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor, parse_input
from convcost.tracing.signatures import check_arguments

if TYPE_CHECKING:
    import torch

INPUTS_HINT = 'Give tensors, or strings such as "f32[1,3,224,224]" and "ids=i64[B,128]".'

NO_INPUTS_HINT = 'Give a module and its inputs as a tuple, such as (module, "f32[1,8]").'


@dataclass(frozen=True, eq=False)
class GivenInputs:
    """The arguments of forward, positional and by name; inputs declared as texts are DeclaredTensors."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Any, ...]:
        """All arguments."""
        return (*self.args, *self.kwargs.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes, without duplicates."""
        declared = (value for value in self.all if type(value) is DeclaredTensor)
        return tuple(dict.fromkeys(name for value in declared for name in value.names))

    def sized(self, sizes: Mapping[str, int]) -> GivenInputs:
        """The inputs with `sizes` substituted."""

        def change(value: Any) -> Any:
            return value.sized(sizes) if type(value) is DeclaredTensor else value

        return GivenInputs(
            tuple(map(change, self.args)), {name: change(value) for name, value in self.kwargs.items()}
        )

    def declared(self) -> DeclaredInputs:
        """All inputs as dtypes and shapes; UsageError if one is not a tensor."""
        kwargs = {name: _declare(value) for name, value in self.kwargs.items()}
        return DeclaredInputs(tuple(map(_declare, self.args)), kwargs)


def _declare(given: Any) -> DeclaredTensor:
    if type(given) is DeclaredTensor:
        return given
    if not hasattr(given, "dtype") or not hasattr(given, "shape"):
        message = f"with open sizes, all inputs must be tensors, and one is {type(given).__name__}"
        raise UsageError(message, hint="Give all sizes numbers.")
    return DeclaredTensor(str(given.dtype).removeprefix("torch."), tuple(given.shape))


def _keys(value: Any) -> set[Any] | None:
    """The keys of a mapping, without calling overrides of a dict's subclass; None for other values."""
    if issubclass(type(value), dict):
        return {*dict.keys(value)}
    return {*value} if issubclass(type(value), Mapping) else None


def given_inputs(
    inputs: tuple[Any, ...], keywords: Mapping[str, Any], names: tuple[str, ...] = ()
) -> GivenInputs:
    """The inputs for a forward whose arguments have `names`.

    If the last positional input is a mapping whose keys are all in `names`, it has inputs by name.

    Raises:
        SpecError: A text with a bracket does not declare an input.
    """
    *before, last = inputs or (None,)
    keys = _keys(last)
    if before and keys and keys <= {*names}:
        inputs, keywords = tuple(before), {**last, **keywords}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, value in (*(("", given) for given in inputs), *keywords.items()):
        stated, found = parse_input(value) if _is_declaration(value) else ("", value)
        if stated and name and stated != name:
            raise UsageError(f"the input {name} has a different name in its text, {stated[:40]}")
        if (stated or name) in kwargs:
            raise UsageError(f"the input {stated or name} is given twice")
        if stated or name:
            kwargs[stated or name] = found
        else:
            args.append(found)
    return GivenInputs(tuple(args), kwargs)


def _is_declaration(value: Any) -> bool:
    """Whether it is a text with a shape. Other texts are passed to forward as they are."""
    return issubclass(type(value), str) and "[" in value


def forward_names(module: torch.nn.Module) -> tuple[str, ...]:
    """The names of forward's arguments; empty if unknown."""
    try:
        return tuple(signature(module.forward).parameters)
    except (TypeError, ValueError):
        return ()


def check_inputs(module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """WrongTypeError for inputs that forward does not take, if its signature can be trusted."""
    if not hasattr(module.forward, "__wrapped__") and not module._forward_pre_hooks:
        what = f"{type(module).__name__}.forward"
        check_arguments(what, module.forward, args, kwargs, noun="input", hint=INPUTS_HINT)
