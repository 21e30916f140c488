"""What a run that failed says of those that could follow: none helps against an error of the user's own."""

from __future__ import annotations

import dis
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import TypeVar

from convcost.tracing.tensor_copies import Way
from convcost.tracing.user_error import is_machinery, text_of

RAISE = dis.opmap["RAISE_VARARGS"]

ASKS_FOR_DEVICE = frozenset(("device", "is_meta", "is_cpu", "is_cuda", "get_device"))
"""A function that asks for these may raise for no other reason than that there is no data."""

NEVER_OF_DATA = (SystemExit, NameError, ImportError)

GRADIENT = "grad"
"""In messages of torch: gradients as the user has them may do."""

Result = TypeVar("Result")


def attempted(
    ways: tuple[Way, ...], run: Callable[[Way], tuple[Result, bool]], can_run: Callable[[Way], bool]
) -> Result:
    """What `run` returns for the first of `ways` with which it does, or the error of the last that may.

    Where it says that something was asked for that only data tells, and there is data, it is run on that.
    """
    way, *others = ways
    try:
        result, is_lacking = run(way)
    except Exception as error:
        left = tuple(filter(can_run, remaining(error, tuple(others))))
        if not left:
            raise
        return attempted(left, run, can_run)
    if is_lacking and "data" in others and can_run("data"):
        return attempted(("data",), run, can_run)
    return result


def remaining(error: BaseException | None, ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Those of `ways` that may succeed where one without data raised `error`, or all if there was none.

    Where shapes did not fit, data decides whether it is so, and there is nothing else to be tried.
    """
    if error is None:
        return ways
    if is_of_user(error):
        return ()
    text = text_of(error).lower()
    if GRADIENT in text:
        return ways
    return tuple(way for way in ways if way == "data")


def is_of_user(error: BaseException) -> bool:
    """Whether the user's code raised it by itself, or has no such key, whatever tensors hold."""
    if isinstance(error, NEVER_OF_DATA) or _is_of_module(error):
        return True
    trace = error.__traceback__
    if trace is None or error.__context__ is not None:
        return False
    while trace.tb_next:
        trace = trace.tb_next
    is_raised = trace.tb_frame.f_code.co_code[trace.tb_lasti] == RAISE
    return (is_raised or isinstance(error, KeyError)) and _is_independent(trace.tb_frame.f_code)


def _is_of_module(error: BaseException) -> bool:
    """Whether a torch module was asked for an attribute that it does not have."""
    return isinstance(error, AttributeError) and hasattr(error.obj, "named_modules")


def _is_independent(code: CodeType) -> bool:
    """Whether it is the user's own, and no device decides what it raises."""
    return not ASKS_FOR_DEVICE.intersection(code.co_names) and not is_machinery(Path(code.co_filename))
