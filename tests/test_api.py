"""The library's front door."""

from fractions import Fraction

import pytest
import torch

import convcost
from convcost import compare, cost
from convcost.core.errors import SpecError, UsageError
from convcost.render import render


def test_cost_is_what_a_design_costs():
    report = cost("Linear(10E, E)", E=128)
    assert (report.macs, report.flops, report.params, report.output) == (
        163_840,
        327_680,
        163_968,
        (1, 1, 128),
    )


def test_a_parsed_spec_is_taken_as_its_text_is():
    assert cost(convcost.parse("Linear(10E, E)"), E=128) == cost("Linear(10E, E)", E=128)


def test_flops_follow_the_convention():
    bias, valid = convcost.Convention("bias"), convcost.Convention(padding="valid")
    report = cost("Linear(10E, E)", E=128, convention=bias)
    assert report.flops == 327_680 + 128
    assert cost(report).convention == bias
    assert cost(report, convention=convcost.Convention()).flops == 327_680
    assert cost(torch.nn.Linear(8, 2), "f32[3,8]", convention=bias).flops == 2 * 48 + 6
    comparison = compare(E=128, L=10, convention=valid)
    assert comparison.ratio("flops", comparison.candidates[1]) == Fraction(28, 5)
    assert compare(report, report, convention=valid).first.convention == valid


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"count": "All"}, r"count must be matmul, bias or all, not All \(did you mean all\?\)"),
        ({"padding": "none"}, "padding must be full or valid, not none"),
        ({"count": 3}, "count must be matmul, bias or all, not 3"),
    ],
)
def test_an_unknown_convention_is_refused(names, message):
    with pytest.raises(UsageError, match=message):
        convcost.Convention(**names)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mesh": 2}, 'mesh must be a string, such as "tp=8", not 2'),
        ({"backward": 1}, "backward must be True or False, not 1"),
        ({"phase": 1}, 'phase must be "prefill" or "decode", not 1'),
        ({"context": 8}, 'context is for a phase\nGive phase="prefill" or phase="decode" too.'),
        ({"E": 128.0}, "E is the float 128.0; it must be an int\nWrite it as 128."),
        (
            {"device": "h100"},
            'no size is called device\nconvcost.roofline(design, "h100") gives times on a device.',
        ),
        (
            {"E": [1, 2]},
            "E is a list; a size must be a whole number\n"
            'For several values: convcost.sweep(design, over={"E": [1, 2]}).',
        ),
    ],
)
def test_a_number_is_no_option(options, message):
    with pytest.raises(UsageError) as error:
        cost("Linear(E, 4)", **options)
    assert str(error.value) == message


@pytest.mark.parametrize("function", [cost, compare])
def test_a_convention_that_is_none_is_refused(function):
    with pytest.raises(UsageError, match=r"convention must be a convcost\.Convention, not the string 'bias'"):
        function("Linear(2, 3)", convention="bias")


def test_compare_without_designs_is_the_founding_pair():
    comparison = compare(E=128, L=10)
    assert [report.name for report in comparison.candidates] == ["dense", "conv"]
    assert [report.flops for report in comparison.candidates] == [327_680, 1_966_080]


def test_the_founding_pairs_kernel_is_3_unless_given():
    assert compare(E=128, L=10, K=5).candidates[1].macs == 983_040 * 5 // 3


def test_the_founding_pair_is_varied_by_keywords():
    comparison = compare(E=128, L=10, K=5, bias=False, layers=3)
    assert [report.params for report in comparison.candidates] == [10 * 128**2, 3 * 5 * 128**2]
    [note] = comparison.notes
    assert note == (
        "Varied from the built-in comparison: K = 5 instead of 3, 3 convolutions instead of 2, no biases."
    )


@pytest.mark.parametrize("variation", [{"layers": 0}, {"layers": True}, {"layers": "3"}, {"bias": 1}])
def test_a_variation_that_is_none_is_refused(variation):
    with pytest.raises(UsageError, match=r"layers is|bias must"):
        compare(**variation)


