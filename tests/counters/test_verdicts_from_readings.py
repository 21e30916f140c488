"""A verdict on a reading, from a trace and without any counter run."""

import pytest

from convcost.core.cost import Cost
from convcost.core.report import CounterResult
from convcost.core.trace import Operation, SubmoduleRun, Trace
from convcost.counters import COUNTERS
from convcost.counters.causes import diagnose
from convcost.counters.interface import CounterEntry, CounterReading, MissedOperator

MACS, BIAS_ADDS, ELEMENTWISE = 324, 36, 50
CONV = Operation("conv", "aten::conv1d", ((1, 3, 9), (4, 3, 3)), (1, 4, 9), Cost(MACS, MACS, BIAS_ADDS))
NORM = Operation("norm", "aten::batch_norm", ((1, 4, 9),), (1, 4, 9), Cost(elementwise=ELEMENTWISE))
TRACE = Trace((), (), (CONV, NORM), (), (SubmoduleRun("conv", "Conv1d", None, None, 1),))
FVCORE, MODE = COUNTERS["fvcore"], COUNTERS["flop_counter_mode"]


def of(*counted, counter=MODE, missed=(), note="", macs=None, supplied=()):
    reading = CounterReading(sum(found.total for found in counted), counted, missed, supplied, note=note)
    return diagnose(TRACE, counter, reading, {}, macs).summary


def conv(amount):
    return CounterEntry("conv", "aten::convolution", amount)


def norm(amount, documented):
    return CounterEntry("norm", "batch_norm", amount, documented_amount=documented)


def test_twice_the_macs_agrees():
    assert of(conv(648)) == CounterResult("agrees", 648, 648, "FLOP", "")


def test_a_counter_of_macs_agrees_with_the_macs():
    assert of(conv(324), counter=FVCORE) == CounterResult("agrees", 648, 324, "MAC", "")


def test_a_counter_of_macs_that_says_flops_differs():
    assert of(conv(648), counter=FVCORE) == CounterResult(
        "differs", 1_296, 648, "MAC", "unexplained (+648 FLOPs)"
    )


def test_elementwise_work_by_the_counters_own_rule_agrees_and_is_said():
    assert of(conv(648), norm(1_000, 1_000)) == CounterResult(
        "agrees", 648, 1_648, "FLOP", "elementwise counted: batch_norm (+1,000 FLOPs)"
    )


@pytest.mark.parametrize("amount", [999, 1_001, 2_000])
def test_elementwise_work_that_is_not_what_the_rule_gives_differs(amount):
    found = of(conv(648), norm(amount, 1_000))
    assert found.verdict == "differs"
    assert f"unexplained ({'+' if amount > 1_000 else '−'}{abs(amount - 1_000):,} FLOPs)" in found.reason


def test_products_that_are_wrong_are_not_hidden_by_an_extra_that_makes_up_for_them():
    found = of(conv(648 - 100), norm(100, 100))
    assert (found.raw, found.verdict) == (2 * MACS, "differs")


def test_work_that_is_missed_is_not_hidden_by_an_extra_that_makes_up_for_it():
    found = of(norm(648, 648), missed=(MissedOperator("conv", "aten::convolution"),))
    assert (found.raw, found.verdict, found.flops) == (2 * MACS, "blind", None)


def test_bias_adds_agree_and_are_said():
    assert of(conv(648 + BIAS_ADDS)) == CounterResult(
        "agrees", 648, 684, "FLOP", "bias adds counted: Conv1d (+36 FLOPs)"
    )


def test_a_note_stands_beside_an_agreement():
    assert of(conv(648), note="convcost helped").reason == "convcost helped"


def test_what_convcost_supplies_is_part_of_the_figure():
    found = of(counter=FVCORE, supplied=(CounterEntry("conv", "aten::_convolution_mode", 324),))
    assert found == CounterResult("agrees", 648, 324, "MAC", "")


def test_a_missed_operator_makes_it_blind_with_no_flops():
    assert of(missed=(MissedOperator("conv", "aten::conv1d"),)) == CounterResult(
        "blind", None, 0, "FLOP", "no formula for conv1d (−648 FLOPs)"
    )


def test_a_blind_counter_with_an_extra_is_blind():
    assert of(norm(8, 8), missed=(MissedOperator("conv", "aten::conv1d"),)).verdict == "blind"


def test_a_right_total_agrees_whatever_was_missed():
    assert of(conv(648), missed=(MissedOperator("", "aten::dot"),)).verdict == "agrees"


def test_costly_work_that_nobody_missed_and_nobody_counted_differs():
    assert of().verdict == "differs"


@pytest.mark.parametrize("macs", [MACS - 1, MACS + 1, 2 * MACS])
def test_a_formula_for_the_design_that_says_something_else_differs(macs):
    assert of(conv(648), macs=macs).verdict == "differs"
