"""Requirements of layers on their arguments and inputs: checked on ints, assumed on symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from convcost.core.cost import Shape, Size
from convcost.core.units import plural


class Requirement(Protocol):
    """A relation between sizes. `holds` and `message` need `sizes` that are ints."""

    @property
    def argument(self) -> str:
        """The layer's argument that an error points at; empty for the input."""

    @property
    def hint(self) -> str:
        """A hint for the error."""

    @property
    def sizes(self) -> tuple[Size, ...]:
        """All sizes in the relation."""

    def holds(self) -> bool:
        """Whether the relation holds."""

    @property
    def message(self) -> str:
        """The error message if the relation does not hold."""

    @property
    def rule(self) -> str:
        """The requirement in words, without values."""


class AtLeast(NamedTuple):
    """`value` ≥ `minimum`."""

    value: Size
    minimum: Size
    name: str
    argument: str = ""
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return self.value, self.minimum

    def holds(self) -> bool:
        return self.value >= self.minimum

    @property
    def message(self) -> str:
        return f"{self.name} is {self.value}; it must be at least {self.minimum}"

    @property
    def rule(self) -> str:
        other = f", or {self.argument} smaller" if self.argument not in ("", self.name) else ""
        return f"{self.name} must be {_limit('at least', self.minimum, f'larger{other}')}"


class AllAtLeast(NamedTuple):
    """All of the named `values`, and all items of tuples, are ≥ `minimum`."""

    minimum: int
    values: Mapping[str, Size | Shape]
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        parts = (value if isinstance(value, tuple) else (value,) for value in self.values.values())
        return tuple(size for part in parts for size in part)

    def holds(self) -> bool:
        return not self._wrong()

    def _wrong(self) -> str:
        for name, value in self.values.items():
            smallest = min(value, default=self.minimum) if isinstance(value, tuple) else value
            if smallest < self.minimum:
                return name
        return ""

    @property
    def argument(self) -> str:
        return self._wrong()

    @property
    def message(self) -> str:
        name = self._wrong()
        return f"{name} is {self.values[name]}; it must be at least {self.minimum}"

    @property
    def rule(self) -> str:
        return f"{', '.join(self.values)} must be at least {self.minimum}"


class AtMost(NamedTuple):
    """`value` ≤ `maximum`."""

    value: Size
    maximum: Size
    name: str
    argument: str = ""
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return self.value, self.maximum

    def holds(self) -> bool:
        return self.value <= self.maximum

    @property
    def message(self) -> str:
        return f"{self.name} is {self.value}; it must be at most {self.maximum}"

    @property
    def rule(self) -> str:
        return f"{self.name} must be {_limit('at most', self.maximum, 'smaller')}"


class Divides(NamedTuple):
    """`divisor` divides `value`."""

    divisor: Size
    value: Size
    divisor_name: str
    name: str
    argument: str = ""
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return self.divisor, self.value

    def holds(self) -> bool:
        return self.value % self.divisor == 0

    @property
    def message(self) -> str:
        return f"{self.divisor_name} = {self.divisor} does not divide {self.name} = {self.value}"

    @property
    def rule(self) -> str:
        return f"{self.divisor_name} must divide {self.name}"


class Equals(NamedTuple):
    """`value` = `expected`."""

    value: Size
    expected: Size
    name: str
    expected_name: str
    argument: str = ""
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return self.value, self.expected

    def holds(self) -> bool:
        return self.value == self.expected

    @property
    def message(self) -> str:
        return f"{self.name} is {self.value}, but {self.expected_name} is {self.expected}"

    @property
    def rule(self) -> str:
        return f"{self.name} must equal {self.expected_name}"


class ArgumentCheck(NamedTuple):
    """A check on arguments that are never symbols, so its result `is_so` is known."""

    is_so: bool
    message: str
    argument: str = ""
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return ()

    def holds(self) -> bool:
        return self.is_so

    @property
    def rule(self) -> str:
        return self.message


class NumberNeeded(NamedTuple):
    """`value` is a plain number."""

    value: Size
    argument: str
    hint: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return ()

    def holds(self) -> bool:
        return isinstance(self.value, int)

    @property
    def message(self) -> str:
        return f"{self.argument} must be a plain number"

    @property
    def rule(self) -> str:
        return self.message


class Rank(NamedTuple):
    """The number of dimensions of the input is one of `allowed`."""

    shape: Shape
    allowed: tuple[int, ...]
    wanted: str
    hint: str = ""
    argument: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        return ()

    def holds(self) -> bool:
        return len(self.shape) in self.allowed

    @property
    def message(self) -> str:
        sizes, rank = ", ".join(map(str, self.shape)), len(self.shape)
        return f"the input [{sizes}] has {rank} {plural(rank, 'dimension')}; expected {self.wanted}"

    @property
    def rule(self) -> str:
        rank = len(self.shape)
        return f"the input has {rank} {plural(rank, 'dimension')}; expected {self.wanted}"


def _limit(relation: str, limit: Size, comparison: str) -> str:
    """A limit in words: "at least 1", or `comparison` if the limit is not a plain int."""
    return f"{relation} {limit}" if type(limit) is int else comparison


def single_requirements(requirement: Requirement) -> Iterator[Requirement]:
    """The requirement split into one per size."""
    if not isinstance(requirement, AllAtLeast):
        yield requirement
        return
    for name, value in requirement.values.items():
        for size in value if isinstance(value, tuple) else (value,):
            yield AtLeast(size, requirement.minimum, name, name, requirement.hint)
