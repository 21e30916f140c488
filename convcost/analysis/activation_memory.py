"""Activation memory of a design: bytes in use at each step, and bytes saved for the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from convcost.analysis.memory_steps import InputGradient, MemoryStep, MemorySteps
from convcost.core.cost import Size

LargestOf: TypeAlias = Callable[[Sequence[Size]], Size]


class ActivationBytes(NamedTuple):
    """Bytes of saved tensors (`kept`), and the peaks of a forward pass and of a training step."""

    kept: Size
    forward: Size
    training: Size


def activation_bytes(steps: MemorySteps, largest: LargestOf) -> ActivationBytes:
    """The activation memory of a design's steps; `largest` is the maximum of several sizes."""
    evaluation, training = _Tensors(steps, training=False), _Tensors(steps, training=True)
    none_saved, saved = _SavedMemory(steps, evaluation), _SavedMemory(steps, training)
    in_use = [*_backward_in_use(steps, training, saved)]
    if steps.has_branches:
        in_use += _forward_in_use(steps, training, saved)
    forward = largest([*_forward_in_use(steps, evaluation, none_saved)])
    return ActivationBytes(saved.bytes[-1], forward, largest(in_use))


class _Tensors:
    """The memory block of each tensor, shared by its views, and the size of each block; inputs first."""

    def __init__(self, steps: MemorySteps, training: bool) -> None:
        self.training = training
        self.sizes = [*steps.inputs]
        self.memories = [*range(len(self.sizes))]
        self.inputs = frozenset(self.memories)
        for step in steps.steps:
            if self.shares(step):
                self.memories.append(self.memories[step.inputs[0]])
            else:
                self.memories.append(len(self.sizes))
                self.sizes.append(step.output)

    def shares(self, step: MemoryStep) -> bool:
        """Whether the output of `step` shares the memory of its first input."""
        return step.shares_in_training if self.training else step.shares_in_evaluation

    def of(self, tensors: Sequence[int]) -> frozenset[int]:
        """The memory blocks of `tensors`."""
        return frozenset(self.memories[tensor] for tensor in tensors)

    def bytes(self, memories: frozenset[int]) -> Size:
        """The total size of memory blocks."""
        return sum(self.sizes[memory] for memory in sorted(memories))


class _SavedMemory:
    """Saved tensors: `bytes` that the steps before each step save, and at the end those of all steps."""

    def __init__(self, steps: MemorySteps, tensors: _Tensors) -> None:
        self._tensors = tensors
        self._first: dict[int, int] = {}
        self.bytes: list[Size] = [0]
        for number, step in enumerate(steps.steps):
            saves = tensors.training and step.is_used
            new = tensors.of(step.saved) - self._first.keys() if saves else frozenset()
            self._first.update(dict.fromkeys(new, number))
            own = step.own_saved if saves else 0
            self.bytes.append(self.bytes[-1] + own + tensors.bytes(new))

    def bytes_with(self, memories: frozenset[int], number: int) -> Size:
        """Bytes that the steps before step `number` save, plus `memories`, without duplicates."""
        others = (memory for memory in memories if self._first.get(memory, number) >= number)
        return self.bytes[number] + self._tensors.bytes(frozenset(others))


def _forward_in_use(steps: MemorySteps, tensors: _Tensors, saved: _SavedMemory) -> Iterator[Size]:
    """Bytes in use at each step: inputs of the design and of later steps, the output, and saved tensors."""
    last = _last_reads(steps, tensors)
    live = tensors.inputs
    for number, step in enumerate(steps.steps):
        live |= tensors.of((len(steps.inputs) + number,))
        own = 0 if tensors.shares(step) else step.own_saved
        yield saved.bytes_with(live, number) + own
        live = frozenset(memory for memory in live if memory in tensors.inputs or last[memory] > number)


def _last_reads(steps: MemorySteps, tensors: _Tensors) -> dict[int, int]:
    """The number of the last step that reads each memory block, or during which it is held."""
    last: dict[int, int] = {}
    for number, step in enumerate(steps.steps):
        own = len(steps.inputs) + number
        last.update(dict.fromkeys(tensors.of((own, *step.inputs, *step.held)), number))
    return last


@dataclass(frozen=True, eq=False)
class _GradientMemory:
    """A memory block of gradients."""

    bytes: Size


def _backward_in_use(steps: MemorySteps, tensors: _Tensors, saved: _SavedMemory) -> Iterator[Size]:
    """Bytes in use at each step of the backward pass: saved tensors, and gradients.

    The inputs and the output of the design exist throughout, and the gradient of an input once computed.
    """
    sizes = [*steps.inputs, *(step.output for step in steps.steps)]
    ends = tensors.inputs | tensors.of([len(sizes) - 1])
    stored = [saved.bytes_with(ends, number) for number in range(len(saved.bytes))]
    pending = {len(sizes) - 1: _GradientMemory(sizes[-1])}
    for number in reversed(range(len(steps.steps))):
        of_output = pending.pop(len(steps.inputs) + number, None)
        if of_output is None:
            continue
        step = steps.steps[number]
        in_use = stored[number + 1] + _distinct_bytes([*pending.values(), of_output])
        yield from (in_use + computed for computed in _gradients_in_use(step))
        new = [_gradient_memory(gradient, of_output) for gradient in step.gradients]
        for index, (tensor, gradient) in enumerate(zip(step.inputs, new, strict=True)):
            if gradient and tensor in pending:
                total = _GradientMemory(sizes[tensor])
                yield stored[number] + _distinct_bytes([*pending.values(), *new[index:], total])
                pending[tensor] = total
            elif gradient:
                pending[tensor] = gradient


def _distinct_bytes(memories: Iterable[_GradientMemory | None]) -> Size:
    return sum(memory.bytes for memory in dict.fromkeys(memories) if memory)


def _gradient_memory(gradient: InputGradient, of_output: _GradientMemory) -> _GradientMemory | None:
    match gradient.memory:
        case "own":
            return _GradientMemory(gradient.bytes)
        case "output's":
            return of_output
    return None


def _gradients_in_use(step: MemoryStep) -> Iterator[Size]:
    """Bytes of the step's gradients when they are computed, and as they are summed one by one."""
    own = [gradient for gradient in step.gradients if gradient.memory == "own"]
    computed = [each.bytes if each.computed is None else each.computed for each in own]
    yield sum(computed)
    for index, gradient in enumerate(own):
        if gradient.is_summed:
            yield sum(computed) + gradient.bytes
            computed[index] = gradient.bytes
