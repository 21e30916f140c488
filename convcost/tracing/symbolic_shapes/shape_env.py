"""A ShapeEnv that answers questions about sizes by example sizes, and logs the questions.

Torch's own would reason about each question, which takes minutes if sizes are padded and rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch._guards import Source
from torch.fx.experimental.symbolic_shapes import DimDynamic, GuardOnDataDependentSymNode, ShapeEnv

from convcost.tracing.torch_versions import source_name


class GuardExpression(NamedTuple):
    """A question about sizes, in torch's symbols.

    `by_model` is True if the model's own code asks, and False if a function of torch does.
    """

    expression: Any
    by_model: bool


class ConcreteSizeNeededError(Exception):
    """The model needs the value of an open size."""


@dataclass
class GuardLog:
    """The questions and their answers by example sizes, in order.

    `depth` is the number of running nested calls of torch; `recent` has the questions of the outermost one.
    """

    answers: dict[GuardExpression, bool] = field(default_factory=dict)
    depth: int = 0
    recent: list[Any] = field(default_factory=list)
    asked_by_model: int = 0
    """The number of questions by the model."""

    @contextmanager
    def inside_torch(self) -> Iterator[None]:
        """Count questions in this block as torch's."""
        if not self.depth:
            self.recent = []
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    @contextmanager
    def inside_model(self) -> Iterator[None]:
        """Count questions in this block as the model's, also inside calls of torch."""
        before, self.depth = self.depth, 0
        try:
            yield
        finally:
            self.depth = before

    def answer(self, expression: Any, example: Any) -> Any:
        """Log a question, and answer it by the `example`; ConcreteSizeNeededError if it asks for a size."""
        if not isinstance(example, bool):
            raise ConcreteSizeNeededError(expression)
        question = GuardExpression(expression, not self.depth)
        self.asked_by_model += question.by_model
        self.answers.pop(question, None)
        self.answers[question] = example
        if self.depth and not is_about_strides(expression):
            self.recent.append(expression)
        return example

    def answer_to(self, expression: Any) -> bool:
        """The answer to an earlier question, whoever asked it."""
        questions = GuardExpression(expression, True), GuardExpression(expression, False)
        return next(self.answers[question] for question in questions if question in self.answers)


def is_about_strides(expression: Any) -> bool:
    """Whether a question is about strides, which torch writes as products of max(1, size)."""
    return type(expression).__name__ == "Max" or any(map(is_about_strides, expression.args))


class SizeSource(Source):
    """The source of a symbol, as torch requires it: a number."""

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def name(self) -> str:
        return source_name(f"size{self.number}")


class ExampleShapeEnv(ShapeEnv):
    """Logs all questions in `guard_log`: decisions, and checks by torch before it runs an operator."""

    def __init__(self, guard_log: GuardLog) -> None:
        super().__init__(
            duck_shape=False,
            specialize_zero_one=False,
            prefer_deferred_runtime_asserts_over_guards=True,
        )
        self._guard_log = guard_log
        self._examples: dict[Any, Any] = {}

    def symbol(self, number: int, example: int, is_positive: bool) -> Any:
        """A new symbol; torch may assume that it is positive if `is_positive`."""
        symbol = self.create_symbol(
            example, SizeSource(number), DimDynamic.DYNAMIC, positive=is_positive or None
        )
        self._examples[symbol] = example
        return symbol

    def example_of(self, expression: Any) -> Any:
        """The value of `expression` for the examples, a number or a bool.

        Raises:
            GuardOnDataDependentSymNode: It depends on data, as torch raises it.
        """
        value = expression.xreplace(self._examples)
        if value.free_symbols:
            raise GuardOnDataDependentSymNode(expression, f"{expression} depends on data")
        if value.is_Boolean:
            return bool(value)
        return int(value) if value.is_integer else float(value)

    def evaluate_expr(self, orig_expr: Any, hint: Any = None, *_: Any, **__: Any) -> Any:
        return self._answer(orig_expr, hint)

    def guard_or_defer_runtime_assert(  # type: ignore[override]
        self, orig_expr: Any, *_: Any, **__: Any
    ) -> Any:
        return self._answer(orig_expr, None)

    defer_runtime_assert = guard_or_defer_runtime_assert
    """Its name in older torch."""

    def _maybe_evaluate_static(  # type: ignore[override]
        self, expr: Any, *_: Any, compute_hint: bool = False, **__: Any
    ) -> Any:
        """Don't try to prove anything for all sizes."""
        if not expr.free_symbols:
            return expr
        is_known = compute_hint and expr.free_symbols <= self._examples.keys()
        return self.example_of(expr) if is_known else None

    def _answer(self, expression: Any, hint: Any) -> Any:
        if not expression.free_symbols:
            return expression
        example = self.example_of(expression) if hint is None else hint
        return self._guard_log.answer(expression, example)
