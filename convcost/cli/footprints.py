"""The memory that stands beside the costs where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from convcost.core.errors import UsageError
from convcost.core.report import Report

DEFAULT = "adamw"


def remembering(is_asked: bool, optimizer: str, dtype: str) -> Callable[[Report], Report]:
    """What adds to a report the memory that it takes, trained by `optimizer`; nothing if it is not asked for.

    It is in `dtype`, or in the report's own if that is empty. Raises UsageError for an optimizer that is not
    known or that nothing asks for, and for a dtype that nothing is trained in.
    """
    if not is_asked:
        if optimizer:
            raise UsageError("--optimizer is for --memory", hint="Add --memory, or leave it out.")
        return lambda report: report
    from convcost.analysis.memory.memory import memory, trained
    from convcost.analysis.memory.optimizers import optimizer_named

    name = optimizer_named(optimizer or DEFAULT)
    own = trained(dtype) if dtype else ""
    return lambda report: replace(report, memory=memory(report, own, name))
