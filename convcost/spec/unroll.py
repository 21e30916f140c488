"""A chain with repetitions as a plain list of layers, and a short name for it."""

from __future__ import annotations

from convcost.core.errors import SpecError
from convcost.spec.limits import MOST_LAYERS
from convcost.spec.syntax import Call, Repeat, Step


def unroll(steps: tuple[Step, ...], text: str) -> list[Call]:
    """Every layer in order, each repetition written out."""
    calls: list[Call] = []
    for step in steps:
        if isinstance(step, Call):
            calls.append(step)
        else:
            inner = unroll(step.steps, text)
            _check_count(step, len(calls) + len(inner) * step.times, text)
            calls += inner * step.times
    return calls


def _check_count(repeat: Repeat, layers: int, text: str) -> None:
    if repeat.times < 1:
        raise SpecError("a repetition is 1 or more", text=text, span=repeat.span)
    if layers > MOST_LAYERS:
        raise SpecError(f"more than {MOST_LAYERS:,} layers", text=text, span=repeat.span)


def summary(steps: tuple[Step, ...]) -> str:
    """A short name for a chain: `2 x Conv1d`, `Conv1d -> ... -> Linear`."""
    shown = [
        step.kind if isinstance(step, Call) else f"{step.times} x {_bracketed(step.steps)}" for step in steps
    ]
    return " -> ".join(shown if len(shown) < 4 else [shown[0], "...", shown[-1]])


def _bracketed(steps: tuple[Step, ...]) -> str:
    return summary(steps) if len(steps) == 1 else f"({summary(steps)})"
