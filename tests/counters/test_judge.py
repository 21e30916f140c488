"""A reading beside the exact count, without any counter run."""

import pytest

from convcost import cost
from convcost.counters import COUNTERS
from convcost.counters.interface import Counted, Missed, Reading
from convcost.counters.reconcile import judge
from convcost.report import CounterResult

REPORT = cost("[1, 3, 9] -> Conv1d(3, 4, 3, padding=1) -> ReLU6")
"""324 MACs, 36 bias adds, and elementwise work of another number."""
MACS, BIAS_ADDS, ELEMENTWISE = REPORT.macs, REPORT.bias_adds, REPORT.elementwise
FVCORE, MODE = COUNTERS["fvcore"], COUNTERS["flop_counter_mode"]


def entries(amounts):
    return tuple(Counted("", operator, amount) for operator, amount in amounts.items() if amount)


def reading(operators, others=None, missed=None, note=""):
    counted = entries(operators | (others or {}))
    unknown = tuple(Missed("", operator, calls) for operator, calls in (missed or {}).items())
    return Reading(sum(found.amount for found in counted), counted, unknown, note=note)


def of(operators=0, counter=MODE, others=None, missed=None, note="", report=REPORT):
    return judge(report, counter, reading({"conv": operators}, others, missed, note))


def test_the_numbers_these_tests_rest_on_are_all_different():
    assert (MACS, BIAS_ADDS) == (324, 36)
    assert ELEMENTWISE not in (0, MACS, BIAS_ADDS)


def test_twice_the_macs_agrees():
    assert of(648) == CounterResult("agrees", 648, 648, "FLOP", "")


def test_a_counter_of_macs_agrees_with_the_macs():
    assert of(324, FVCORE) == CounterResult("agrees", 648, 324, "MAC", "")


def test_a_counter_of_macs_that_says_flops_differs():
    assert of(648, FVCORE) == CounterResult(
        "differs", 1_296, 648, "MAC", "648 FLOPs more than 2 × MACs, unexplained"
    )


def test_elementwise_work_in_the_raw_figure_is_told_apart():
    assert of(648, others={"batch_norm": 1_000}) == CounterResult(
        "agrees", 648, 1_648, "FLOP", "its own figure also has 1,000 of batch_norm, which is no contraction"
    )


def test_a_note_stands_beside_an_agreement():
    assert of(648, note="convcost helped").reason == "convcost helped"


def test_a_missed_operator_makes_it_blind_with_no_flops():
    assert of(missed={"aten::conv1d": 1}) == CounterResult(
        "blind", None, 0, "FLOP", "it has no formula for aten::conv1d (1 call)"
    )


def test_several_missed_operators_are_all_named_with_their_calls():
    assert of(missed={"aten::conv1d": 2, "aten::mv": 1}).reason == (
        "it has no formula for aten::conv1d (2 calls) and aten::mv (1 call)"
    )


def test_a_blind_counters_remaining_figure_is_given_as_flops():
    assert of(100, FVCORE, missed={"aten::mv": 1}).reason == (
        "it has no formula for aten::mv (1 call); the rest comes to 200 FLOPs"
    )


def test_a_right_total_agrees_whatever_was_missed():
    assert of(648, missed={"aten::dot": 1}).verdict == "agrees"


@pytest.mark.parametrize(
    ("surplus", "reason"),
    [
        (BIAS_ADDS, "36 FLOPs more than 2 × MACs: it counts the bias adds"),
        (ELEMENTWISE, f"{ELEMENTWISE} FLOPs more than 2 × MACs: it counts elementwise work"),
        (1, "1 FLOPs more than 2 × MACs, unexplained"),
        (-1, "1 FLOPs fewer than 2 × MACs, unexplained"),
        (-648, "648 FLOPs fewer than 2 × MACs, unexplained"),
    ],
)
def test_a_difference_says_what_it_comes_from(surplus, reason):
    assert of(648 + surplus) == CounterResult("differs", 648 + surplus, 648 + surplus, "FLOP", reason)


def test_a_difference_is_not_put_down_to_bias_adds_that_there_are_none_of():
    report = cost("[3] -> Linear(3, 4, bias=False)")
    assert judge(report, MODE, reading({"mm": 25})).reason == "1 FLOPs more than 2 × MACs, unexplained"


def test_an_empty_reading_of_costly_work_differs():
    assert of(0).verdict == "differs"


def test_an_empty_reading_of_work_without_contractions_agrees():
    assert judge(cost("[3] -> ReLU"), MODE, reading({})).verdict == "agrees"
