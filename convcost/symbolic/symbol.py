"""Sizes left open, as sympy symbols. User text never reaches sympy but as a checked name."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Symbol


@cache
def symbol(name: str) -> Any:
    """The size called `name`: a positive integer."""
    return Symbol(name, integer=True, positive=True)
