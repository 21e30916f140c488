"""The tensors between the layers of a chain: which are kept for backward, and the most there are at once.

The model: whoever runs the chain holds its input and its output; every other tensor goes when nothing needs
it any more. A layer's output lies in memory of its own, unless the layer views or writes over its input.
The input has a gradient too, as it would inside a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Shape, Size
from convcost.layers.interface import Layer
from convcost.layers.saved_tensors import SavedTensors

Largest = Callable[[Sequence[Size]], Size]


class Step(NamedTuple):
    """A layer on its input; indices, which are no floats, have an itemsize of their own."""

    layer: Layer
    input: Shape
    output: Shape
    input_itemsize: int | None = None


class Activations(NamedTuple):
    """Bytes: kept for backward; the most at once without gradients, and in training with those of tensors."""

    kept: Size
    forward: Size
    training: Size


def activations(steps: Sequence[Step], itemsize: int, largest: Largest) -> Activations:
    """Of `steps` in a dtype of `itemsize` bytes."""
    kept, training = _training(steps, itemsize)
    return Activations(kept, largest([*_forward(steps, itemsize)]), largest(training))


def _forward(steps: Sequence[Step], itemsize: int) -> Iterator[Size]:
    """At each layer: the chain's input, the layer's input and output, and what it makes beside these."""
    places, sizes = _memories(steps, itemsize, training=False)
    for number, step in enumerate(steps):
        there = {0, places[number], places[number + 1]}
        is_writing = not step.layer.shares_memory(training=False)
        own = step.layer.kept(step.input, step.output).own_bytes(itemsize) if is_writing else 0
        yield sum(sizes[place] for place in sorted(there)) + own


def _training(steps: Sequence[Step], itemsize: int) -> tuple[Size, list[Size]]:
    """What all layers keep; and at each layer's backward: what it and those before it keep, and gradients.

    No layer's forward has more at once than its backward, as a gradient is as large as its tensor.
    """
    places, sizes = _memories(steps, itemsize, training=True)
    held: set[int] = set()
    total: Size = 0
    moments: list[Size] = []
    for number, step in enumerate(steps):
        kept = step.layer.kept(step.input, step.output)
        further = _ends(kept, places[number : number + 2]) - held
        held |= further
        total += kept.own_bytes(itemsize) + sum(sizes[place] for place in sorted(further))
        ends = sum(sizes[place] for place in sorted({0, places[-1]} - held))
        moments.append(total + ends + _gradients(step, itemsize))
    return total, moments


def _ends(kept: SavedTensors, places: Sequence[int]) -> set[int]:
    return {place for place, is_kept in zip(places, (kept.input, kept.output), strict=True) if is_kept}


def _memories(steps: Sequence[Step], itemsize: int, training: bool) -> tuple[list[int], list[Size]]:
    """For the input and each output the number of the memory it lies in; and the bytes of each memory."""
    places = [0]
    sizes = [arithmetic.elements(steps[0].input) * (steps[0].input_itemsize or itemsize)]
    for step in steps:
        if not step.layer.shares_memory(training):
            sizes.append(arithmetic.elements(step.output) * itemsize)
        places.append(len(sizes) - 1)
    return places, sizes


def _gradients(step: Step, itemsize: int) -> Size:
    """That of the output, and that of what was worked on, unless it has none or is a view of the other."""
    of_output = arithmetic.elements(step.output) * itemsize
    has_own = step.input_itemsize is None and not step.layer.is_view
    return of_output + (step.layer.worked_on(step.input) * itemsize if has_own else 0)
