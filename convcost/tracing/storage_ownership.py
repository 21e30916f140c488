"""Whose memory it is: what a run made is its own to write to, all other is the user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from convcost.core.errors import ConvcostError
from convcost.core.units import binary

if TYPE_CHECKING:
    import torch


class Runner:
    """How operators come by what they return: this one leaves them to torch.

    `has_data` says whether they compute.
    """

    has_data = True

    def __init__(self) -> None:
        self._states: dict[int, tuple[torch.Generator, torch.Tensor]] = {}

    def run(
        self, overload: Any, writes: tuple[int, ...], args: Any, kwargs: Any, keeps_shape: bool = False
    ) -> Any:
        """What `overload` returns; `writes` are the places of the arguments that it writes to."""
        return overload(*args, **kwargs)

    def preserve_generator(self, generator: torch.Generator) -> None:
        """Note its state before it is drawn from."""
        if id(generator) not in self._states:
            self._states[id(generator)] = generator, generator.get_state()

    def close(self) -> None:
        """Put back what the run did not make."""
        for generator, state in self._states.values():
            generator.set_state(state)


class Made:
    """The memory that a run has made."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()

    def add(self, output: Any, inputs: Iterable[torch.Tensor] = ()) -> None:
        """What an operator returned, as far as it is in other memory than its `inputs`."""
        made = {number_of(tensor) for tensor in flat_tensors((output,))}
        self._numbers.update(made.difference(map(number_of, inputs)))

    def has(self, tensors: Iterable[torch.Tensor]) -> bool:
        """Whether all of them are in it."""
        return all(number_of(tensor) in self._numbers for tensor in tensors)


class Values(Runner):
    """Runs operators on data; what they write to memory that the run did not make can be undone."""

    def __init__(self, memory: int) -> None:
        super().__init__()
        self._memory = memory
        self._made = Made()
        self._before: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def run(
        self, overload: Any, writes: tuple[int, ...], args: Any, kwargs: Any, keeps_shape: bool = False
    ) -> Any:
        """What `overload` returns."""
        for tensor in written(overload, writes, args, kwargs) if writes else ():
            if not self._made.has((tensor,)):
                whole = _whole_memory(tensor)
                self._before.setdefault(number_of(tensor), (whole, whole.clone()))
        if kwargs.get("device") is not None and not any(True for _ in flat_tensors(args)):
            self._check(overload, args, kwargs)
        output = overload(*args, **kwargs)
        self._made.add(output, flat_tensors((*args, *kwargs.values())))
        return output

    def _check(self, overload: Any, args: Any, kwargs: Any) -> None:
        """Refuse to make a tensor that takes more memory than is allowed."""
        shape_only = overload(*args, **{**kwargs, "device": "meta", "pin_memory": False})
        needed = sum(tensor.numel() * tensor.element_size() for tensor in flat_tensors((shape_only,)))
        if needed > self._memory:
            message = f"the model makes a tensor of {binary(needed)} in a run on data"
            raise ConvcostError(message, hint=f"--max-memory {-(-needed // 2**20)}MiB allows that.")

    def close(self) -> None:
        """Write back what was there."""
        super().close()
        for memory, before in self._before.values():
            memory.copy_(before)


def written(overload: Any, places: tuple[int, ...], args: Any, kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """The tensors that `overload` writes to, which stand at these places of its schema."""
    names = [overload._schema.arguments[place].name for place in places] if kwargs else []
    by_place = [args[place] for place in places if place < len(args)]
    return list(flat_tensors((*by_place, *(kwargs[name] for name in names if name in kwargs))))


def flat_tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The tensors among `values` and in lists among them."""
    import torch

    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from flat_tensors(value)


def number_of(tensor: torch.Tensor) -> int:
    """Torch's number for the memory that `tensor` is in."""
    import torch

    return int(tensor.untyped_storage()._cdata) if tensor.layout is torch.strided else id(tensor)


def _whole_memory(tensor: torch.Tensor) -> torch.Tensor:
    """All of the memory that `tensor` is in, as a vector outside autograd's sight."""
    import torch

    if tensor.layout is not torch.strided:
        return tensor.detach()
    with torch._C._DisableTorchDispatch():
        return torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(tensor.untyped_storage())
