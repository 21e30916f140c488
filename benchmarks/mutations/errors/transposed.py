"""Deliberate errors in transposed convolutions."""

from benchmarks.mutations.mutation import FORMULAS, LAYERS, Family

TRANSPOSED = Family("transposed", ("transposed",), LAYERS, "layers/transposed.py")
TRANSPOSED.error(
    "counted by output positions",
    "        return shape[-self.spatial :]\n",
    "        return lengths\n",
)
TRANSPOSED.error("padding once instead of twice", "window.before + window.after,", "window.before,")
TRANSPOSED.error(
    "cropped taps counted as valid",
    "return valid_taps(lengths, shape[-self.spatial :], self.windows)",
    "return self._taps(shape, lengths)",
)
TRANSPOSED.error(
    "inputs and outputs of the weights swapped",
    "(self.in_channels, self.out_channels // self.groups, *self.kernel)",
    "(self.out_channels, self.in_channels // self.groups, *self.kernel)",
)
TRANSPOSED.error(
    "groups dropped from the weights",
    "self.out_channels // self.groups, *self.kernel)",
    "self.out_channels, *self.kernel)",
)
TRANSPOSED.error(
    "the output padding ignored", "(kernel_size - 1) + output_padding + 1", "(kernel_size - 1) + 1", FORMULAS
)
TRANSPOSED.error(
    "the stride off by one",
    "return (length - 1) * stride - padding",
    "return length * stride - padding",
    FORMULAS,
)
TRANSPOSED.error(
    "the dilation ignored",
    "- padding + dilation * (kernel_size - 1)",
    "- padding + (kernel_size - 1)",
    FORMULAS,
)
TRANSPOSED.error(
    "the kernel forgotten",
    "lengths)) * arithmetic.elements(self.kernel)",
    "lengths))",
    "layers/sliding.py",
)
TRANSPOSED.error(
    "loops over output positions",
    "*zip(POSITIONS[self.spatial], shape[-self.spatial :], strict=True)",
    "*zip(POSITIONS[self.spatial], self.lengths(shape), strict=True)",
)
TRANSPOSED.error(
    "a loop over the channels of all groups",
    '("out_channel", self.out_channels // self.groups)',
    '("out_channel", self.out_channels)',
)
TRANSPOSED.error(
    "an output padding as large as the stride",
    "arithmetic.larger(window.stride, window.dilation) - 1",
    "arithmetic.larger(window.stride, window.dilation)",
)
TRANSPOSED.error(
    "the larger one as the smaller",
    "return first + positive_part(second - first)",
    "return first - positive_part(first - second)",
    FORMULAS,
)
TRANSPOSED.error(
    "the dilation left out of the length in words",
    "each.before, each.dilation, each.kernel_size, each.output_padding",
    "each.before, 1, each.kernel_size, each.output_padding",
)
