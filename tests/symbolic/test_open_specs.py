import numpy as np
import pytest
import sympy
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import convcost
from convcost.core.errors import ConvcostError, SpecError, UsageError

SPECS = [
    "[B, S, L*E] -> Linear(L*E, E)",
    "[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)",
    "[B, C, L] -> Conv1d(C, F, K, stride=2, padding=P, groups=G)",
    "[B, C, L] -> Conv1d(C, 2C, 3, dilation=D, groups=C/2)",
    "[B, C, H, W] -> Conv2d(C, F, (K, 3), stride=(2, 3), padding=1) -> BatchNorm2d(F) -> MaxPool2d(2)",
    "[B, C, L] -> ConvTranspose1d(C, F, K, stride=2, padding=P)",
    "[B, C, L] -> Conv1d(C, F, 3) -> MaxPool1d(3, 2, ceil_mode=True) -> Flatten -> Unflatten(1, (F, -1))",
    "[B, S, E] -> LayerNorm(E) -> Linear(E, 4E) -> GELU -> Linear(4E, E, bias=False)",
    "[B, S, E + F] -> Bilinear(E, F, N)",
    "[B, S] -> Embedding(V, E) -> Linear(E, V)",
    "[B, 4E, L] -> GroupNorm(G, 4E) -> GLU(1) -> Conv1d(2E, E//2, 1) -> AdaptiveAvgPool1d(K)",
    "[B, C, L] -> 3 x Conv1d(C, C, 3, stride=2, padding=1)",
]
METRICS = ("params", "macs", "valid_macs", "flops", "bias_adds", "elementwise", "bytes", "activations")


@pytest.mark.parametrize("text", SPECS)
@settings(max_examples=10)
@given(data=st.data())
def test_a_formula_and_the_numbers_come_to_the_same(text, data):
    spec = convcost.parse(text)
    sizes = {name: data.draw(st.integers(1, 12), label=name) for name in spec.names}
    try:
        numbers = spec.report(sizes)
        opened = spec.report({}).subs(**sizes)
    except ConvcostError:
        reject()
    assert opened.output == numbers.output
    for metric in METRICS:
        assert getattr(opened, metric) == getattr(numbers, metric)
        assert type(getattr(opened, metric)) is int


@pytest.mark.parametrize("text", SPECS)
def test_what_the_numbers_refuse_the_formula_refuses_too(text):
    spec = convcost.parse(text)
    opened = spec.report({})
    for size in range(1, 5):
        sizes = {name: size + place for place, name in enumerate(spec.names)}
        try:
            spec.report(sizes)
        except SpecError:
            with pytest.raises(ConvcostError):
                opened.subs(**sizes)


def test_some_sizes_can_be_bound_and_others_open():
    report = convcost.cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)", E=128)
    assert str(report.flops) == "196608*B*L*S"
    assert report.open_names == ("B", "S", "L")


def test_batch_like_sizes_stay_open_where_another_design_has_an_open_size():
    dense, conv = convcost.compare("Linear(E, E)", "Conv1d(E, E, 3)", E=8).candidates
    assert (str(dense.macs), str(conv.macs)) == ("64*B*S", "192*B*L*S - 384*B*S")


def test_the_sum_of_what_is_put_in_bit_by_bit_is_the_whole():
    report = convcost.cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)")
    assert report.subs(E=128).subs(L=10, B=1, S=1).flops == 1_966_080


def test_a_division_is_assumed_to_be_whole_and_said_to_be():
    report = convcost.cost("[B, E, L] -> Conv1d(E, 2E, 5, groups=E/4)")
    assert [found.text for found in report.assumptions] == ["4 divides E", "L ≥ 5"]


def test_a_number_that_breaks_an_assumption_is_refused():
    report = convcost.cost("[B, E, L] -> Conv1d(E, 2E, 5, groups=E/4)")
    with pytest.raises(UsageError, match="E = 6 violates an assumption: 4 divides E"):
        report.subs(E=6)


@pytest.mark.parametrize("size", [sympy.Symbol("E"), sympy.Symbol("E") + 1, sympy.nan, sympy.oo])
def test_another_library_s_formula_is_no_size(size):
    with pytest.raises(UsageError, match="a size must be a whole number"):
        convcost.cost("Linear(E, 4)", E=size)


def test_another_library_s_whole_number_is_a_size():
    assert convcost.cost("Linear(E, 4)", E=sympy.Integer(4)).params == 4 * 4 + 4


def test_a_size_that_is_not_open_cannot_be_put_in():
    with pytest.raises(UsageError, match="no open size is called Q"):
        convcost.cost("Linear(10E, E)").subs(Q=3)


def test_sizes_that_can_never_fit_are_refused_with_a_caret():
    with pytest.raises(SpecError, match=r"the input's last dimension is 9\*E, but in_features is 10\*E"):
        convcost.cost("[B, 9E] -> Linear(10E, E)")


def test_sizes_that_fit_only_together_are_assumed_to():
    report = convcost.cost("[B, L*E] -> Linear(10E, E)")
    assert [found.text for found in report.assumptions] == ["L = 10"]


def test_costs_beyond_64_bits_stay_exact_in_a_function_of_arrays():
    flops = convcost.cost("[B, E] -> Linear(E, E)").lambdify("B", "E")
    assert flops(np.array([10**12, 1]), np.array([10**9, 3])).tolist() == [2 * 10**30, 18]


def test_a_function_rounds_down_as_the_formula_does():
    length = convcost.cost("[1, 1, L] -> Conv1d(1, 1, 1, stride=2)").lambdify("L", metric="output_elements")
    assert length(np.arange(1, 7)).tolist() == [1, 1, 2, 2, 3, 3]


def test_a_function_needs_every_open_size():
    with pytest.raises(
        UsageError,
        match=r'B and S have no values\n.* lambdify\("B", "S", "E"\), or .* report.subs\(B=1, S=1\)',
    ):
        convcost.cost("Linear(10E, E)").lambdify("E")


def test_a_bound_report_is_of_python_ints_even_with_open_neighbours():
    report = convcost.cost("[B, 3, L] -> Conv1d(3, 8, 3) -> ReLU")
    assert type(report.rows[0].params) is int
    assert isinstance(report.macs, sympy.Expr)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("Conv1d(E, E, K, padding=same, dilation=2)", {"E": 5, "K": 5, "L": 16, "B": 1, "S": 2}),
        ("Conv1d(E, E, 3, dilation=d, padding=d)", {"E": 4, "L": 17, "d": 2, "B": 1, "S": 1}),
        ("Conv1d(E, F, 3, padding=p)", {"E": 4, "F": 5, "p": 1, "L": 9, "B": 1, "S": 1}),
    ],
)
def test_an_open_kernel_or_padding_is_taken_to_be_small_against_the_length(text, sizes):
    assert convcost.cost(text).subs(**sizes).valid_macs == convcost.cost(text, **sizes).valid_macs


@pytest.mark.parametrize(("kernel", "padding"), [("3", "1"), ("K", "1"), ("3", "p"), ("K", "p")])
def test_stride_and_dilation_may_both_stay_open(kernel, padding):
    text = f"[N, 4, L] -> Conv1d(4, 8, {kernel}, stride=s, dilation=d, padding={padding})"
    sizes = {"N": 2, "L": 20, "s": 2, "d": 3, "K": 3, "p": 1}
    report = convcost.cost(text)
    named = {name: sizes[name] for name in report.open_names}
    assert report.subs(**named).cost == convcost.cost(text, **named).cost
