"""A module and what it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from itertools import chain, repeat
from operator import is_
from typing import Any, NamedTuple

import torch

from convcost.tracing.isolation.tensor_copies import is_integral, is_small


class ModuleCall(NamedTuple):
    """A module, and its arguments by place and by name."""

    model: torch.nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}

    @property
    def named_arguments(self) -> dict[Any, Any]:
        """The arguments by the names that forward gives them."""
        try:
            return dict(signature(self.model.forward).bind(*self.args, **self.kwargs).arguments)
        except (TypeError, ValueError):
            return dict(enumerate(self.args)) | dict(self.kwargs)

    def map(self, change: Callable[[str, Any], Any]) -> ModuleCall:
        """With each argument as `change` makes it of its name and value."""
        names = chain(map(str, self.named_arguments), repeat(""))
        kwargs = {name: change(name, value) for name, value in self.kwargs.items()}
        return ModuleCall(self.model, tuple(map(change, names, self.args)), kwargs)

    def with_integer_values(self) -> ModuleCall:
        """With values for small integers and booleans that have no data."""

        def valued(name: str, given: Any) -> Any:
            if type(given) is torch.Tensor and given.is_meta and is_integral(given.dtype) and is_small(given):
                return torch.full_like(given, fill_value(name), device="cpu")
            return given

        return self.map(valued)

    def has_arguments_of(self, other: ModuleCall) -> bool:
        """Whether each argument is that of the other call."""
        values = ((*each.args, *each.kwargs.values()) for each in (self, other))
        return all(map(is_, *values))


def fill_value(name: str) -> int:
    """What an input of that name is full of: an attention mask of ones masks nothing."""
    return int(name.endswith("attention_mask"))
