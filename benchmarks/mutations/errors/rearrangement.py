"""Deliberate errors in layers that put values elsewhere."""

from benchmarks.mutations.mutation import LAYERS, Family

REARRANGEMENT = Family("rearrangement", ("rearrangement",), LAYERS, "layers/rearrangement.py")
REARRANGEMENT.error("channels by the factor once", "channels // (factor * factor)", "channels // factor")
REARRANGEMENT.error("a height that stays", "height * factor, width * factor", "height, width * factor")
REARRANGEMENT.error("channels once again", "channels * factor * factor,", "channels * factor,")
REARRANGEMENT.error("a width that stays", "height // factor, width // factor", "height // factor, width")
REARRANGEMENT.error("any number of groups", "Divides(self.groups, shape[1]", "Divides(1, shape[1]")
REARRANGEMENT.error(
    "padding on one side", "kernel, stride, 2 * padding, dilation", "kernel, stride, padding, dilation"
)
REARRANGEMENT.error("channels without taps", "shape[-3] * self.taps", "shape[-3]")
REARRANGEMENT.error(
    "additions by the output",
    "Cost(elementwise=arithmetic.elements(shape))",
    "Cost(elementwise=arithmetic.elements(self.output(shape)))",
)
REARRANGEMENT.error("any number of windows", "Equals(shape[-1], windows,", "Equals(windows, windows,")
