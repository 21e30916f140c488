"""Deliberate errors in the formulas of layers: what is wrong, and the text that makes it so."""

from mutation import Family

FORMULAS = "formulas.py"
SLIDING = "layers/sliding.py"
LAYERS = ("tests/layers", "tests/test_formulas.py", "tests/symbols/test_open_layers.py")

CONVOLUTION = Family(
    "convolution",
    ("convolution",),
    (*LAYERS, "tests/modules/test_reference_counts.py"),
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
    "return taps, valid_taps(shape[-self.spatial :], lengths, self.windows)",
    "return taps, taps",
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
    "elements(lengths) * formulas.elements(self.kernel)",
    "elements(lengths) * self.kernel[0] ** self.spatial",
)
CONVOLUTION.error(
    "the kernel off by one",
    "padding - dilation * (kernel_size - 1) - 1) // stride + 1",
    "padding - dilation * kernel_size - 1) // stride + 1",
    FORMULAS,
)
CONVOLUTION.error(
    "the stride ignored", "(kernel_size - 1) - 1) // stride + 1", "(kernel_size - 1) - 1) + 1", FORMULAS
)
CONVOLUTION.error(
    "the last window forgotten",
    "(kernel_size - 1) - 1) // stride + 1",
    "(kernel_size - 1) - 1) // stride",
    FORMULAS,
)
CONVOLUTION.error(
    "the dilation ignored",
    "padding - dilation * (kernel_size - 1) - 1)",
    "padding - (kernel_size - 1) - 1)",
    FORMULAS,
)
CONVOLUTION.error(
    "the bias counted as MACs",
    "formulas.convolution_macs(*channels, taps),",
    "formulas.convolution_macs(*channels, taps) + (batch * self.out_channels if self.bias else 0),",
    SLIDING,
)
CONVOLUTION.error(
    "the bias added once for each channel",
    "batch * self.out_channels * formulas.elements(lengths) if self.bias else 0",
    "batch * self.out_channels if self.bias else 0",
    SLIDING,
)
CONVOLUTION.error(
    "bias adds without a bias",
    "formulas.elements(lengths) if self.bias else 0",
    "formulas.elements(lengths)",
    SLIDING,
)
CONVOLUTION.error(
    "the batch forgotten", "batch = formulas.elements(shape[: -self.spatial - 1])", "batch = 1", SLIDING
)

