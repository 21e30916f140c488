"""Deliberate errors in poolings, as layers and as operators."""

from benchmarks.mutations.mutation import FORMULAS, LAYERS, MODULES, Family

POOLING = Family("pooling", ("pooling",), LAYERS, "layers/pooling.py")
POOLING.error(
    "windows as large as the stride",
    'taps = arithmetic.elements(self.per_dimension("kernel_size"))\n        return Cost(elementwise=taps',
    'taps = arithmetic.elements(self.per_dimension("stride"))\n        return Cost(elementwise=taps',
)
POOLING.error(
    "windows at every input",
    "elementwise=taps * arithmetic.elements(self.output(shape))",
    "elementwise=taps * arithmetic.elements(shape)",
)
POOLING.error(
    "a stride of 1 if none is given",
    "per_dimension(self.kernel_size if value is None else value",
    "per_dimension(1 if value is None else value",
    "layers/interface.py",
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
    "return adaptive_cost(shape)",
    "return adaptive_cost(self.output(shape))",
)
POOLING.error("adaptive None as 1", "length if size is None else size", "1 if size is None else size")
POOLING.error("the dilation ignored", "stride, 2 * padding, dilation)", "stride, 2 * padding, 1)", FORMULAS)
POOLING.error(
    "the dilation ignored by ceil_mode",
    "beyond = dilation * (kernel_size - 1) + 1 - padding - stride",
    "beyond = kernel_size - padding - stride",
    FORMULAS,
)
POOLING.error(
    "windows of one dimension",
    'taps = arithmetic.elements(self.per_dimension("kernel_size"))\n        return Cost(elementwise=taps',
    'taps = arithmetic.elements(self.per_dimension("kernel_size")[:1])\n        return Cost(elementwise=taps',
)
POOLING.error("padding as wide as the kernel", "AtMost(padding, kernel // 2,", "AtMost(padding, kernel,")
POOLING.error("a kernel that fits with padding alone", "if self.fits_unpadded:", "if False:")
POOLING.error(
    "ceil_mode for kernels that don't fit",
    "stride - 1 if self.ceil_mode else 0",
    "stride if self.ceil_mode else 0",
)
POOLING.error("a divisor of 0", "ArgumentCheck(self.divisor_override != 0,", "ArgumentCheck(True,")

POOLED = Family("pooling operators", ("pooling",), MODULES, "operators/pooling.py")
POOLED.error(
    "one side of the window",
    "elementwise=arithmetic.elements(kernel_size) * size(output))",
    "elementwise=arithmetic.elements(kernel_size[:1]) * size(output))",
)
POOLED.error(
    "adaptive ones twice", "return Cost(elementwise=size(self))", "return Cost(elementwise=2 * size(self))"
)
POOLED.error("windows of one dimension", "sides * dimensions if len(sides) == 1 else sides", "sides")
POOLED.error(
    "the root of LPPool forgotten",
    "(2 * arithmetic.elements(kernel_size) + 1)",
    "(2 * arithmetic.elements(kernel_size))",
)
