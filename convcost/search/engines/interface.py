"""What an engine of a sweep does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from convcost.search.grid_blocks import RowBlock
    from convcost.search.selection import Selection

Progress: TypeAlias = Callable[[Iterator[Any], int], Iterator[Any]]
"""Gets the parts of the work as they are done, and their number, and passes them on."""

GridProgress: TypeAlias = Callable[[Iterator[Any], int, int], Iterator[Any]]
"""The same, and the number of the grid's points, of which each part has its share."""


class Engine(Protocol):
    """Evaluates the designs of a plan at all points of its grid."""

    impossible: Counter[str]
    """The impossible designs by reason, when all points are evaluated."""

    def select(self, selection: Selection, progress: Progress) -> None:
        """Add all rows to the selection that may be among the best."""

    def blocks(self, selection: Selection, progress: Progress) -> Iterator[RowBlock]:
        """Every row that fulfils the plan's condition, in the order of the grid; the selection gets them too.

        Of several designs, each has a block for so many points, one after the other.
        """
