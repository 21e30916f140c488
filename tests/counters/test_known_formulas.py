"""Other formulas than the exact one, recognised by their figures; the figures are worked out beside."""

import pytest

from convcost.core.trace import Operation
from convcost.counters.known_formulas import explain_figure
from convcost.operators import OPERATORS
from convcost.operators.interface import ShapeOperand


def operation(operator, inputs, output, **arguments):
    """As a trace has it: the cost by convcost's own formula."""
    named = {name: ShapeOperand(shape) for name, shape in inputs.items()}
    cost = OPERATORS[operator].cost(**named, **arguments, output=ShapeOperand(output))
    return Operation(f"aten::{operator}", f"aten::{operator}", tuple(inputs.values()), output, cost)


CONV = operation("conv1d", {"input": (2, 8, 50), "weight": (16, 8, 3), "bias": (16,)}, (2, 16, 50), padding=1)
SAME = operation("conv1d", {"input": (2, 4, 10), "weight": (4, 4, 4)}, (2, 4, 10), padding="same")
ONE = operation("conv2d", {"input": (3, 8, 8), "weight": (4, 3, 3, 3)}, (4, 6, 6))
TRANSPOSED = operation(
    "conv_transpose1d",
    {"input": (2, 8, 50), "weight": (8, 4, 4), "bias": (16,)},
    (2, 16, 101),
    stride=2,
    padding=1,
    output_padding=1,
    groups=4,
)
LINEAR = operation("linear", {"input": (2, 10, 32), "weight": (64, 32), "bias": (64,)}, (2, 10, 64))
BILINEAR = operation(
    "bilinear", {"input1": (4, 8), "input2": (4, 6), "weight": (5, 8, 6), "bias": (5,)}, (4, 5)
)
VECTOR = operation("matmul", {"self": (6, 4), "other": (4,)}, (6,))
BROADCAST = operation("matmul", {"self": (3, 4), "other": (5, 4, 6)}, (5, 3, 6))
ADDED = operation("addmm", {"self": (3, 5), "mat1": (3, 4), "mat2": (4, 5)}, (3, 5))
PRODUCT = operation("bmm", {"self": (3, 123, 457), "other": (3, 457, 131)}, (3, 123, 131))


def test_the_macs_these_tests_rest_on():
    assert [each.cost.macs for each in (CONV, SAME, ONE, TRANSPOSED, LINEAR, BILINEAR)] == [
        38400,
        1280,
        3888,
        12800,
        40960,
        1080,
    ]


@pytest.mark.parametrize(
    ("found", "macs", "parts"),
    [
        (CONV, 38400, ()),
        (CONV, 38400 + 1600, (("bias adds", 1600),)),
        (SAME, 4 * 4 * 4 * 2 * 9, (("same padding", 1152 - 1280),)),
        (ONE, 3 * 108 * 6, (("unbatched", 1944 - 3888),)),
        (ONE, 4 * 108 * 6, (("unbatched", 2592 - 3888),)),
        (TRANSPOSED, 2 * 101 * 8 * 4 * 4, (("output positions", 25856 - 12800),)),
        (TRANSPOSED, 25856 + 3232, (("output positions", 13056), ("bias adds", 3232))),
        (TRANSPOSED, 2 * 101 * 8 * 16 * 4, (("output positions", 13056), ("groups", 103424 - 25856))),
        (TRANSPOSED, 2 * 50 * 8 * (4 // 4) * 4, (("groups twice", 3200 - 12800),)),
        (LINEAR, 2 * 32 * 64, (("first dimension", 4096 - 40960),)),
        (BILINEAR, 4 * 5 * 8 * 6, (("one contraction", 960 - 1080),)),
        (VECTOR, 6 * 4 * 4, (("vector", 96 - 24),)),
        (BROADCAST, 3 * 4 * 6, (("broadcast", 72 - 360),)),
        (ADDED, 60 + 15, (("elementwise", 15),)),
        (PRODUCT, 22_090_000, (("rounded", -923),)),
        (CONV, 38401, None),
        (LINEAR, 1, None),
    ],
)
def test_a_figure_in_macs_is_recognised(found, macs, parts):
    expected = None if parts is None else tuple((kind, 2 * amount) for kind, amount in parts)
    assert explain_figure(found, 2 * macs, 2) == expected


def test_a_counter_of_flops_takes_an_addition_for_one():
    assert explain_figure(CONV, 2 * 38400 + 1600, 1) == (("bias adds", 1600),)


def test_one_of_several_calls_is_recognised():
    cost = sum([LINEAR.cost] * 2, LINEAR.cost)
    thrice = LINEAR._replace(cost=cost, calls=3)
    assert explain_figure(thrice, 2 * (40960 + 1280), 2) == (("bias adds", 2560),)


def test_a_cell_whose_features_are_taken_for_positions_is_recognised():
    shapes = ((2, 16), (2, 32), (2, 32), (128, 16), (128, 32))
    cell = LINEAR._replace(operator="aten::lstm_cell", inputs=shapes, output=(2, 32))
    assert explain_figure(cell, 2 * 32 * 40960, 2) == (("width", 2 * 31 * 40960),)
