"""Records of a run: operations by path, operator and shapes; and records of one call, to repeat it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from convcost.core.cost import Cost, Shape, Size
from convcost.core.distributed import Collective
from convcost.core.tensor_bytes import ElementType
from convcost.core.trace import CondCall, Operation, Phase, UncountedCall
from convcost.tracing.recording.module_tracker import SubmoduleVisit


class CallKey(NamedTuple):
    """The key of an entry: calls of the same operator at the same path, on the same shapes, in one phase."""

    path: str
    operator: str
    inputs: tuple[Shape, ...]
    output: Shape
    phase: Phase


class CallTraits(NamedTuple):
    """Whether the cost is estimated, whether tensors are complex or sparse, and their element types."""

    estimated: bool
    complex: bool
    sparse: bool
    elements: tuple[ElementType, ...]


CountedCall = tuple[CallKey, CallTraits, Cost, Size, int]
"""An entry for the tape: key, traits, cost, activations, and the number of calls."""


@dataclass
class Recording:
    """Operations, uncounted calls, calls of `torch.cond`, collectives, and visits of submodules."""

    operations: dict[tuple[CallKey, CallTraits], Operation] = field(default_factory=dict)
    uncounted: dict[CallKey, UncountedCall] = field(default_factory=dict)
    conditionals: dict[CondCall, int] = field(default_factory=dict)
    visits: dict[str, SubmoduleVisit] = field(default_factory=dict)
    collectives: dict[Collective, int] = field(default_factory=dict)

    @property
    def cost(self) -> Cost:
        """The cost of all operations."""
        return sum((found.cost for found in self.operations.values()), Cost())

    def add_operation(self, key: CallKey, traits: CallTraits, found: Operation) -> None:
        """Add an operation to the entry with the same key and traits."""
        before = self.operations.get((key, traits))
        if before is not None:
            found = found._replace(
                cost=before.cost + found.cost,
                activations=before.activations + found.activations,
                calls=before.calls + found.calls,
            )
        self.operations[key, traits] = found

    def add_uncounted(self, key: CallKey, found: UncountedCall) -> None:
        """Add an uncounted call to the entry with the same key."""
        before = self.uncounted.get(key)
        self.uncounted[key] = found if before is None else found._replace(calls=before.calls + found.calls)

    def add(self, other: Recording) -> None:
        """Add all of `other` except the visits."""
        for (key, traits), found in other.operations.items():
            self.add_operation(key, traits, found)
        for key, missed in other.uncounted.items():
            self.add_uncounted(key, missed)
        for conditional, calls in other.conditionals.items():
            self.conditionals[conditional] = self.conditionals.get(conditional, 0) + calls
        for collective, calls in other.collectives.items():
            self.collectives[collective] = self.collectives.get(collective, 0) + calls


@dataclass
class RecordedCall:
    """The entries that a call put on the tape, and whether a repetition would put the same there."""

    path: str
    operations: list[CountedCall] = field(default_factory=list)
    is_repeatable: bool = True
    is_outermost: bool = True
    """Whether it did not run inside another call of torch."""
    expressions: tuple[Any, ...] = ()
    """torch's questions about open sizes during the call."""

    def add(self, counted: CountedCall) -> None:
        """Add an entry. If it is of another submodule, the call is not repeatable."""
        self.operations.append(counted)
        self.is_repeatable &= counted[0].path == self.path


class RunningCalls(threading.local):
    """The calls that are running in this thread, innermost last."""

    def __init__(self) -> None:
        self.running: list[RecordedCall] = []
