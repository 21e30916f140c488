"""The interface of engines that evaluate sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from convcost.search.grid_blocks import RowBlock
    from convcost.search.selection import Selection

Progress: TypeAlias = Callable[[Iterator[Any], int], Iterator[Any]]
"""Takes an iterator over finished parts of the work, and their number; yields the same parts."""

GridProgress: TypeAlias = Callable[[Iterator[Any], int, int], Iterator[Any]]
"""As Progress, with the number of the grid's points as a third argument."""


class Engine(Protocol):
    """Evaluates the designs of a plan at all points of its grid."""

    impossible: Counter[str]
    """The number of impossible designs by reason, complete after all points are evaluated."""

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows that may be among the best to the selection."""

    def blocks(self, selection: Selection, progress: Progress) -> Iterator[RowBlock]:
        """Every row that meets the plan's condition, in the order of the grid; also adds to the selection.

        Several designs have alternating blocks for the same points.
        """
