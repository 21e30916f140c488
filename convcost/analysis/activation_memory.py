"""The activations of a design: what is in use at each step, and what is kept for the backward, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from convcost.analysis.memory_steps import InputGradient, MemoryStep, MemorySteps
from convcost.core.cost import Size

LargestOf: TypeAlias = Callable[[Sequence[Size]], Size]


class ActivationBytes(NamedTuple):
    """Bytes: kept for backward; the most at once without gradients, and in training with those of tensors."""

    kept: Size
    forward: Size
    training: Size


def activation_bytes(steps: MemorySteps, largest: LargestOf) -> ActivationBytes:
    """Of the steps of a design; `largest` is the maximum of several sizes."""
    evaluation, training = _Tensors(steps, training=False), _Tensors(steps, training=True)
    nothing, kept = _SavedMemory(steps, evaluation), _SavedMemory(steps, training)
    moments = [*_backward_moments(steps, training, kept)]
    if steps.has_branches:
        moments += _forward_moments(steps, training, kept)
    forward = largest([*_forward_moments(steps, evaluation, nothing)])
    return ActivationBytes(kept.bytes[-1], forward, largest(moments))


class _Tensors:
    """In which memory each tensor lies, with its views, and what each memory takes; the inputs come first."""

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
        """Whether the output of `step` lies in its first input's memory."""
        return step.shares_in_training if self.training else step.shares_in_evaluation

    def of(self, tensors: Sequence[int]) -> frozenset[int]:
        """The memories that `tensors` lie in."""
        return frozenset(self.memories[tensor] for tensor in tensors)

    def bytes(self, memories: frozenset[int]) -> Size:
        """What they take together."""
        return sum(self.sizes[memory] for memory in sorted(memories))


class _SavedMemory:
    """What the steps before each one keep for their backward: `bytes`, and at the end those of all steps."""

    def __init__(self, steps: MemorySteps, tensors: _Tensors) -> None:
        self._tensors = tensors
        self._first: dict[int, int] = {}
        self.bytes: list[Size] = [0]
        for number, step in enumerate(steps.steps):
            is_keeping = tensors.training and step.is_used
            new = tensors.of(step.saved) - self._first.keys() if is_keeping else frozenset()
            self._first.update(dict.fromkeys(new, number))
            own = step.own_saved if is_keeping else 0
            self.bytes.append(self.bytes[-1] + own + tensors.bytes(new))

    def bytes_with(self, memories: frozenset[int], number: int) -> Size:
        """What the steps before step `number` keep, and `memories`, each once."""
        others = (memory for memory in memories if self._first.get(memory, number) >= number)
        return self.bytes[number] + self._tensors.bytes(frozenset(others))


def _forward_moments(steps: MemorySteps, tensors: _Tensors, kept: _SavedMemory) -> Iterator[Size]:
    """At each step: the design's inputs, what the step and later ones read, its output, and what is kept."""
    last = _last_reads(steps, tensors)
    live = tensors.inputs
    for number, step in enumerate(steps.steps):
        live |= tensors.of((len(steps.inputs) + number,))
        own = 0 if tensors.shares(step) else step.own_saved
        yield kept.bytes_with(live, number) + own
        live = frozenset(memory for memory in live if memory in tensors.inputs or last[memory] > number)


def _last_reads(steps: MemorySteps, tensors: _Tensors) -> dict[int, int]:
    """The number of the last step that reads each memory, or is run while it is held."""
    found: dict[int, int] = {}
    for number, step in enumerate(steps.steps):
        own = len(steps.inputs) + number
        found.update(dict.fromkeys(tensors.of((own, *step.inputs, *step.held)), number))
    return found


@dataclass(frozen=True, eq=False)
class _GradientMemory:
    """A memory that gradients lie in."""

    bytes: Size


def _backward_moments(steps: MemorySteps, tensors: _Tensors, kept: _SavedMemory) -> Iterator[Size]:
    """At each step from the last one on: what it and those before keep, and all gradients that are in use.

    The design's inputs and its output are there throughout, and each input's gradient from when it is known.
    """
    sizes = [*steps.inputs, *(step.output for step in steps.steps)]
    ends = tensors.inputs | tensors.of([len(sizes) - 1])
    stored = [kept.bytes_with(ends, number) for number in range(len(kept.bytes))]
    pending = {len(sizes) - 1: _GradientMemory(sizes[-1])}
    for number in reversed(range(len(steps.steps))):
        of_output = pending.pop(len(steps.inputs) + number, None)
        if of_output is None:
            continue
        step = steps.steps[number]
        in_use = stored[number + 1] + _distinct_bytes([*pending.values(), of_output])
        yield from (in_use + computed for computed in _computed_at_once(step))
        new = [_gradient_memory(gradient, of_output) for gradient in step.gradients]
        for place, (tensor, gradient) in enumerate(zip(step.inputs, new, strict=True)):
            if gradient and tensor in pending:
                total = _GradientMemory(sizes[tensor])
                yield stored[number] + _distinct_bytes([*pending.values(), *new[place:], total])
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


def _computed_at_once(step: MemoryStep) -> Iterator[Size]:
    """The bytes of its gradients as they are computed, and as one after the other is summed up."""
    own = [gradient for gradient in step.gradients if gradient.memory == "own"]
    computed = [each.bytes if each.computed is None else each.computed for each in own]
    yield sum(computed)
    for place, gradient in enumerate(own):
        if gradient.is_summed:
            yield sum(computed) + gradient.bytes
            computed[place] = gradient.bytes
