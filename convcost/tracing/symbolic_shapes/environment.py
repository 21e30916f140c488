"""Torch's bookkeeper of symbolic sizes, made to answer by example: what it is asked is judged later.

Torch itself would reason about each question, which takes minutes where sizes are padded and rounded.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from convcost.tracing.symbolic_shapes.inquiry import Inquiry


@cache
def _environment() -> Any:
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

        def __init__(self, inquiry: Inquiry) -> None:
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


def environment(inquiry: Inquiry) -> Any:
    """A torch ShapeEnv whose questions come to `inquiry`."""
    return _environment()(inquiry)
