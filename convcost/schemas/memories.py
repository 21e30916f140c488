"""The JSON of memory."""

from __future__ import annotations

from typing import TypedDict

from convcost.core.trace import RanOn
from convcost.schemas.common import Formula, Quotient


class Memory(TypedDict):
    """What a design takes to run and to train, in bytes; null for what is not known."""

    dtype: str
    optimizer: str
    parameters: Formula
    buffers: Formula
    """Of torch modules alone."""
    gradients: Formula
    optimizer_state: Formula
    master_copy: Formula
    """The parameters in float32, where they are in 16 bits."""
    activations: Formula | None
    """What a forward keeps for its backward."""
    forward_peak: Formula | None
    """Of a forward without gradients."""
    training_peak: Formula | None
    reason: str
    """Why figures are not known."""
    ran: RanOn | None
    """What a torch module ran on to be measured; a design has rules instead."""


class MemoryRatios(TypedDict):
    """Memory over the first candidate's."""

    parameters: Quotient
    buffers: Quotient
    gradients: Quotient
    optimizer_state: Quotient
    master_copy: Quotient
    activations: Quotient
    forward_peak: Quotient
    training_peak: Quotient
