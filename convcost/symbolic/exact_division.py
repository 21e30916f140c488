"""Divisions that are assumed to leave nothing."""

from __future__ import annotations

from typing import Any

from sympy import floor

from convcost.core.report import Assumption


def unrounded(formula: Any, assumed: tuple[Assumption, ...]) -> Any:
    """`formula` with ⌊C/G⌋ as C/G where it is assumed that G divides C."""
    quotients = [assumption.formula for assumption in assumed if assumption.relation == "whole"]
    return formula.xreplace({floor(quotient): quotient for quotient in quotients})
