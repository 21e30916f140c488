"""Break-even points between layers of different kinds, exact, and checked with numbers on both sides."""

import pytest
from sympy import Integer, Rational, cancel, expand, sqrt

from convcost import compare, cost

LSTM = "[1, T, E] -> LSTM(E, H, batch_first=True)"
CONVOLUTIONS = "[1, E, T] -> 2 x Conv1d(E, E, K, padding=K//2)"
LINEAR = "[1, T, E] -> Linear(E, F)"


def found(first, second, metric="flops", **sizes):
    comparison = compare(first, second, **sizes)
    return comparison.break_even(metric, comparison.candidates[1])


CROSSINGS = [
    # 8·H·T·(64 + H) = 12·64²·T
    (LSTM, CONVOLUTIONS, {"E": 64, "K": 3}, "H", 32 * sqrt(7) - 32, (1, -1)),
    # 8·H·T·(64 + H) = 2·64·128·T
    (LSTM, LINEAR, {"E": 64, "F": 128}, "H", 32 * sqrt(3) - 32, (1, -1)),
    # 16·E²·T = 2·E·F·T at F = 8·E
    (LSTM, LINEAR, {"E": 64, "H": 64}, "F", Integer(512), (-1, 1)),
]


@pytest.mark.parametrize(("first", "second", "sizes", "size", "crossing", "signs"), CROSSINGS)
def test_an_lstm_crosses_other_kinds_where_its_formula_does(first, second, sizes, size, crossing, signs):
    answer = found(first, second, **sizes)
    assert (answer.size, tuple(map(expand, answer.crossings)), answer.signs) == (size, (crossing,), signs)
    for value in (1, 20, 21, 52, 53, 511, 513, 1000):
        numbers = {**sizes, size: value, "T": 7}
        flops = [
            cost(text, **{name: numbers[name] for name in cost(text).open_names}).flops
            for text in (first, second)
        ]
        assert (flops[1] > flops[0]) == ((signs[0] if value < crossing else signs[1]) > 0)


@pytest.mark.parametrize(
    ("kernel_size", "cheaper"), [(1, "convolutions"), (3, "convolutions"), (5, "lstm"), (7, "lstm")]
)
def test_two_convolutions_as_wide_as_an_lstm_cost_less_up_to_a_kernel_of_three(kernel_size, cheaper):
    """16·E²·T FLOPs against 4·K·E²·T, at every width and length."""
    answer = found("[1, T, E] -> LSTM(E, E, batch_first=True)", CONVOLUTIONS, K=kernel_size)
    assert (answer.crossings, answer.signs) == ((), (-1 if cheaper == "convolutions" else 1,))
    pair = compare("[1, T, E] -> LSTM(E, E, batch_first=True)", CONVOLUTIONS, K=kernel_size, E=24, T=9)
    assert pair.ratio("flops", pair.candidates[1]) * 4 == kernel_size


def test_a_gru_has_three_quarters_of_an_lstms_flops_and_parameters_at_every_size():
    pair = compare("[T, B, E] -> LSTM(E, H, 2)", "[T, B, E] -> GRU(E, H, 2)")
    ratios = {cancel(pair.ratio(metric, pair.candidates[1])) for metric in ("flops", "params", "bias_adds")}
    assert ratios == {Rational(3, 4)}


def test_a_projection_saves_parameters_above_a_width():
    """4·H·(E + P) + P·H + 8·H against 4·H·(E + H) + 8·H: less where 5·P < 4·H."""
    plain, projected = "[T, B, E] -> LSTM(E, H)", "[T, B, E] -> LSTM(E, H, proj_size=P)"
    answer = found(plain, projected, "params", P=16)
    assert (answer.size, answer.crossings, answer.signs) == ("H", (20,), (1, -1))
    counts = [(cost(plain, E=8, H=h).params, cost(projected, E=8, H=h, P=16).params) for h in (19, 20, 21)]
    assert [projected - plain for plain, projected in counts] == [19 * 4, 0, -21 * 4]
