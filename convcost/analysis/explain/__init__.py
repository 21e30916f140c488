"""How a result comes about, step by step, as data: a teacher's words and formulas, not yet laid out."""

from convcost.analysis.explain.explanation import explanation

__all__ = ["explanation"]
