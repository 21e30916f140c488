"""The founding pair, compared by default: a dense layer and convolutions on the same input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.core.errors import UsageError, WrongTypeError
from convcost.core.type_checks import describe_value
from convcost.spec.spec import check_int

KERNEL_SIZE = 3


class FoundingPair(NamedTuple):
    """Two designs in the sizes B, S, L, E and K, with `layers` convolutions, with or without biases."""

    bias: bool = True
    layers: int = 2

    @property
    def texts(self) -> tuple[str, str]:
        """The dense layer, and the convolutions."""
        bias = "" if self.bias else ", bias=False"
        return (
            f"dense = [B, S, L*E] -> Linear(L*E, E{bias})",
            f"conv = [B*S, E, L] -> {self.layers} x Conv1d(E, E, K, padding=same{bias})",
        )

    def sizes(self, given: Mapping[str, Size]) -> dict[str, Size]:
        """The given sizes, and the default kernel size K."""
        return {"K": KERNEL_SIZE, **given}

    def notes(self, given: Mapping[str, Size]) -> tuple[str, ...]:
        """A sentence on differences from the default pair, if any."""
        kernel_size, default = given.get("K", KERNEL_SIZE), FoundingPair()
        number = f"{self.layers} convolution{'s' * (self.layers != 1)} instead of {default.layers}"
        parts = (
            f"K = {kernel_size} instead of {KERNEL_SIZE}" * (kernel_size != KERNEL_SIZE),
            number * (self.layers != default.layers),
            "no biases" * (not self.bias),
        )
        changes = ", ".join(filter(None, parts))
        return (f"Varied from the built-in comparison: {changes}.",) if changes else ()


def founding_pair(bias: object = True, layers: object = 2) -> FoundingPair:
    """The pair with these variations; UsageError for invalid ones."""
    if type(bias) is not bool:
        raise WrongTypeError(f"bias must be True or False, not {describe_value(bias)}")
    number = check_int("layers", layers)
    if number < 1:
        raise UsageError(f"layers is {number}; it must be at least 1")
    return FoundingPair(bias, number)
