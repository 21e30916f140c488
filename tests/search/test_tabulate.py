"""Costs at every size of a block: where requirements fail, where code branches, where there is no formula."""

import pytest
from brute_force import cost_of

import convcost
from convcost.core.cost import MATMUL, Convention
from convcost.core.errors import UsageError
from convcost.search import tabulate
from convcost.search.design import CountedQuantities, complete_design
from convcost.search.match import match_designs

VALID = Convention(padding="valid")


def tabulated(text, ranges, convention=MATMUL, **sizes):
    """The possible costs by the sizes varied."""
    counted = CountedQuantities(("flops",), convention, "float32")
    design = complete_design(convcost.parse(text), sizes, tuple(ranges), counted)
    values = [*ranges.values()]
    found = {}
    for table in tabulate.tables(design, ranges):
        costs = table.costs.values * table.costs.factor
        for place in zip(*table.possible.nonzero(), strict=True):
            indices = (first + index for first, index in zip(table.start, place, strict=True))
            found[tuple(axis[index] for axis, index in zip(values, indices, strict=True))] = int(costs[place])
    return found


def expected(text, ranges, **sizes):
    spec = convcost.parse(text)
    (name, values), *others = ranges.items()
    (other, more) = others[0] if others else ("", [0])
    costs = {}
    for value in values:
        for second in more:
            varied = {name: value, other: second} if other else {name: value}
            cost = cost_of(spec, "flops", {**sizes, **varied})
            if cost is not None:
                costs[tuple(varied.values())] = cost
    return costs


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("Conv1d(720, 720, 3, groups=X)", {"L": 9}),
        ("Conv1d(X/6, X, 3, groups=X//12)", {"L": 9}),
        ("[2, 36, 5] -> PReLU(X) -> Conv1d(36, 4, 3)", {}),
        ("[2, 9, X] -> Conv1d(9, 9, 3)", {}),
        ("[3, 4, 5] -> Flatten(X) -> Linear(60, 2)", {}),
        ("[2, 9, X] -> AvgPool1d(X//3) -> Conv1d(9, 9, 3)", {}),
        ("Conv1d(3, 4, 9000, stride=5000, dilation=X, padding=4500)", {"L": 10**9}),
        ("Conv1d(3, 4, 9000, stride=X + 4090, dilation=9000, padding=10**8)", {"L": 10**9}),
        ("Linear(X//X, X - 5)", {}),
        ("[4, X**20] -> Linear(X**20, 3)", {}),
        ("[7, 2, 9] -> LSTM(9, X, 2, bidirectional=True) -> GRU(2X, X//2)", {}),
        ("[7, 2, 9] -> LSTM(9, 20, 2, proj_size=X) -> RNN(X, X//3)", {}),
        ("[7, 2, 9] -> GRU(9, 5, num_layers=X)", {}),
        ("[7, X] -> LSTMCell(X, 3X) -> RNNCell(3X, X)", {}),
        ("[1, 3, X, X] -> FractionalMaxPool2d(2, output_ratio=0.3) -> Conv2d(3, 4, 3)", {}),
        ("[1, 3, X, X+1] -> Upsample(scale_factor=(1.7, 0.29)) -> Conv2d(3, 4, 3)", {}),
    ],
)
@pytest.mark.parametrize("start", [0, 1, 4086])
def test_costs_are_those_of_plain_ints_and_impossible_sizes_have_none(text, sizes, start):
    ranges = {"X": range(start, start + 40)}
    assert tabulated(text, ranges, **sizes) == expected(text, ranges, **sizes)


@pytest.mark.parametrize("block", [1, 7, 64, 2**16])
def test_blocks_of_every_form_have_all_pairs(monkeypatch, block):
    monkeypatch.setattr(tabulate, "BLOCK", block)
    text, ranges = "Conv1d(X, 12, Y, stride=X//2 + 1)", {"X": range(0, 40, 3), "Y": range(2, 11)}
    found = tabulated(text, ranges, L=8)
    assert found == expected(text, ranges, L=8)
    assert list(found) == sorted(found)


STEEP = "[1, 3, 3000] -> Conv1d(3, 4, X, stride=20, dilation=X, padding=X)"


def test_without_a_formula_sizes_are_tried_one_by_one():
    costs = tabulated(STEEP, {"X": range(1, 50)}, VALID)
    assert costs == {(size,): convcost.cost(STEEP, X=size).valid_macs * 2 for size in range(1, 50)}


def test_without_a_formula_too_many_sizes_are_refused():
    with pytest.raises(UsageError, match="the cost has no formula in X\nNarrow the range"):
        match_designs((convcost.parse(STEEP),), {}, vary=("X",), budget=9, convention=VALID)
