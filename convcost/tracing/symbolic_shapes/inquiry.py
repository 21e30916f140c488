"""What is asked about sizes while a model runs, and what the example sizes answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Question(NamedTuple):
    """A relation between sizes, in torch's symbols, that decides what runs.

    `is_models` says that the model's own code asks, and no function of torch for its inner workings.
    """

    subject: Any
    is_models: bool


class ValueAskedError(Exception):
    """The model needs a number where a size is open."""


@dataclass
class Inquiry:
    """The questions, the last one last, and what the example sizes answer.

    `depth` counts the calls of torch that run inside each other, `recent` is what the outermost one asked.
    """

    answers: dict[Question, bool] = field(default_factory=dict)
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
            raise ValueAskedError(subject)
        question = Question(subject, not self.depth)
        self.answers.pop(question, None)
        self.answers[question] = example
        if self.depth and not is_about_strides(subject):
            self.recent.append(subject)
        return example

    def answer_to(self, subject: Any) -> bool:
        """What was answered; the same whoever asked."""
        asked = Question(subject, True), Question(subject, False)
        return next(self.answers[question] for question in asked if question in self.answers)


def is_about_strides(subject: Any) -> bool:
    """Torch's strides are products of max(1, size)."""
    return type(subject).__name__ == "Max" or any(map(is_about_strides, subject.args))