TRANSPOSED = Family("transposed", ("transposed",), LAYERS, "layers/transposed.py")
TRANSPOSED.error(
    "counted by output positions",
    "formulas.elements(positions) * formulas.elements(self.kernel)",
    "formulas.elements(lengths) * formulas.elements(self.kernel)",
)
TRANSPOSED.error("padding once instead of twice", "window.before + window.after,", "window.before,")
TRANSPOSED.error(
    "cropped taps counted as valid",
    "return taps, valid_taps(lengths, positions, self.windows)",
    "return taps, taps",
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

TAPS = Family("taps on padding", ("convolution", "transposed"), LAYERS, "layers/taps.py")
TAPS.error("the padding behind ignored", "taps_on_padding(after, unread, *geometry)", "0")
TAPS.error(
    "what no window reaches forgotten",
    "taps_on_padding(after, unread, *geometry)",
    "taps_on_padding(after, 0, *geometry)",
)
TAPS.error(
    "the dilation ignored",
    "zeros = (positive_part(padding - dilation * tap)",
    "zeros = (positive_part(padding - tap)",
)
TAPS.error(
    "the stride ignored", "positive_part(ceil_div(count - unread, stride))", "positive_part(count - unread)"
)
TAPS.error("negative counts made positive", "return (value + abs(value)) // 2", "return abs(value)", FORMULAS)

DENSE = Family("dense", ("dense",), LAYERS, "layers/dense.py")
DENSE.error(
    "in × in",
    "return positions * in_features * out_features",
    "return positions * in_features * in_features",
    FORMULAS,
)
DENSE.error(
    "the weights transposed",
    '"weight": (self.out_features, self.in_features)}',
    '"weight": (self.in_features, self.out_features)}',
)
DENSE.error(
    "positions of the first dimension alone",
    "positions = formulas.elements(shape[:-1])\n        macs = formulas.linear_macs",
    "positions = formulas.elements(shape[:-1][:1])\n        macs = formulas.linear_macs",
)
DENSE.error(
    "the bias counted as MACs",
    "macs = formulas.linear_macs(positions, self.in_features, self.out_features)",
    "macs = formulas.linear_macs(positions, self.in_features + self.bias, self.out_features)",
)
DENSE.error(
    "one of Bilinear's contractions", "out_features * in2 * (in1 + 1)", "out_features * in2 * in1", FORMULAS
)
DENSE.error(
    "Bilinear's inputs swapped", "out_features * in2 * (in1 + 1)", "out_features * in1 * (in2 + 1)", FORMULAS
)
DENSE.error(
    "a lookup that is not free",
    "        return (*shape, self.embedding_dim)\n",
    "        return (*shape, self.embedding_dim)\n\n    def cost(self, shape: Shape) -> Cost:\n"
    "        return Cost(elementwise=formulas.elements(self.output(shape)))\n",
)
DENSE.error(
    "the table transposed",
    "(self.num_embeddings, self.embedding_dim)}",
    "(self.embedding_dim, self.num_embeddings)}",
)

NORMALIZATION = Family("normalization", ("normalization",), LAYERS, "layers/normalization.py")
NORMALIZATION.error(
    "the reciprocal deviation forgotten", "SCALE_BY_STATISTICS = 2", "SCALE_BY_STATISTICS = 1"
)
NORMALIZATION.error("the square forgotten", "COMPUTE_STATISTICS = 3", "COMPUTE_STATISTICS = 2")
NORMALIZATION.error("statistics always kept", "0 if self.track_running_stats else COMPUTE_STATISTICS", "0")
NORMALIZATION.error(
    "a bias though there is none", '"bias": shape} if bias else {"weight": shape}', '"bias": shape}'
)
NORMALIZATION.error("parameters without affine", "    if not affine:\n        return {}\n", "")
NORMALIZATION.error("a factor of RMSNorm", "(3 + len(self.parameters()))", "(2 + len(self.parameters()))")
NORMALIZATION.error("a factor of LocalResponseNorm", "(self.size + 5)", "(self.size + 4)")
NORMALIZATION.error(
    "weights by groups",
    "_affine((self.num_channels,), self.affine",
    "_affine((self.num_groups,), self.affine",
)
NORMALIZATION.error(
    "the weight of a LayerNorm free",
    "return _affine(self.normalized(), self.elementwise_affine, self.bias)",
    "return _affine(self.normalized()[-1:], self.elementwise_affine, self.bias)",
)

POOLING = Family("pooling", ("pooling",), LAYERS, "layers/pooling.py")
POOLING.error(
    "windows as large as the stride",
    'taps = formulas.elements(self.each("kernel_size"))\n        return Cost(elementwise=taps',
    'taps = formulas.elements(self.each("stride"))\n        return Cost(elementwise=taps',
)
POOLING.error(
    "windows at every input",
    "elementwise=taps * formulas.elements(self.output(shape))",
    "elementwise=taps * formulas.elements(shape)",
)
POOLING.error(
    "a stride of 1 if none is given",
    "along(self.kernel_size if value is None else value",
    "along(1 if value is None else value",
)
POOLING.error("ceil_mode ignored", "if not ceil_mode:", "if True:", FORMULAS)
POOLING.error(
    "padding once instead of twice", "stride, 2 * padding, dilation)", "stride, padding, dilation)", FORMULAS
)
POOLING.error(
    "windows that start behind the data",
    "length + padding - positive_part(beyond)",
    "length + padding - beyond",
    FORMULAS,
)
POOLING.error("the root of LPPool forgotten", "(2 * taps + 1)", "(2 * taps)")
POOLING.error(
    "adaptive pooling by outputs",
    "return Cost(elementwise=formulas.elements(shape))",
    "return Cost(elementwise=formulas.elements(self.output(shape)))",
)
POOLING.error("adaptive None as 1", "length if size is None else size", "1 if size is None else size")

ACTIVATION = Family("activation", ("activation",), LAYERS, "layers/activation.py")
ACTIVATION.error(
    "an operation of Sigmoid",
    '"""1 / (1 + exp(−x))."""\n\n    operations = 4',
    '"""1 / (1 + exp(−x))."""\n\n    operations = 3',
)
ACTIVATION.error(
    "ReLU free", '"""max(0, x)."""\n\n    operations = 1', '"""max(0, x)."""\n\n    operations = 0'
)
ACTIVATION.error("tanh's GELU as the other", 'return 9 if self.approximate == "tanh" else 5', "return 5")
ACTIVATION.error(
    "a softmax without its sum", "    operations = 5\n\n    dim: int", "    operations = 4\n\n    dim: int"
)
ACTIVATION.error(
    "GLU by its input",
    "(Sigmoid.operations + 1) * formulas.elements(self.output(shape))",
    "(Sigmoid.operations + 1) * formulas.elements(shape)",
)
ACTIVATION.error("GLU not halved", "shape[dim] // 2", "shape[dim]")
ACTIVATION.error("PReLU always with one weight", '"weight": (self.num_parameters,)', '"weight": (1,)')

SHAPING = Family("shaping", ("shaping",), LAYERS, "layers/shaping.py")
SHAPING.error(
    "the last dimension left out",
    "formulas.elements(shape[first : last + 1])",
    "formulas.elements(shape[first:last])",
)
SHAPING.error(
    "-1 as the whole dimension",
    "rest = shape[self.dim] // formulas.elements(self._given())",
    "rest = shape[self.dim]",
)
SHAPING.error(
    "a dropout that costs",
    '        yield Known(0 <= self.p <= 1, f"p is {self.p}; a probability is from 0 to 1", "p")\n',
    '        yield Known(0 <= self.p <= 1, f"p is {self.p}; a probability is from 0 to 1", "p")\n\n'
    "    def cost(self, shape):\n        from convcost.quantities import Cost\n\n"
    "        return Cost(elementwise=formulas.elements(shape))\n",
)

FAMILIES = (CONVOLUTION, TRANSPOSED, TAPS, DENSE, NORMALIZATION, POOLING, ACTIVATION, SHAPING)
