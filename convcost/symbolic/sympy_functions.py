"""⌊x⌋ and |x| as sympy's, known to be whole: sympy itself would ask each of their parts, over and over."""

from __future__ import annotations

from typing import Any

from sympy import Abs, floor


def _open(_: Any) -> None:
    """A sign that sympy would look for in every part; here they are proved elsewhere."""


class Rounded(floor):  # type: ignore[misc]
    """sympy's floor of a formula of ours, in its one form."""

    is_integer = True
    _eval_is_negative = _eval_is_nonnegative = _open

    @classmethod
    def eval(cls, arg: Any) -> Any:
        """What it comes to: by our own rules, by sympy where they know nothing of it."""
        from convcost.symbolic.convert import StrangeError, from_sympy, to_sympy
        from convcost.symbolic.rounding import rounded

        try:
            return to_sympy(rounded(from_sympy(arg)))
        except StrangeError:
            return super().eval(arg)

    def _eval_Abs(self) -> Any:  # noqa: N802
        """Without it sympy turns the sign round and round: in its form of ⌊x⌋ and in ours."""
        return Magnitude(self, evaluate=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, floor) and self.args == other.args

    __hash__ = floor.__hash__


class Magnitude(Abs):  # type: ignore[misc]
    """sympy's absolute value of a formula of ours."""

    is_integer = True
    _eval_is_zero = _eval_is_extended_positive = _eval_is_even = _eval_is_odd = _open

    @classmethod
    def eval(cls, arg: Any) -> Any:
        """What it comes to: by our own rules, by sympy where they know nothing of it."""
        from convcost.symbolic.convert import StrangeError, from_sympy, to_sympy

        try:
            return to_sympy(abs(from_sympy(arg)))
        except StrangeError:
            return super().eval(arg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Abs) and self.args == other.args

    __hash__ = Abs.__hash__


Rounded.__name__, Magnitude.__name__ = "floor", "Abs"
