"""What a call does to the tape, noted so that it can be repeated."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from convcost.tracing.recording.recorded_operations import CountedCall


@dataclass
class Observation:
    """What a call put on the tape, and whether it would do the same wherever it is repeated."""

    path: str
    operations: list[CountedCall] = field(default_factory=list)
    is_repeatable: bool = True
    is_outermost: bool = True
    """Whether it was inside no other call of torch."""
    expressions: tuple[Any, ...] = ()
    """What torch asked of open sizes meanwhile."""

    def add(self, counted: CountedCall) -> None:
        """Note what is put on the tape; elsewhere than in this submodule nothing is repeated."""
        self.operations.append(counted)
        self.is_repeatable &= counted[0].path == self.path


class Observations(threading.local):
    """Those of the calls that are running in this thread, innermost last."""

    def __init__(self) -> None:
        self.running: list[Observation] = []
