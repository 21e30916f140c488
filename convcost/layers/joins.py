"""Functions on the outputs of several branches: add, mul, concat, matmul, einsum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from string import ascii_letters
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.core.units import plural
from convcost.layers.broadcasting import (
    broadcast_requirements,
    broadcast_shape,
    is_broadcast_already,
    is_one,
    shape_text,
)
from convcost.layers.interface import MultipleInputLayer, SavedTensors, has_dimension

MOST_BRANCHES = 64


@dataclass(frozen=True, repr=False)
class _BroadcastOperation(MultipleInputLayer):
    """An operation on two or more inputs, one after another: one per element of each result.

    Inputs broadcast by torch's rules: dimensions are aligned at the last one, and sizes must be equal, or one
    of them 1.
    """

    input_counts: ClassVar[range] = range(2, MOST_BRANCHES + 1)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for number, other in enumerate(self.further_inputs, start=1):
            yield from broadcast_requirements(shape, other, number)
            shape = broadcast_shape(shape, other)

    def output(self, shape: Shape) -> Shape:
        return reduce(broadcast_shape, self.further_inputs, shape)

    def cost(self, shape: Shape) -> Cost:
        elements: Size = 0
        for other in self.further_inputs:
            shape = broadcast_shape(shape, other)
            elements = elements + arithmetic.elements(shape)
        return Cost(elementwise=elements)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """From the last operation back to the first: by both of its operands, if they need a gradient."""
        shapes = (shape, *self.further_inputs)
        outputs = [*accumulate(shapes, broadcast_shape)]
        total: Size = 0
        for number in range(1, len(shapes)):
            first = any(needed[:number]), outputs[number - 1]
            second = needed[number], shapes[number]
            for is_needed, operand in (first, second):
                total = total + self._gradient(operand, outputs[number]) if is_needed else total
        return total

    def _gradient(self, operand: Shape, output: Shape) -> Size:
        """The gradient by one operand: a sum per output element if the operand is broadcast."""
        return 0 if is_broadcast_already(operand, output) else arithmetic.elements(output)


class add(_BroadcastOperation):
    """The sum of its inputs, which broadcast: an addition per element for each input after the first."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()


class mul(_BroadcastOperation):
    """The product of its inputs, which broadcast: a product per element for each input after the first."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The inputs, and all intermediate products."""
        products: Size = 0
        for other in self.further_inputs[:-1]:
            shape = broadcast_shape(shape, other)
            products = products + arithmetic.elements(shape)
        return SavedTensors(input=True, elements=products)

    def _gradient(self, operand: Shape, output: Shape) -> Size:
        """A product with the other operand, then the sum of a broadcast operand."""
        return arithmetic.elements(output) + super()._gradient(operand, output)


@dataclass(frozen=True, repr=False)
class concat(MultipleInputLayer):
    """torch.cat: concatenates its inputs along `dim`; no arithmetic."""

    input_counts: ClassVar[range] = range(2, MOST_BRANCHES + 1)
    further_inputs_hint = "Give the inputs without a list: concat(x, ReLU, dim=1)."

    dim: int = 0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        for number, other in enumerate(self.further_inputs, start=1):
            argument, wanted = f"inputs[{number}]", f"{len(shape)}, like input 1"
            yield Rank(other, (len(shape),), wanted, argument=argument)
            for place, (size, expected) in enumerate(zip(other, shape, strict=True)):
                if place != self.dim % len(shape):
                    name = f"dimension {place} of input {number + 1}"
                    hint = (
                        f"Only dimension {self.dim} may differ: {shape_text(other)} and {shape_text(shape)}."
                    )
                    yield Equals(size, expected, name, "that of input 1", argument, hint)

    def output(self, shape: Shape) -> Shape:
        dim = self.dim % len(shape)
        joined: Size = sum(other[dim] for other in (shape, *self.further_inputs))
        return (*shape[:dim], joined, *shape[dim + 1 :])

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()


@dataclass(frozen=True, repr=False)
class matmul(MultipleInputLayer):
    """torch.matmul: [*, n, m] and [*, m, p] → [*, n, p], where * broadcasts; n · m · p MACs per matrix.

    A one-dimensional input is a row on the left, a column on the right.
    """

    contracts = True
    input_counts: ClassVar[range] = range(2, 3)

    def _operands(self, shape: Shape) -> tuple[Shape, Shape]:
        """Both inputs as matrices."""
        [other] = self.further_inputs
        return (shape if shape[1:] else (1, *shape)), (other if other[1:] else (*other, 1))

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for number, sizes in enumerate((shape, *self.further_inputs)):
            yield ArgumentCheck(bool(sizes), "a scalar has no rows or columns", f"inputs[{number}]")
        first, second = self._operands(shape)
        hint = f"The shapes are {shape_text(shape)} and {shape_text(self.further_inputs[0])}."
        yield Equals(
            second[-2], first[-1], "the rows of input 2", "the columns of input 1", "inputs[1]", hint
        )
        yield from broadcast_requirements((*first[:-2], 1, 1), (*second[:-2], 1, 1), 1)

    def output(self, shape: Shape) -> Shape:
        first, second = self._operands(shape)
        rows = first[-2:-1] if shape[1:] else ()
        columns = second[-1:] if self.further_inputs[0][1:] else ()
        return (*broadcast_shape(first[:-2], second[:-2]), *rows, *columns)

    def cost(self, shape: Shape) -> Cost:
        macs = arithmetic.elements(self.output(shape)) * shape[-1]
        return Cost(macs, macs)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        return (("output element", arithmetic.elements(self.output(shape))), ("term", shape[-1]))


