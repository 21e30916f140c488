"""Deliberate errors in convolutions."""

from benchmarks.mutations.mutation import FORMULAS, LAYERS, Family

SLIDING = "layers/sliding.py"

CONVOLUTION = Family(
    "convolution",
    ("convolution",),
    (*LAYERS, "tests/tracing/test_reference_counts.py"),
    "layers/convolution.py",
)
CONVOLUTION.error(
    "groups dropped from the MACs",
    "return batch * in_channels * (out_channels // groups) * taps",
    "return batch * in_channels * out_channels * taps",
    FORMULAS,
)
CONVOLUTION.error(
    "groups dropped from the weights",
    "self.in_channels // self.groups, *self.kernel",
    "self.in_channels, *self.kernel",
)
CONVOLUTION.error(
    "padding once instead of twice",
    "window.before + window.after, window.dilation",
    "window.before, window.dilation",
)
CONVOLUTION.error(
    "the odd one of same padding before the data",
    "(total // 2, total - total // 2)",
    "(total - total // 2, total // 2)",
)
CONVOLUTION.error(
    "same padding without dilation", "totals = [dilation * (kernel - 1)", "totals = [(kernel - 1)"
)
CONVOLUTION.error(
    "valid taps ignore the padding",
    "return valid_taps(shape[-self.spatial :], lengths, self.windows)",
    "return self._taps(shape, lengths)",
)
CONVOLUTION.error(
    "reflected padding taken for zeros",
    'if self.padding_mode != "zeros" or self.padding in UNPADDED:',
    "if self.padding in UNPADDED:",
)
CONVOLUTION.error(
    "a bias though there is none",
    '({"bias": (self.out_channels,)} if self.bias else {})',
    '{"bias": (self.out_channels,)}',
)
CONVOLUTION.error(
    "every kernel square",
    "lengths)) * arithmetic.elements(self.kernel)",
    "lengths)) * self.kernel[0] ** self.spatial",
    SLIDING,
)
CONVOLUTION.error(
    "the kernel off by one",
    "padding - dilation * (kernel_size - 1) - 1)) // stride + 1",
    "padding - dilation * kernel_size - 1)) // stride + 1",
    FORMULAS,
)
CONVOLUTION.error(
    "the stride ignored", "(kernel_size - 1) - 1)) // stride + 1", "(kernel_size - 1) - 1)) + 1", FORMULAS
)
CONVOLUTION.error(
    "the last window forgotten",
    "(kernel_size - 1) - 1)) // stride + 1",
    "(kernel_size - 1) - 1)) // stride",
    FORMULAS,
)
CONVOLUTION.error(
    "the dilation ignored",
    "(padding - dilation * (kernel_size - 1) - 1)",
    "(padding - (kernel_size - 1) - 1)",
    FORMULAS,
)
CONVOLUTION.error(
    "the bias counted as MACs",
    "self._macs(shape, self._taps(shape, lengths)),",
    "self._macs(shape, self._taps(shape, lengths)) + (self.out_channels if self.bias else 0),",
    SLIDING,
)
CONVOLUTION.error(
    "the bias added once for each channel",
    "self._batch(shape) * self.out_channels * arithmetic.elements(lengths) if self.bias else 0",
    "self._batch(shape) * self.out_channels if self.bias else 0",
    SLIDING,
)
CONVOLUTION.error(
    "bias adds without a bias",
    "arithmetic.elements(lengths) if self.bias else 0",
    "arithmetic.elements(lengths)",
    SLIDING,
)
CONVOLUTION.error(
    "the batch forgotten", "return arithmetic.elements(shape[: -self.spatial - 1])", "return 1", SLIDING
)
CONVOLUTION.error(
    "the batch left out of the product",
    "return batch * in_channels * (out_channels // groups) * taps",
    "return in_channels * (out_channels // groups) * taps",
    FORMULAS,
)
CONVOLUTION.error(
    "stride and dilation swapped",
    '("kernel_size", "stride", "dilation"))',
    '("kernel_size", "dilation", "stride"))',
)
CONVOLUTION.error(
    "dimensions in another order",
    "for length, window in zip(shape[-self.spatial :], self.windows",
    "for length, window in zip(shape[: -self.spatial - 1 : -1], self.windows",
)
CONVOLUTION.error(
    "as many channels out as in",
    "self.out_channels, *self.lengths(shape))",
    "self.in_channels, *self.lengths(shape))",
    SLIDING,
)
CONVOLUTION.error(
    "a loop over the channels of all groups",
    '("in_channel", self.in_channels // self.groups)',
    '("in_channel", self.in_channels)',
)
CONVOLUTION.error(
    "a stride beside padding=same", 'for stride in self.per_dimension("stride"):', "for stride in ():"
)
CONVOLUTION.error(
    "groups that do not divide the outputs",
    'for name in ("in_channels", "out_channels"):',
    'for name in ("in_channels",):',
    SLIDING,
)
CONVOLUTION.error(
    "the stride left out of the length in words",
    "each.dilation, each.kernel_size, each.stride)",
    "each.dilation, each.kernel_size, 1)",
)
