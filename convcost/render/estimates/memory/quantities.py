"""The figures of memory as a reader meets them."""

from __future__ import annotations

from typing import NamedTuple

from convcost.benchmark.timing import What


class Quantity(NamedTuple):
    """A figure of Memory by attribute, and its label; an `optional` one is shown where some have it.

    `run` is what it is measured in, if it is, and `measured` what that is called.
    """

    attribute: str
    label: str
    optional: bool = False
    run: What | None = None
    measured: str = ""


QUANTITIES = (
    Quantity("parameters", "parameters"),
    Quantity("buffers", "buffers", optional=True),
    Quantity("gradients", "gradients"),
    Quantity("optimizer_state", "state of {optimizer}"),
    Quantity("master_copy", "master copy in float32", optional=True),
    Quantity("activations", "kept for backward"),
    Quantity("forward_peak", "peak of a forward", run="forward", measured="measured"),
    Quantity("training_peak", "peak of a training step", run="step", measured="measured, no optimizer"),
)
