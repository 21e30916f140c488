"""Deliberate errors in distances, in unpoolings, and in fractional poolings."""

from benchmarks.mutations.mutation import LAYERS, Family

SHAPES = "layers/broadcasting.py"

DISTANCE = Family("distance", ("distance",), LAYERS, "layers/distance.py")
DISTANCE.error("norms of one operation", "NORM = 2", "NORM = 1", "layers/operation_counts.py")
DISTANCE.error("one quotient", "2 * NORM + 2 + 2", "2 * NORM + 1 + 2")
DISTANCE.error("no maxima", "+ 2 * arithmetic.elements(self.output(shape))", "")
DISTANCE.error(
    "elements of the first input",
    "DISTANCE * arithmetic.elements(self.together(shape))",
    "DISTANCE * arithmetic.elements(shape)",
)
DISTANCE.error("a dimension that is always kept", "(1,) if self.keepdim else ()", "(1,)")
DISTANCE.error(
    "the first dimension left out",
    "without_dimension(self.together(shape), self.dim)",
    "self.together(shape)[1:]",
)
DISTANCE.error("repeated inputs without sums", "repeated * arithmetic", "0 * arithmetic")
DISTANCE.error("sizes of 1 kept", "other if is_one(size) else size", "size", SHAPES)
DISTANCE.error("any sizes together", "if not is_one(size) and not is_one(other):", "if False:", SHAPES)

UNPOOLING = Family("unpooling", ("unpooling",), LAYERS, "layers/unpooling.py")
UNPOOLING.error("a window less", "(length - 1) * stride", "length * stride")
UNPOOLING.error("padding on one side", "2 * padding", "padding")
UNPOOLING.error(
    "a stride of 1",
    "self.kernel_size if value is None else value",
    "1 if value is None else value",
    "layers/interface.py",
)
UNPOOLING.error(
    "indices of any shape", "yield from equal_shapes(shape, self.further_inputs[0], 1)", "yield from ()"
)
UNPOOLING.error("indices in the dtype of the design", '("", INDEX_DTYPE)', '("", "")')

FRACTIONAL_POOLING = Family(
    "fractional pooling", ("fractional_pooling",), LAYERS, "layers/fractional_pooling.py"
)
FRACTIONAL_POOLING.error(
    "windows at every input",
    "taps * arithmetic.elements(self.output(shape))",
    "taps * arithmetic.elements(shape)",
)
FRACTIONAL_POOLING.error(
    "windows of one dimension",
    'self.per_dimension("kernel_size"))\n        return Cost',
    'self.per_dimension("kernel_size")[:1])\n        return Cost',
)
FRACTIONAL_POOLING.error("no spare position", "spare = 1", "spare = 0")
FRACTIONAL_POOLING.error("ratios above 1", "0 < ratio < 1", "0 < ratio")
FRACTIONAL_POOLING.error("a ratio beside a size", "sizes == 1", "sizes >= 1")
