"""What a model is called with, as declared: a dtype and a shape for each tensor, no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from convcost.core.arithmetic import elements
from convcost.core.errors import UsageError

if TYPE_CHECKING:
    import torch

SHORT_NAMES = {
    **{"f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16"},
    **{"i64": "int64", "i32": "int32", "i16": "int16", "i8": "int8", "u8": "uint8"},
    **{"c64": "complex64", "c128": "complex128"},
    **{"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32"},
}
DTYPES = {**SHORT_NAMES, **{name: name for name in SHORT_NAMES.values()}, "bool": "bool"}
"""torch's name of each dtype, by every name that is understood."""

LARGEST = 2**63 - 1
"""torch's own limit for the elements of a tensor."""


class Multiple(NamedTuple):
    """A size that is a number times one that has a name: 2*H."""

    factor: int
    name: str

    def __str__(self) -> str:
        return f"{self.factor}*{self.name}"


Size = int | str | Multiple
"""A size of a declared tensor: a number, a name, or a multiple of what has a name."""


class Declared(NamedTuple):
    """A tensor in words: torch's name of its dtype, empty for the model's own, and sizes or their names."""

    dtype: str
    shape: tuple[Size, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names in its sizes."""
        names = (size.name if isinstance(size, Multiple) else size for size in self.shape)
        return tuple(name for name in names if isinstance(name, str))

    def sized(self, sizes: Mapping[str, int]) -> Declared:
        """With a number for each name that `sizes` has; UsageError beyond what torch can hold."""
        shape = tuple(_sized(size, sizes) for size in self.shape)
        if elements(tuple(size for size in shape if isinstance(size, int))) > LARGEST:
            raise UsageError(f"an input of {shape} has more elements than torch can count")
        return self._replace(shape=shape)

    def tensor(self, own_dtype: torch.dtype, device: str, value: int = 0) -> torch.Tensor:
        """The tensor, full of `value` where the device holds data; every size has to be a number."""
        import torch

        dtype = getattr(torch, self.dtype) if self.dtype else own_dtype
        return torch.full(self.shape, value, dtype=dtype, device=device)  # type: ignore[arg-type]


def _sized(size: Size, sizes: Mapping[str, int]) -> Size:
    if isinstance(size, Multiple):
        return size.factor * sizes[size.name] if size.name in sizes else size
    return sizes.get(size, size) if isinstance(size, str) else size


@dataclass(frozen=True)
class Inputs:
    """What a forward is called with: by place and by name."""

    args: tuple[Declared, ...] = ()
    kwargs: Mapping[str, Declared] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes that are names, each once."""
        return tuple(dict.fromkeys(name for given in self.all for name in given.names))

    @property
    def all(self) -> tuple[Declared, ...]:
        """Each of them."""
        return (*self.args, *self.kwargs.values())

    def sized(self, sizes: Mapping[str, int]) -> Inputs:
        """With a number for each name that `sizes` has."""
        kwargs = {name: given.sized(sizes) for name, given in self.kwargs.items()}
        return Inputs(tuple(given.sized(sizes) for given in self.args), kwargs)

    def typed(self, own_dtype: torch.dtype) -> Inputs:
        """With `own_dtype`'s name where there is no dtype."""
        name = str(own_dtype).removeprefix("torch.")
        args = tuple(given._replace(dtype=given.dtype or name) for given in self.args)
        return Inputs(
            args, {key: given._replace(dtype=given.dtype or name) for key, given in self.kwargs.items()}
        )