def test_designs_have_their_own_sizes_called_layers_and_bias():
    assert compare("Linear(layers, 4)", "Linear(4, bias)", layers=3, bias=2).candidates[0].macs == 12


def test_ratios_are_exact_and_against_the_first():
    comparison = compare("Linear(3, 4)", "Linear(3, 5)", "Linear(3, 7)")
    assert [comparison.ratio("macs", report) for report in comparison.candidates] == [
        1,
        Fraction(5, 4),
        Fraction(7, 4),
    ]


def test_a_ratio_over_nothing_is_none():
    comparison = compare("[1, 3] -> Linear(3, 3)", "[1, 3] -> ReLU")
    assert comparison.ratio("elementwise", comparison.candidates[1]) is None


def test_numbers_of_any_size_stay_exact():
    assert cost("Linear(E, E, bias=False)", E=10**25 + 1).macs == (10**25 + 1) ** 2


def test_batch_like_sizes_are_1_if_nothing_else_is_open():
    assert cost("[B, S, N, E] -> Linear(E, E)", E=4).assumed == ("B", "S", "N")


def test_a_batch_that_is_given_is_not_assumed():
    assert cost("[B, S, E] -> Linear(E, E)", E=4, B=2).assumed == ("S",)


def test_an_unknown_size_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"(?s)no size is called F.*The sizes here are B, S, E\."):
        cost("Linear(E, 4)", E=2, F=3)


def test_a_size_in_one_design_is_enough_for_a_comparison():
    assert compare("Linear(E, 4)", "Linear(F, 4)", E=2, F=3).candidates[1].macs == 12


def test_a_size_without_a_value_stays_a_symbol():
    assert cost("Linear(E, F)").open_names == ("B", "S", "E", "F")


def test_a_single_design_is_no_comparison():
    with pytest.raises(UsageError, match="compare needs at least two designs"):
        compare("Linear(3, 4)")


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_below_1_is_refused(size):
    with pytest.raises(convcost.ConvcostError, match="must be at least 1"):
        cost("Linear(E, 4)", E=size)


@pytest.mark.parametrize("size", [1.5, "128", None, 128.0])
def test_a_size_that_is_no_whole_number_is_refused(size):
    with pytest.raises((TypeError, UsageError)):
        cost("Linear(E, 4)", E=size)


@pytest.mark.parametrize("spec", [None, 3, ["Linear(3, 4)"], b"Linear(3, 4)"])
def test_what_is_no_text_is_refused(spec):
    with pytest.raises((TypeError, UsageError)):
        cost(spec)


def test_a_layer_that_does_not_fit_raises_where_it_stands():
    with pytest.raises(SpecError, match="Linear") as caught:
        cost("Linear(3, 4) -> Linear(5, 6)")
    assert caught.value.text[caught.value.span.start :].startswith("Linear(5, 6)") or "5" in str(caught.value)


def test_two_designs_of_one_name_are_told_apart():
    assert [report.name for report in compare("Linear(3, 4)", "Linear(3, 5)").candidates] == [
        "Linear #1",
        "Linear #2",
    ]


def test_a_design_of_another_name_keeps_it():
    names = [report.name for report in compare("Linear(3, 4)", "a = Linear(3, 5)", "Linear(3, 6)").candidates]
    assert names == ["Linear #1", "a", "Linear #2"]


def test_a_given_name_is_not_taken_again_when_names_are_told_apart():
    names = [
        report.name
        for report in compare("a = Linear(3, 4)", "b = Linear(3, 4)", "a = Linear(3, 6)").candidates
    ]
    assert len(set(names)) == 3


def test_reports_add_up():
    both = cost("a = Linear(3, 4)") + cost("b = Linear(4, 5) -> ReLU")
    assert (both.macs, both.params, both.elementwise) == (12 + 20, 16 + 25, 5)
    assert [row.path for row in both.rows] == ["a.0", "b.0", "b.1"]
    assert (both.name, both.input, both.output) == ("a + b", (1, 1, 3), (1, 1, 5))


