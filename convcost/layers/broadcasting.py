"""Shapes of several inputs: equal, or broadcast by torch's rules."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core.constraints import Equals, Rank, Requirement
from convcost.core.cost import Shape, Size


def equal_shapes(first: Shape, second: Shape, number: int) -> Iterator[Requirement]:
    """Requires input `number`, of shape `second`, to have the shape of the first input."""
    argument = f"inputs[{number}]"
    yield Rank(second, (len(first),), f"{len(first)}, like input 1", argument=argument)
    for place, (size, expected) in enumerate(zip(second, first, strict=True)):
        name = f"dimension {place} of input {number + 1}"
        hint = f"Its shape is {shape_text(second)}; that of input 1 is {shape_text(first)}."
        yield Equals(size, expected, name, "that of input 1", argument, hint)


def broadcast_shape(first: Shape, second: Shape) -> Shape:
    """The shape that two shapes broadcast to. Sizes other than 1 must be equal, and the first is taken."""
    longer, shorter = sorted((first, second), key=len, reverse=True)
    leading = longer[: len(longer) - len(shorter)]
    return leading + tuple(
        other if is_one(size) else size for size, other in zip(longer[len(leading) :], shorter, strict=True)
    )


def is_broadcast_already(operand: Shape, output: Shape) -> bool:
    """Whether `operand` has the shape `output` without being repeated."""
    pairs = zip(operand, output, strict=len(operand) == len(output))
    return len(operand) == len(output) and all(is_one(size) is is_one(other) for size, other in pairs)


def broadcast_requirements(first: Shape, second: Shape, number: int) -> Iterator[Requirement]:
    """Requires input `number`, of shape `second`, to broadcast with `first`, that of the earlier inputs."""
    for place in range(1, min(len(first), len(second)) + 1):
        size, other = second[-place], first[-place]
        if not is_one(size) and not is_one(other):
            yield Equals(
                size,
                other,
                f"dimension {-place} of input {number + 1}",
                "that of the earlier inputs",
                f"inputs[{number}]",
                f"Its shape is {shape_text(second)}; the earlier inputs have {shape_text(first)}.",
            )


def is_one(size: Size) -> bool:
    """Whether `size` is 1; False for an open size."""
    return bool(size == 1)


def shape_text(shape: Shape) -> str:
    """`shape` as text: [2, 3]."""
    return f"[{', '.join(map(str, shape))}]"
