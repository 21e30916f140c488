"""Translates an expression graph to Spark's SQL, with exact division beyond 64 bits."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from convcost.search.graph.expression_graph import (
    EngineLimitError,
    ExpressionGraph,
    GraphOperation,
    OperationKind,
)
from convcost.search.graph.sql import SPARK, SqlTranslator

LARGEST_QUOTIENT = 10**32 - 1
"""The largest result of a division of decimals, which have six of their 38 digits after the point."""


class SparkTranslator(SqlTranslator):
    """Makes Spark's queries of a graph's operations; EngineLimitError for a number that is too large."""

    def __init__(self, graph: ExpressionGraph, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__(graph, SPARK, sizes)

    def _numeric(self, number: int, operation: GraphOperation, operands: list[exp.Expr]) -> exp.Expr:
        if operation.kind is OperationKind.DIVIDE and operation.high > LARGEST_QUOTIENT:
            message = "quotients can exceed 10^32: too large for Spark"
            raise EngineLimitError(message, hint="Use the engine duckdb or numpy.")
        return super()._numeric(number, operation, operands)

    def _operation(self, kind: OperationKind, operands: list[exp.Expr], is_wide: bool) -> exp.Expr:
        """Divide exactly: Spark's DIV wraps silently at 64 bits, and its / rounds if there is a remainder."""
        if kind is not OperationKind.DIVIDE or not is_wide:
            return super()._operation(kind, operands, is_wide)
        dividend, divisor = map(exp.paren, operands)
        multiple = exp.Sub(this=dividend, expression=exp.Mod(this=dividend.copy(), expression=divisor))
        return self._cast(exp.Div(this=exp.paren(multiple), expression=divisor.copy()), is_wide)