def test_adding_leaves_both_as_they_were():
    first, second = cost("a = Linear(3, 4)"), cost("b = Linear(4, 5)")
    assert first + second == first + second
    assert (first, second) == (cost("a = Linear(3, 4)"), cost("b = Linear(4, 5)"))


def test_a_sum_prints_too():
    text = str(cost("a = Linear(3, 4)") + cost("b = Linear(4, 5)"))
    assert text.startswith(" a + b ")
    assert " a.0 Linear(3, 4)" in text


def test_a_sum_is_under_the_convention_of_the_first():
    bias = convcost.parse("b = Linear(4, 5)").report({}, convcost.Convention("bias"))
    assert (cost("a = Linear(3, 4)") + bias).flops == 2 * 12 + 2 * 20


@pytest.mark.parametrize("result", [cost("Linear(3, 4)"), compare(E=128, L=10)], ids=["report", "comparison"])
def test_a_result_prints_its_table(result):
    assert str(result) == render(result, "table").rstrip("\n")


@pytest.mark.parametrize("result", [cost("Linear(3, 4)"), compare(E=128, L=10)], ids=["report", "comparison"])
def test_a_notebook_shows_a_result_as_html(result):
    assert result._repr_html_() == render(result, "html")


def test_a_result_cannot_be_changed():
    with pytest.raises(AttributeError):
        cost("Linear(3, 4)").name = "other"


@pytest.mark.parametrize("name", convcost.__all__)
def test_every_public_name_is_there(name):
    assert getattr(convcost, name).__doc__


def test_every_public_name_is_listed():
    assert set(convcost.__all__) <= set(dir(convcost))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'convcost' has no attribute 'costs'"):
        convcost.costs  # noqa: B018


def net():
    from torch import nn

    return nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 2))


def test_a_module_is_a_design_with_its_inputs():
    import torch

    expected = convcost.profile(net(), torch.zeros(4, 8))
    assert cost(net(), torch.zeros(4, 8)) == expected
    assert cost(net(), "f32[4,8]") == expected
    assert cost(net(), "[B,8]", B=4).cost == expected.cost
    assert cost(net(), "[B,8]", B=4).sizes == {"B": 4}


def test_open_sizes_of_a_module_are_formulas():
    report = cost(net(), "[B,8]")
    assert (report.open_names, str(report.macs)) == (("B",), "320*B")
    assert report.subs(B=4).cost == cost(net(), "[4,8]").cost == cost(report, B=4).cost


def test_the_backward_of_a_module_and_of_its_spec_is_the_same():
    module = cost(net(), "[4,8]", backward=True)
    assert module.phases == cost("[4,8] -> Linear(8,32) -> GELU -> Linear(32,2)", backward=True).phases
    assert len(module.phases) == 3


def test_a_report_is_a_design():
    report = cost("[B, E] -> Linear(E, E)")
    assert cost(report) is report
    assert cost(report, B=2, E=3).macs == 18


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (
            ("Linear(3, 4)", "f32[1,3]"),
            {},
            "inputs are for torch modules\nPut the input of a spec in",
        ),
        ((), {}, "Sequential.forward needs its input\nGive a module and its inputs as a tuple, "),
        (("[B,8]", "[B]"), {}, "Sequential.forward takes 1 input, not 2\nIt takes input."),
        (("y=[B,8]",), {}, "Sequential.forward has no input y\nIt takes input."),
        (("[B,8]",), {"C": 3}, "no size is called C\nThe sizes here are B."),
        (("[B,8]",), {"backward": True}, "backward needs a number for B"),
        (("[B,8]",), {"B": "x"}, "B is the string 'x'; a size must be a whole number"),
    ],
)
def test_what_does_not_go_with_a_design_is_refused(arguments, named, message):
    design = () if arguments and "Linear" in arguments[0] else (net(),)
    with pytest.raises(convcost.ConvcostError) as raised:
        cost(*design, *arguments, **named)
    assert str(raised.value).startswith(message)


def test_a_report_without_its_backward_is_refused_one():
    with pytest.raises(convcost.ConvcostError, match="counted without its backward pass"):
        cost(cost("Linear(3, 4)"), backward=True)
