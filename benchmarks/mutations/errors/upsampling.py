"""Deliberate errors in layers that resize."""

from benchmarks.mutations.mutation import LAYERS, Family

SCALING = "layers/scaling.py"

UPSAMPLING = Family("upsampling", ("upsampling",), LAYERS, "layers/upsampling.py")
UPSAMPLING.error(
    "bilinear as linear", '"bilinear": LINEAR_INTERPOLATION[2]', '"bilinear": LINEAR_INTERPOLATION[1]'
)
UPSAMPLING.error("two neighbours without their sum", "INTERPOLATION = {1: 3,", "INTERPOLATION = {1: 2,")
UPSAMPLING.error("four neighbours without their sums", "2: 7, 3: 15}", "2: 4, 3: 15}")
UPSAMPLING.error("eight neighbours without their sums", "2: 7, 3: 15}", "2: 7, 3: 8}")
UPSAMPLING.error(
    "sixteen neighbours without their sums", "BICUBIC_INTERPOLATION = 31", "BICUBIC_INTERPOLATION = 16"
)
UPSAMPLING.error(
    "interpolation by the input",
    "OPERATIONS.get(self.mode, 0) * arithmetic.elements(self.output(shape))",
    "OPERATIONS.get(self.mode, 0) * arithmetic.elements(shape)",
)
UPSAMPLING.error("area as nearest", "            return adaptive_cost(shape)", "            return Cost()")
UPSAMPLING.error(
    "lengths rounded to the nearest",
    "return exact // denominator",
    "return (exact + denominator // 2) // denominator",
    SCALING,
)
UPSAMPLING.error(
    "factors without torch's rounding", "int(length * factor)", "int(length * Fraction(factor))", SCALING
)
UPSAMPLING.error(
    "columns without torch's rounding", "exact + _half_of_last_place(length, numerator)", "exact", SCALING
)
UPSAMPLING.error(
    "open lengths by any factor", "isinstance(length, Integral), message", "True, message", SCALING
)
UPSAMPLING.error("a factor beside a size", "sizes == 1", "sizes >= 1")
UPSAMPLING.error(
    "empty outputs", 'AtLeast(length, 1, "the output\'s length"', 'AtLeast(length, 0, "the output\'s length"'
)
UPSAMPLING.error("any number of dimensions", "RANKS.get(self.mode, ANY_RANK)", "ANY_RANK")
UPSAMPLING.error("aligned corners of the nearest", "self.align_corners is None or interpolates", "True")
