"""What is collected while a part of a model runs: an entry for each path, operator and shapes."""

from __future__ import annotations

from dataclasses import dataclass, field

from convcost.core.cost import Cost, Shape
from convcost.core.trace import Conditional, Element, Operation, Phase, Uncounted
from convcost.tracing.paths import Visit

Key = tuple[str, str, tuple[Shape, ...], Shape, Phase]

Traits = tuple[bool, bool, bool, tuple[Element, ...]]
"""Whether a call was estimated, on complex numbers, on sparse tensors; and their elements."""


@dataclass
class Recording:
    """Operations, what is not counted, calls of `torch.cond`, and the submodules that ran."""

    operations: dict[tuple[Key, Traits], Operation] = field(default_factory=dict)
    uncounted: dict[Key, Uncounted] = field(default_factory=dict)
    conditionals: dict[Conditional, int] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)

    @property
    def cost(self) -> Cost:
        """Of all operations."""
        return sum((found.cost for found in self.operations.values()), Cost())

    def count(self, key: Key, traits: Traits, found: Operation) -> None:
        """Add an operation to those of its kind."""
        before = self.operations.get((key, traits))
        if before is not None:
            found = found._replace(
                cost=before.cost + found.cost,
                activations=before.activations + found.activations,
                calls=before.calls + found.calls,
            )
        self.operations[key, traits] = found

    def miss(self, key: Key, found: Uncounted) -> None:
        """Add what is not counted to what is like it."""
        before = self.uncounted.get(key)
        self.uncounted[key] = found if before is None else found._replace(calls=before.calls + found.calls)

    def add(self, other: Recording) -> None:
        """Add all but the visits of another one."""
        for (key, traits), found in other.operations.items():
            self.count(key, traits, found)
        for key, missed in other.uncounted.items():
            self.miss(key, missed)
        for conditional, calls in other.conditionals.items():
            self.conditionals[conditional] = self.conditionals.get(conditional, 0) + calls
