"""What an engine of a sweep does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from convcost.search.selection import Selection

Progress: TypeAlias = Callable[[Iterator[Any], int], Iterator[Any]]
"""Gets the parts of the work as they are done, and their number, and passes them on."""


class Engine(Protocol):
    """Evaluates the designs of a plan at all points of its grid."""

    def select(self, selection: Selection, progress: Progress) -> Counter[str]:
        """Add all rows to the selection that may be among the best; the impossible designs by reason."""
