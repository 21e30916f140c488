"""Deliberate errors in paddings."""

from benchmarks.mutations.mutation import LAYERS, Family

PADDING = Family("padding", ("padding",), LAYERS, "layers/padding.py")
PADDING.error("one side alone", "(length + before + after for length", "(length + before for length")
PADDING.error("the dimensions in torch's order", "[*pairs][::-1]", "[*pairs]")
PADDING.error("the edge reflected too", "AtMost(padding, length - 1,", "AtMost(padding, length,")
PADDING.error("wrapping around twice", "AtMost(padding, length,", "AtMost(padding, 2 * length,")
PADDING.error("more cut off than there is", "AtLeast(padding, -length,", "AtLeast(padding, -2 * length,")
PADDING.error("nothing left", "AtLeast(length + before + after, 1,", "AtLeast(length + before + after, 0,")
