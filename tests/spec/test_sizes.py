"""Sizes: the input that is inferred, what is bound to what, what is taken as 1, exactness."""

import pytest

from convcost.core.errors import SpecError
from convcost.layers import KINDS
from convcost.spec import parse

INFERRED = [
    ("Linear(10E, E)", {"B": 2, "S": 3, "E": 8}, (2, 3, 80)),
    ("Bilinear(8, 6, 5)", {"B": 2, "S": 3}, (2, 3, 14)),
    ("Embedding(100, 8)", {"B": 2, "S": 3}, (2, 3)),
    ("EmbeddingBag(100, 8)", {"B": 2, "S": 3}, (2, 3)),
    ("LSTM(E, 8)", {"B": 2, "S": 3, "E": 8}, (3, 2, 8)),
    ("GRU(E, 8, batch_first=True)", {"B": 2, "S": 3, "E": 8}, (2, 3, 8)),
    ("Conv1d(E, E, 3)", {"B": 2, "S": 3, "E": 8, "L": 10}, (6, 8, 10)),
    ("Conv2d(3, 8, 3)", {"B": 2, "H": 9, "W": 7}, (2, 3, 9, 7)),
    ("ConvTranspose3d(3, 8, 3)", {"B": 2, "D": 5, "H": 9, "W": 7}, (2, 3, 5, 9, 7)),
    ("BatchNorm1d(8)", {"B": 2, "S": 3, "L": 10}, (6, 8, 10)),
    ("LayerNorm((L, E))", {"B": 2, "S": 3, "L": 10, "E": 8}, (2, 3, 10, 8)),
    (
        "Conv1d(E, E, 3, padding=1) -> Conv1d(E, L, 1)",
        {"B": 2, "S": 3, "E": 8, "L": 5, "length": 10},
        (6, 8, 10),
    ),
    (
        "Conv1d(E, E, 3) -> Transpose(1, 2) -> Conv1d(L - 2, L, 1)",
        {"B": 2, "S": 3, "E": 8, "L": 10},
        (6, 8, 10),
    ),
    ("Conv2d(C, C, 1) -> Flatten -> Linear(C*H*W, W)", {"B": 2, "C": 4, "H": 9, "W": 7}, (2, 4, 9, 7)),
    ("MaxPool2d(2)", {"B": 2, "C": 4, "H": 9, "W": 7}, (2, 4, 9, 7)),
]


@pytest.mark.parametrize(("text", "sizes", "shape"), INFERRED)
def test_a_spec_without_an_input_gets_the_usual_one_of_its_first_layer(text, sizes, shape):
    report = parse(text).report(sizes)
    assert (report.input, report.input_is_inferred) == (shape, True)


def test_an_input_that_is_given_is_not_marked_as_inferred():
    assert parse("[4, 8] -> Linear(8, 2)").report({}).input_is_inferred is False


SHAPELESS = [kind for kind in KINDS if kind in ("ReLU", "Dropout", "Identity", "Flatten", "Softmax")]


@pytest.mark.parametrize("kind", SHAPELESS)
def test_a_layer_that_takes_any_shape_needs_an_input(kind):
    with pytest.raises(SpecError, match=f"{kind} takes any shape, so its input must be given"):
        parse(kind)


def test_batch_like_sizes_are_one_once_every_other_size_is_bound():
    report = parse("Linear(10E, E)").report({"E": 128})
    assert (report.input, report.assumed, report.macs) == ((1, 1, 1280), ("B", "S"), 163_840)


def test_a_batch_like_size_that_is_given_is_not_assumed():
    report = parse("[N, S, E] -> Linear(E, E)").report({"E": 128, "S": 7})
    assert (report.input, report.assumed) == ((1, 7, 128), ("N",))


def test_batch_like_sizes_stay_open_while_another_size_is():
    assert parse("Conv1d(E, E, 3)").report({"B": 2}).open_names == ("S", "E", "L")


def test_a_spec_knows_its_sizes_in_the_order_of_reading():
    assert parse("[B*S, E, L] -> Conv1d(E, 2F, 3)").names == ("B", "S", "E", "L", "F")


def test_products_of_large_sizes_are_exact():
    report = parse("Linear(E, E)").report({"E": 10**6, "B": 10**12, "S": 3})
    assert report.macs == 3 * 10**24
    assert report.params == 10**12 + 10**6


def test_a_large_convolution_is_exact_on_real_data():
    report = parse("Conv1d(E, E, 3, padding=1)").report({"E": 10**6, "B": 10**12, "S": 1, "L": 10**9})
    assert (report.macs, report.valid_macs) == (3 * 10**33, 10**24 * (3 * 10**9 - 2))


def test_the_founding_example_counts_as_stated():
    dense = parse("[B, S, L*E] -> Linear(L*E, E)").report({"E": 128, "L": 10})
    conv = parse("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)").report({"E": 128, "L": 10})
    assert (dense.flops, conv.flops) == (20 * 128**2, 120 * 128**2)
    assert (conv.flops // dense.flops, conv.output_elements // dense.output_elements) == (6, 10)
    assert (dense.params, conv.params) == (163_968, 98_560)
    assert conv.valid_macs * 30 == conv.macs * 28


def test_a_repeated_chain_costs_as_often_as_it_is_repeated():
    once = parse("[4, 8] -> Linear(8, 8) -> ReLU").report({})
    often = parse("[4, 8] -> (Linear(8, 8) -> ReLU) x 1000").report({})
    assert (often.macs, often.params, often.elementwise) == (
        1000 * once.macs,
        1000 * once.params,
        1000 * once.elementwise,
    )
