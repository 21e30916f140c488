"""Limits and checks for all formats of weights files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.weights import COUNT_HINT
from convcost.tracing.declared_inputs import DeclaredInputs

MOST_TENSORS = 500_000

MOST_DIMENSIONS = 64

LARGEST_SHAPE = 2**63
"""Sizes of tensors and offsets in a file must be smaller."""


def refuse_arguments(name: str, arguments: Mapping[str, Any]) -> None:
    """UsageError if there are arguments."""
    if arguments:
        raise UsageError(f"{name[:200]} contains only weights, so it takes no arguments")


def no_inputs(name: str, report: Report) -> Callable[[DeclaredInputs], Report]:
    """A function that returns `report`, and raises UsageError if it is given inputs."""

    def report_without_inputs(inputs: DeclaredInputs) -> Report:
        if inputs.all:
            raise UsageError(f"{name[:200]} contains only weights, so it takes no input", hint=COUNT_HINT)
        return report

    return report_without_inputs


def check_places(display_name: str, places: Iterable[tuple[int, int]], size: int, gap: int = 0) -> None:
    """UsageError if tensors overlap, leave gaps, or end after `size` bytes.

    Args:
        display_name: The file's name, for messages.
        places: Start and end of each tensor in bytes, in order.
        size: The bytes of data in the file.
        gap: The most bytes between two tensors.
    """
    before = 0
    for start, end in places:
        if start < before:
            raise UsageError(f"{display_name} is damaged: two of its tensors overlap")
        if start - before > gap:
            raise UsageError(f"{display_name} is damaged: bytes between its tensors belong to no tensor")
        before = end
    if before > size:
        raise UsageError(
            f"{display_name} is truncated: its tensors take {before:,} bytes, but only {size:,} are there"
        )
