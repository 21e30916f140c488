"""How the shapes of several inputs have to fit each other: equal, or broadcast as torch does it."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core.constraints import Equals, Rank, Requirement
from convcost.core.cost import Shape, Size


def equal_shapes(first: Shape, second: Shape, number: int) -> Iterator[Requirement]:
    """That input `number`, of shape `second`, has the shape of the first."""
    argument = f"inputs[{number}]"
    yield Rank(second, (len(first),), f"{len(first)}, as input 1 has", argument=argument)
    for place, (size, expected) in enumerate(zip(second, first, strict=True)):
        name = f"dimension {place} of input {number + 1}"
        hint = f"It has the shape {shape_text(second)}, the first {shape_text(first)}."
        yield Equals(size, expected, name, "that of input 1", argument, hint)


def broadcast_shape(first: Shape, second: Shape) -> Shape:
    """What two shapes broadcast to; of two sizes that are not 1, which have to be equal, the first."""
    longer, shorter = sorted((first, second), key=len, reverse=True)
    leading = longer[: len(longer) - len(shorter)]
    return leading + tuple(
        other if is_one(size) else size for size, other in zip(longer[len(leading) :], shorter, strict=True)
    )


def is_alike(operand: Shape, output: Shape) -> bool:
    """Whether what is broadcast to `output` is so already."""
    pairs = zip(operand, output, strict=len(operand) == len(output))
    return len(operand) == len(output) and all(is_one(size) is is_one(other) for size, other in pairs)


def broadcast_requirements(first: Shape, second: Shape, number: int) -> Iterator[Requirement]:
    """That input `number`, of shape `second`, broadcasts with what is before it."""
    for place in range(1, min(len(first), len(second)) + 1):
        size, other = second[-place], first[-place]
        if not is_one(size) and not is_one(other):
            yield Equals(
                size,
                other,
                f"dimension {-place} of input {number + 1}",
                "that of the inputs before it",
                f"inputs[{number}]",
                f"Its shape is {shape_text(second)}; the inputs before it have {shape_text(first)}.",
            )


def is_one(size: Size) -> bool:
    """Whether it is written as 1, or has the number 1; an open size is not."""
    return bool(size == 1)


def shape_text(shape: Shape) -> str:
    """[2, 3]."""
    return f"[{', '.join(map(str, shape))}]"
