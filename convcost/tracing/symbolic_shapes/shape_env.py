"""Torch's ShapeEnv, made to answer by example: what it is asked about sizes is noted, and judged later.

Torch itself would reason about each question, which takes minutes where sizes are padded and rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple


class GuardExpression(NamedTuple):
    """A relation between sizes, in torch's symbols, that decides what runs.

    `is_models` says that the model's own code asks, and no function of torch for its inner workings.
    """

    subject: Any
    is_models: bool


class ConcreteSizeNeededError(Exception):
    """The model needs a number where a size is open."""


@dataclass
class GuardLog:
    """The questions, the last one last, and what the example sizes answer.

    `depth` counts the calls of torch that run inside each other, `recent` is what the outermost one asked.
    """

    answers: dict[GuardExpression, bool] = field(default_factory=dict)
    depth: int = 0
    recent: list[Any] = field(default_factory=list)

    @contextmanager
    def inside_torch(self) -> Iterator[None]:
        """Questions in this block are no model's."""
        if not self.depth:
            self.recent = []
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    @contextmanager
    def of_model(self) -> Iterator[None]:
        """Questions in this block are the model's wherever they are asked."""
        before, self.depth = self.depth, 0
        try:
            yield
        finally:
            self.depth = before

    def answer(self, subject: Any, example: Any) -> Any:
        """The answer to a question is the `example`; ValueAskedError where it is a size."""
        if not isinstance(example, bool):
            raise ConcreteSizeNeededError(subject)
        question = GuardExpression(subject, not self.depth)
        self.answers.pop(question, None)
        self.answers[question] = example
        if self.depth and not is_about_strides(subject):
            self.recent.append(subject)
        return example

    def answer_to(self, subject: Any) -> bool:
        """What was answered; the same whoever asked."""
        asked = GuardExpression(subject, True), GuardExpression(subject, False)
        return next(self.answers[question] for question in asked if question in self.answers)


def is_about_strides(subject: Any) -> bool:
    """Torch's strides are products of max(1, size)."""
    return type(subject).__name__ == "Max" or any(map(is_about_strides, subject.args))


@cache
def _shape_env() -> Any:
    from torch._guards import Source
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

    class Place(Source):
        """Where a symbol comes from: its number."""

        def __init__(self, number: int) -> None:
            self.number = number

        @property
        def name(self) -> str:
            return f"size{self.number}"

    class Environment(ShapeEnv):
        """Its questions come to `inquiry`: decisions, and what torch checks before it runs an operator."""

        def __init__(self, inquiry: GuardLog) -> None:
            super().__init__(
                duck_shape=False,
                specialize_zero_one=False,
                prefer_deferred_runtime_asserts_over_guards=True,
            )
            self._inquiry = inquiry

        def symbol(self, number: int, example: int, is_positive: bool) -> Any:
            """A new symbol, positive for certain or for all that is known."""
            return self.create_symbol(
                example, Place(number), DimDynamic.DYNAMIC, positive=is_positive or None
            )

        def evaluate_expr(self, orig_expr: Any, hint: Any = None, *_: Any, **__: Any) -> Any:
            return self._answer(orig_expr, hint)

        def guard_or_defer_runtime_assert(  # type: ignore[override]
            self, orig_expr: Any, *_: Any, **__: Any
        ) -> Any:
            return self._answer(orig_expr, None)

        def _maybe_evaluate_static(  # type: ignore[override]
            self, expr: Any, *_: Any, **__: Any
        ) -> Any:
            """What holds for all sizes is not looked for."""
            return None if expr.free_symbols else expr

        def _answer(self, subject: Any, hint: Any) -> Any:
            if not subject.free_symbols:
                return subject
            example = self.guarding_hint_or_throw(subject) if hint is None else hint
            return self._inquiry.answer(subject, example)

    return Environment


def shape_env(inquiry: GuardLog) -> Any:
    """A torch ShapeEnv whose questions come to `inquiry`."""
    return _shape_env()(inquiry)
