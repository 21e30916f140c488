"""What a match needs to be told: sizes that its metric depends on, and nothing that makes no sense."""

import pytest

import convcost
from convcost.core.errors import UnboundSizeError, UsageError

DENSE = "Linear(10E, E)"
CONV = "2 x Conv1d(W, W, 3, padding=1)"


def test_parameters_are_matched_without_the_sizes_of_the_input():
    match = convcost.match(DENSE, CONV, vary="W", metric="params", E=128)
    assert (match.target, match.left_open, match.assumed) == (163_968, ("B", "S", "L"), ())
    assert [(choice.sizes, choice.cost) for choice in match.best] == [({"W": 165}, 163_680)]
    report = match.best[0].report
    assert (report.params, report.open_names) == (163_680, ("B", "S", "L"))


def test_parameters_found_without_the_sizes_of_the_input_are_those_found_with_them():
    names = {"vary": "W,K", "metric": "params", "budget": 10**5, "maximum": 40}
    text = "[B*S, W, L] -> Conv1d(W, 2W, K, padding=K//2, groups=W/4) -> ReLU -> Conv1d(2W, W, 1, stride=T)"
    open_ones = convcost.match(text, **names)
    bound = convcost.match(text, **names, L=100, T=2)
    assert open_ones.left_open == ("B", "S", "L", "T")
    assert [choice.sizes for choice in open_ones.choices] == [choice.sizes for choice in bound.choices]


def test_batch_sizes_are_1_where_the_metric_needs_them_and_others_stay_open():
    text = "[B, C, L] -> AdaptiveAvgPool1d(4) -> Conv1d(C, X, 3)"
    match = convcost.match(text, vary="X", budget=10**6, C=8)
    assert (match.assumed, match.left_open, match.best[0].sizes) == (("B",), ("L",), {"X": 10_416})


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            (DENSE, CONV),
            {"vary": "w"},
            "no size of 2 x Conv1d, the design to fit, is called w (did you mean W?)",
        ),
        ((DENSE, CONV), {"vary": "E"}, "no size of 2 x Conv1d, the design to fit, is called E"),
        (
            (DENSE, "[1, 3] -> Linear(3, 4)"),
            {"vary": "W"},
            "no size of Linear, the design to fit, is called W\nIt has no open size.",
        ),
        ((DENSE, CONV), {"vary": "W", "F": 3}, "no size is called F"),
        ((DENSE, CONV), {"vary": "W", "W": 3}, "W is varied but also has a value"),
        ((CONV,), {"vary": "W"}, "a design to match is missing"),
        ((DENSE, CONV), {"vary": "W", "budget": 5}, "with a budget, give only the design to fit"),
        ((CONV,), {"vary": "W", "budget": -5}, "the budget is -5; it must be at least 0"),
        ((CONV,), {"vary": "W", "budget": 5.5}, "budget is 5.5; a size must be a whole number"),
        ((CONV,), {"vary": "W", "budget": "5 apples"}, "'5 apples' is not an amount of FLOPs"),
        (
            (DENSE, CONV),
            {"vary": "W", "metric": "flop"},
            "no metric to match is called flop (did you mean flops?)",
        ),
        ((DENSE, CONV), {"vary": "W,W"}, "one or two different sizes can be varied, not W, W"),
        ((DENSE, CONV), {"vary": ()}, "a size to vary is missing\nThe open sizes of "),
        ((DENSE, CONV), {"vary": "W", "minimum": 9, "maximum": 8}, "W: the range is empty: 9 is more than 8"),
        (
            (DENSE, CONV),
            {"vary": "W", "multiple_of": 8, "maximum": 7, "minimum": 1},
            "W: no multiple of 8 is from 1 to 7",
        ),
        ((DENSE, CONV), {"vary": "W", "multiple_of": 0}, "multiple_of is 0; it must be at least 1"),
        ((DENSE, CONV), {"vary": "W", "minimum": -1}, "the minimum of W is -1; it must be at least 0"),
        ((DENSE, CONV), {"vary": "W", "maximum": 10**19}, "the maximum of W is above 1e+18"),
        (
            (DENSE, CONV),
            {"vary": "W", "minimum": {"V": 8}},
            "V has a limit but is not varied\nLeave V out of minimum, or add it to vary.",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(arguments, options, message):
    sizes = {"E": 128, "L": 10} if len(arguments) > 1 and "Conv" in arguments[1] else {}
    sizes = sizes or ({"E": 128} if arguments[0] == DENSE else {"L": 10})
    with pytest.raises(UsageError) as refusal:
        convcost.match(*arguments, **sizes | options)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"E": 128}, "L has no value"), ({"L": 10}, "E has no value")],
)
def test_a_size_without_a_value_is_asked_for(sizes, message):
    with pytest.raises(UnboundSizeError, match=message):
        convcost.match(DENSE, CONV, vary="W", **sizes)


def test_more_sizes_than_there_is_time_for_are_refused():
    with pytest.raises(UsageError) as refusal:
        convcost.match("Linear(X, X)", vary="X", budget=100, maximum=10**9)
    assert str(refusal.value) == (
        "there are 1,000,000,000 values of X to try; the limit is 134,217,728\n"
        "Narrow the range with minimum and maximum, or to multiples with multiple_of."
    )


def test_an_option_that_narrows_the_range_is_the_way_out():
    match = convcost.match("Linear(X, X)", vary="X", budget=2 * 10**16, maximum=10**9, multiple_of=10**6)
    assert match.best[0].sizes == {"X": 10**8}


def test_a_report_of_a_spec_is_matched_as_the_spec():
    text = "Conv1d(X, X, K, padding=P)"
    report = convcost.cost(text, K=3, L=9)
    options = {"vary": "X,P", "maximum": 20, "budget": 10**5, "B": 1, "S": 1}
    found = convcost.match(report, **options)
    assert [choice.sizes for choice in found.choices] == [
        choice.sizes for choice in convcost.match(text, K=3, L=9, **options).choices
    ]
    assert all(choice.report.flops == choice.cost for choice in found.choices)


def test_a_minimum_beyond_the_usual_maximum_moves_the_range_with_it():
    found = convcost.match("Linear(W, 1, bias=False)", vary="W", budget=5_000_000, minimum=2_000_000)
    assert (found.ranges["W"].minimum, found.ranges["W"].maximum) == (2_000_000, 2_000_000 + 2**20 - 1)
    assert [choice.sizes["W"] for choice in found.best] == [2_500_000]
