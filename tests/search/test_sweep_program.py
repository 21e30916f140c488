"""A sweep as a graph gives what NumPy's columns give: the same rows, and reasons for what can't be."""

import random

import pytest
from sweep_plans import by_columns, by_graph, plan_of

from convcost.core.cost import Convention
from convcost.search.varied_int import VariedInt

DESIGNS = (
    "[B, C, H, H] -> Conv2d(C, M, K, padding=K//2, groups=G) -> ReLU -> Conv2d(M, C, 1)",
    "[B, C, H, H] -> Conv2d(C, M, K, stride=G) -> BatchNorm2d(M) -> Conv2d(M, M/G, K)",
    "[B, C, H, H] -> x + (Conv2d(C, M, 1, groups=G) -> Conv2d(M, C, K, padding=K//2))",
    "[B, C, H, H] -> concat(Conv2d(C, M, 1), MaxPool2d(K, 1, K//2, ceil_mode=True), dim=1)",
    "[B, H, C] -> MultiheadAttention(C, G) -> Linear(C, M) -> Linear(M, K)",
    "[B, C, H, H] -> MaxPool2d(K, G) -> ConvTranspose2d(C, M, K, stride=G, bias=False)",
    "[B, C, H] -> Conv1d(C, M, K, dilation=G) -> Linear(H - G*(K - 1), M)",
    "[H, B, C] -> LSTM(C, M + 9, num_layers=G) -> GRU(M + 9, K)",
)

VALUES = {
    "C": (range(4, 17, 4), "6,9,12", "2,H"),
    "M": ("2C,4C", "C/3,C-5,8", range(3, 13, 3), "2^1..2^4,9", "24/G,K//2"),
    "K": ("1,3,5", "1:5:2", "2,G"),
    "G": ("1:4", "1,2,3", "0,1,2,7"),
    "H": ("7,8", "9", "4:12:4", "5,6,8,1"),
}

CONDITIONS = (
    "",
    "flops <= 100k and params > 20",
    "not (M = C or flops/params < 20)",
    "C*flops - 3M > 2",
    "arithmetic_intensity > 1.5 or seconds < 0.001",
)


def random_plan(seed):
    choose = random.Random(seed)
    over = {name: choose.choice(values) for name, values in VALUES.items()}
    names = [*over]
    choose.shuffle(names)
    texts = choose.sample(DESIGNS, choose.choice([1, 2, 3]))
    return plan_of(*texts, over={name: over[name] for name in names}, where=choose.choice(CONDITIONS), B=2)


@pytest.mark.parametrize("seed", range(30))
def test_every_row_and_every_reason_is_that_of_columns(seed):
    plan = random_plan(seed)
    assert by_graph(plan, 1 + seed % 5) == by_columns(plan)


def test_code_without_a_formula_is_evaluated_for_each_value():
    plan = plan_of("[7, 2, 9] -> GRU(9, X, num_layers=N)", over={"N": "1:9", "X": "3,4"})
    assert by_graph(plan, 2) == by_columns(plan)


@pytest.mark.parametrize(
    ("text", "over", "rule"),
    [
        ("LSTM(9, X, num_layers=N, proj_size=P)", {"N": "0:3", "X": "1:6", "P": "0:5"}, "proj_size"),
        ("LSTM(9, X, num_layers=N, proj_size=P)", {"N": "1:3", "P": "0:5", "X": "4"}, "proj_size"),
        ("LSTM(9, X//2, num_layers=N, proj_size=P)", {"N": "2", "X": "1:6", "P": "0:5"}, "proj_size"),
        ("LSTM(9, N, num_layers=N, proj_size=N)", {"N": "0:3"}, "proj_size"),
        ("MaxPool1d(K, padding=P)", {"K": "4", "P": "0:9"}, "padding"),
        ("Flatten(N, 2) -> MaxPool1d(K, padding=P)", {"N": "1:2", "K": "2,4", "P": "0:9"}, "padding"),
    ],
)
def test_a_rule_about_a_limit_that_varies_names_none_of_its_values(text, over, rule):
    plan = plan_of(f"[7, 2, 9] -> {text}", over=over)
    found = by_graph(plan, len(over))
    assert found == by_columns(plan)
    assert f"{rule} must be smaller" in found.impossible
    assert not any(reason.startswith(f"{rule} must be at most") for reason in found.impossible)


def test_what_is_computed_from_a_varied_int_varies_too():
    one, two = VariedInt(7), 3
    found = [one + two, two - one, one * two, one // two, two % one, one**two, -one, abs(one)]
    assert found == [10, -4, 21, 2, 3, 343, -7, 7]
    assert {type(each) for each in found} == {VariedInt}
    assert str(one) == "7"


def test_taps_on_data_alone():
    text = "[2, 3, 9, H] -> Conv2d(3, 4, K, padding=P, stride=S)"
    over = {"H": "1:4", "K": "1,3,2", "P": "0:2", "S": "1,2"}
    plan = plan_of(text, over=over, convention=Convention(padding="valid"))
    assert by_graph(plan, 2) == by_columns(plan)
