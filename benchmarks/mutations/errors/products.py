"""Deliberate errors in operators that multiply and accumulate: matrix products, convolutions, transforms."""

from benchmarks.mutations.mutation import MODULES, Family

CONTRACTION = Family("matrix products", ("dense",), MODULES, "operators/contraction.py")
CONTRACTION.error(
    "Linear by its outputs", "product(outputs * weight.shape[-1]", "product(outputs * weight.shape[0]"
)
CONTRACTION.error(
    "matmul by rows",
    'broadcast; either side can be a vector."""\n    return product(size(output) * self.shape[-1])',
    'broadcast; either side can be a vector."""\n    return product(size(output) * self.shape[0])',
)
CONTRACTION.error(
    "addmm's bias as MACs",
    "return product(macs, size(output))",
    "return product(macs + size(output), size(output))",
)
CONTRACTION.error(
    "baddbmm by rows",
    "return _added(self, size(output) * batch1.shape[-1], output)",
    "return _added(self, size(output) * batch1.shape[-2], output)",
)
CONTRACTION.error(
    "addbmm without its batch",
    "size(output) * batch1.shape[0] * batch1.shape[-1]",
    "size(output) * batch1.shape[-1]",
)
CONTRACTION.error("addmv by rows", "size(output) * mat.shape[-1]", "size(output) * mat.shape[0]")
CONTRACTION.error(
    "the last pair of an einsum alone",
    "macs = macs + arithmetic.elements(tuple(merged.values()))",
    "macs = arithmetic.elements(tuple(merged.values()))",
)
CONTRACTION.error(
    "an einsum by its result",
    "arithmetic.elements(tuple(merged.values()))",
    "arithmetic.elements(tuple(merged[index] for index in result if index in merged))",
)
CONTRACTION.error("every addend as a bias", "if len(addend.shape) <= 1:", "if True:")
CONTRACTION.error("bias adds without a bias", "outputs if bias is not None else 0)", "outputs)")
CONTRACTION.error(
    "the positions of Linear forgotten",
    "outputs = arithmetic.elements((*input.shape[:-1], *weight.shape[:-1]))",
    "outputs = arithmetic.elements(weight.shape[:-1])",
)
CONTRACTION.error(
    "Bilinear's inputs swapped",
    "(input1.shape[:-1]), in1, in2, out_features)",
    "(input1.shape[:-1]), in2, in1, out_features)",
)
CONTRACTION.error(
    "half of a dot product",
    'by [k]."""\n    return product(size(self))',
    'by [k]."""\n    return product(size(self) // 2)',
)
CONTRACTION.error("one of trilinear's products", "product(2 * _loop_extent(", "product(_loop_extent(")
CONTRACTION.error(
    "trilinear's inputs swapped", "in1, i3.shape[-1], i2.shape[0]", "i3.shape[-1], in1, i2.shape[0]"
)
CONTRACTION.error(
    "an ellipsis of one dimension",
    "spread = len(shape) - len(before) - len(after) if dots",
    "spread = 1 if dots",
)

CONVOLVED = Family(
    "convolution operators", ("convolution", "transposed"), MODULES, "operators/convolution.py"
)
CONVOLVED.error("groups dropped", "weight[1] * groups, weight[0]", "weight[1], weight[0]")
CONVOLVED.error(
    "dilation dropped",
    "padding=padding, dilation=dilation, groups=groups)",
    "padding=padding, groups=groups)",
)
CONVOLVED.error(
    "a bias though there is none", "groups, bias is not None, **geometry)", "groups, True, **geometry)"
)
CONVOLVED.error(
    "stride of a transposed one dropped",
    "        True,\n        stride=stride,\n",
    "        True,\n        stride=1,\n",
)
CONVOLVED.error(
    "padding dropped",
    "padding=padding, dilation=dilation, groups=groups)",
    "dilation=dilation, groups=groups)",
)
CONVOLVED.error("stride of a plain one dropped", "bias, False, stride=stride,", "bias, False, stride=1,")
CONVOLVED.error(
    "output padding dropped",
    "output_padding=output_padding,\n        groups",
    "output_padding=0,\n        groups",
)
CONVOLVED.error("one stride for every dimension", "value[0] if len(value) == 1 else tuple(value)", "value[0]")
CONVOLVED.error(
    "a transposed one as a plain one",
    "    if transposed:\n        return conv_transpose_layer(",
    "    if False:\n        return conv_transpose_layer(",
)
CONVOLVED.error(
    "a transposed one's channels swapped",
    "(first, second) if transposed else",
    "(second, first) if transposed else",
)

FOURIER = Family("fourier", (), MODULES, "operators/linear_algebra.py")
FOURIER.error("a butterfly of 4 MACs", "MACS_PER_BUTTERFLY = 5", "MACS_PER_BUTTERFLY = 4")
FOURIER.error(
    "levels rounded down", "(shape[dimension] - 1).bit_length()", "(shape[dimension].bit_length() - 1)"
)
FOURIER.error(
    "real as complex",
    "return fourier_transform(self.shape, dim, 1)",
    "return fourier_transform(self.shape, dim, 2)",
)
FOURIER.error("complex numbers as two real ones", "levels * parts // 4", "levels * parts // 2")
FOURIER.error("one dimension of several", "for dimension in dimensions)", "for dimension in dimensions[:1])")
