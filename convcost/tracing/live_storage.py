"""Which memory is in use while a model runs: every storage from the operator that made it to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import finalize

from convcost.core.cost import Size
from convcost.tracing.storage_ownership import flat_tensors, number_of

if TYPE_CHECKING:
    import torch


class Measure(NamedTuple):
    """How torch's sizes are taken, and which of several is the largest."""

    size: Callable[[Any], Size] = int
    largest: Callable[[Sequence[Size]], Size] = max


NUMBERS = Measure()


class LiveStorageTracker:
    """The memory that operators made, in the order in which it was made and left again, in bytes."""

    def __init__(self, before: Iterable[torch.Tensor] = (), measure: Measure = NUMBERS) -> None:
        self.measure = measure
        self._before = {number_of(tensor) for tensor in before}
        self._serials: dict[int, int] = {}
        self._sizes: list[Size] = []
        self._events: list[tuple[int, Size]] = []

    def see(self, output: Any) -> None:
        """What an operator returned."""
        import torch

        for tensor in flat_tensors((output,)):
            number = number_of(tensor)
            if number in self._serials or number in self._before or tensor.layout is not torch.strided:
                continue
            storage = tensor.untyped_storage()
            serial = self._serials[number] = len(self._sizes)
            self._sizes.append(self.measure.size(storage.nbytes()))
            self._events.append((serial, self._sizes[serial]))
            finalize(storage, self._gone, number, serial).atexit = False

    def _gone(self, number: int, serial: int) -> None:
        if self._serials.get(number) == serial:
            del self._serials[number]
            self._events.append((serial, -self._sizes[serial]))

    def now(self) -> dict[int, Size]:
        """The bytes of all that is in use, by torch's number for the memory."""
        return {number: self._sizes[serial] for number, serial in self._serials.items()}

    def peak(self, without: Iterable[torch.Tensor] = ()) -> Size:
        """The most that was in use at once, but for the memory of some tensors."""
        left_out = {self._serials.get(number_of(tensor)) for tensor in without}
        changes = (change for serial, change in self._events if serial not in left_out)
        return self.measure.largest([*accumulate(changes, initial=0)])


def watching(alive: LiveStorageTracker) -> Any:
    """A mode under which what operators return is seen."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            output = func(*args, **(kwargs or {}))
            alive.see(output)
            return output

    return Watching()  # type: ignore[no-untyped-call]
