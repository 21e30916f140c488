"""Deliberate errors in counting taps on padding."""

from benchmarks.mutations.mutation import FORMULAS, LAYERS, Family

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
TAPS.error(
    "the padding in front ignored",
    "windows * kernel_size - taps_before - taps_after",
    "windows * kernel_size - taps_after",
)
TAPS.error(
    "more taps on padding than windows",
    "return sum(smaller(windows, positive_part(ceil_div(count - unread, stride))) for",
    "return sum(positive_part(ceil_div(count - unread, stride)) for",
)
TAPS.error("a residue forgotten", "for residue in range(step))", "for residue in range(1, step + 1))")
TAPS.error("windows without an end", "        - _lattice_points(limit - reach, *steps)\n", "")
TAPS.error("kernels without an end", "        - _lattice_points(limit - span, *steps)\n", "")
TAPS.error("a progression off by one", "terms * (terms - 1) // 2", "terms * (terms + 1) // 2")
TAPS.error(
    "numbers rounded down", "return -(-numerator // denominator)", "return numerator // denominator", FORMULAS
)
TAPS.error(
    "the smaller one as the larger",
    "return first - positive_part(first - second)",
    "return first + positive_part(second - first)",
    FORMULAS,
)