@dataclass(frozen=True, repr=False)
class einsum(MultipleInputLayer):
    """torch.einsum of two inputs: MACs are the product of the sizes of all letters, if one is summed over.

    Without a sum over a dimension larger than 1, it is elementwise multiplication. Source: torch.einsum,
    which runs a batched matrix product or a multiplication.
    """

    contracts = True
    input_counts: ClassVar[range] = range(2, 3)

    equation: str

    @property
    def letters(self) -> tuple[list[str], str]:
        """The letters of each input, and of the output: without "->" those that occur once, sorted."""
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        inputs = left.split(",")
        once = sorted(letter for letter in {*left} - {","} if left.count(letter) == 1)
        return inputs, right if arrow else "".join(once)

    def _sizes(self, shape: Shape) -> dict[str, Size]:
        """The size of each letter: from the first input in which it is not 1."""
        inputs, _ = self.letters
        known: dict[str, Size] = {}
        for letters, sizes in zip(inputs, (shape, *self.further_inputs), strict=True):
            for letter, size in zip(letters, sizes, strict=True):
                known[letter] = size if is_one(known.get(letter, 1)) else known[letter]
        return known

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        inputs, output = self.letters
        message = f"the equation has {len(inputs)} {plural(len(inputs), 'input')}; it must have two"
        yield ArgumentCheck(len(inputs) == 2, message, "equation")
        for letters in (*inputs, output):
            wrong = next((letter for letter in letters if letter not in ascii_letters), "")
            message = f"{wrong!a} is not a letter for a dimension: use a to z or A to Z"
            yield ArgumentCheck(not wrong, message, "equation")
            twice = next((letter for letter in letters if letters.count(letter) > 1), "")
            yield ArgumentCheck(not twice, f"the letter {twice} occurs twice in one shape", "equation")
        for letter in output:
            yield ArgumentCheck(letter in "".join(inputs), f"{letter} does not occur in an input", "equation")
        for letters, other in (inputs, inputs[::-1]):
            alone = next((letter for letter in letters if letter not in other + output), "")
            hint = f"Sum over {alone} in that branch first: sum({letters.find(alone)})."
            yield ArgumentCheck(not alone, f"{alone} occurs in one input only", "equation", hint)
        shapes = (shape, *self.further_inputs)
        for number, (letters, sizes) in enumerate(zip(inputs, shapes, strict=True)):
            yield Rank(sizes, (len(letters),), f"{len(letters)} ({letters})", argument=f"inputs[{number}]")
        known = dict(zip(inputs[0], shape, strict=True))
        for letter, size in zip(inputs[1], self.further_inputs[0], strict=True):
            expected = known.get(letter, 1)
            is_summed = letter in inputs[0] and letter not in output
            if is_summed or not (is_one(size) or is_one(expected)):
                yield Equals(size, expected, f"{letter} in input 2", f"{letter} in input 1", "inputs[1]")

    def output(self, shape: Shape) -> Shape:
        sizes = self._sizes(shape)
        return tuple(sizes[letter] for letter in self.letters[1])

    @property
    def summed(self) -> tuple[str, ...]:
        """The letters that are summed over, in order of appearance."""
        inputs, output = self.letters
        return tuple(dict.fromkeys(letter for letter in "".join(inputs) if letter not in output))

    def sums(self, shape: Shape) -> bool:
        """Whether a letter that is summed over has a size other than 1."""
        sizes = self._sizes(shape)
        return not all(is_one(sizes[letter]) for letter in self.summed)

    def cost(self, shape: Shape) -> Cost:
        products = arithmetic.elements(tuple(self._sizes(shape).values()))
        return Cost(products, products) if self.sums(shape) else Cost(elementwise=products)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """For elementwise multiplication: a product per operand, and a sum if it is broadcast."""
        if self.sums(shape):
            return 0
        sizes, operations = self._sizes(shape), 0
        for letters, operand, is_needed in zip(
            self.letters[0], (shape, *self.further_inputs), needed, strict=True
        ):
            own = dict(zip(letters, operand, strict=True))
            is_broadcast = any(not is_one(sizes[letter]) and is_one(own.get(letter, 1)) for letter in sizes)
            operations += is_needed * (1 + is_broadcast)
        return self.cost(shape).elementwise * operations

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """One loop per letter: those of the output, then those summed over."""
        sizes = self._sizes(shape)
        letters = (*self.letters[1], *self.summed) if self.sums(shape) else ()
        return tuple((letter, sizes[letter]) for letter in letters)
