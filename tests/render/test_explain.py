"""The steps of an explanation: the founding pair and a general convolution whole, then what is told when."""

import pytest

from convcost import api, parse
from convcost.analysis.explain.explanation import derivation
from convcost.analysis.explain.steps import Equation, Sentence
from convcost.render import render
from convcost.render.explain import explanation_document
from convcost.render.style import Style

FOUNDING_PAIR = """\
 dense  [B, S, L*E] -> Linear(L*E, E)
 conv   [B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)
 sizes  L = 10, E = 128, K = 3; B and S default to 1

 dense: Linear(1280, 128)
 ────────────────────────
 input       (B, S, E·L) = (1, 1, 1280)
             Linear works on the last dimension; every other dimension is a
             position.
             E and L are merged into one dimension.
 output      (B, S, E) = (1, 1, 128)
 per output  in_features = E·L = 1,280 MACs
 loops       for position in range(B·S):            1
               for out_feature in range(E):       128
                 for in_feature in range(E·L):  1,280
                   one multiply–accumulate
 MACs        B·S·E·E·L = 1·128·1,280 = 163,840
 FLOPs       2 × MACs = 2 × 163,840 = 327,680
 excluded    128 bias adds, one per output element: 0.0391% of the FLOPs.
 parameters  weight + bias = E·E·L + E = 128·1,280 + 128 = 163,968

 conv: 2 × Conv1d(128, 128, 3, padding=same)
 ───────────────────────────────────────────
 input       (B·S, E, L) = (1, 128, 10)
             Conv1d takes [batch, channels, length]: permute channels-last data
             first.
             B and S are merged into one dimension.
 output      length_out = ⌊(10 + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1 = 10
             (B·S, E, L) = (1, 128, 10)
 per output  in_channels × taps = E·K = 128·3 = 384 MACs
 loops       for sample in range(B·S):            1
               for out_channel in range(E):     128
                 for position in range(L):       10
                   for in_channel in range(E):  128
                     for tap in range(K):         3
                       one multiply–accumulate
 MACs        B·S·E·L·E·K = 1·128·10·128·3 = 491,520
 padding     2 of the 10 × 3 = 30 taps multiply padding.
             They are included; without them: 458,752 MACs.
 FLOPs       2 × MACs = 2 × 491,520 = 983,040
 excluded    1,280 bias adds, one per output element: 0.130% of the FLOPs.
 parameters  weight + bias = E·E·K + E = 128·128·3 + 128 = 49,280
 2 layers    MACs = 2 × 491,520 = 983,040
             FLOPs = 2 × 983,040 = 1,966,080
             bias adds = 2 × 1,280 = 2,560
             parameters = 2 × 49,280 = 98,560

 conv ÷ dense
 ────────────
 inputs      (B, S, E·L) and (B·S, E, L) hold the same 1,280 elements, arranged
             differently.
 FLOPs       1,966,080 / 327,680 = 6.00×
 why         2 layers × 3 taps = 6; the other factors, B·S·E²·L, are in both.
 real data   917,504 / 163,840 = 5.60×
 parameters  98,560 / 163,968 = 0.601×
 outputs     conv has 1,280 output elements, compared with 128: 10.0× as many.
             Each of them costs 0.600× the FLOPs.

 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

CONV2D = "[4, 8, 16, 17] -> Conv2d(8, 16, (3, 5), stride=2, padding=(1, 2), dilation=(2, 1), groups=4)"
CONV2D_EXPLAINED = """\
 Conv2d  [4, 8, 16, 17] -> Conv2d(8, 16, (3, 5), stride=2, padding=(1, 2),
         dilation=(2, 1), groups=4)

 Conv2d(8, 16, (3, 5), stride=2, padding=(1, 2), dilation=(2, 1), groups=4)
 ──────────────────────────────────────────────────────────────────────────
 input       (4, 8, 16, 17)
             Conv2d takes [batch, channels, height, width]: permute
             channels-last data first.
 output      height_out = ⌊(16 + 1 + 1 − 2·(3 − 1) − 1) / 2⌋ + 1 = 7
             width_out = ⌊(17 + 2 + 2 − 1·(5 − 1) − 1) / 2⌋ + 1 = 9
             (4, 16, 7, 9)
 per output  in_channels × tap_rows × tap_columns = 2·3·5 = 30 MACs
 loops       for sample in range(4):
               for out_channel in range(16):
                 for row in range(7):
                   for column in range(9):
                     for in_channel in range(2):
                       for tap_row in range(3):
                         for tap_column in range(5):
                           one multiply–accumulate
 MACs        4·16·7·9·2·3·5 = 120,960
 padding     125 of the 63 × 15 = 945 taps multiply padding.
             They are included; without them: 104,960 MACs.
 FLOPs       2 × MACs = 2 × 120,960 = 241,920
 excluded    4,032 bias adds, one per output element: 1.67% of the FLOPs.
 parameters  weight + bias = 16·2·3·5 + 16 = 496

 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""


def explanation(*specs, **sizes):
    return derivation(tuple(map(parse, specs)), sizes)


def shown(*specs, **sizes):
    return render(explanation(*specs, **sizes), "table")


def reasons(*specs, **sizes):
    """What is told as the reason for the ratio of the MACs."""
    *_, part = explanation_document(explanation(*specs, **sizes), Style()).derivations
    lines = [line for step in part.steps if step.title == "why" for line in step.lines]
    return [line if isinstance(line, str) else line.text for line in lines]


def titles(*specs, **sizes):
    return [part.title for part in explanation(*specs, **sizes).parts]


def test_the_founding_pair_is_explained_from_shapes_to_ratio():
    assert shown(*api.FOUNDING_PAIR, E=128, L=10, K=3) == FOUNDING_PAIR


def test_a_strided_grouped_dilated_convolution_is_explained_in_full():
    assert shown(CONV2D) == CONV2D_EXPLAINED


def test_layers_that_are_alike_are_explained_once():
    assert titles("[1, 8, 9] -> (Conv1d(8, 8, 3, padding=1) -> ReLU) x 3") == [
        "3 × Conv1d(8, 8, 3, padding=1)",
        "3 × ReLU()",
        "3 x (Conv1d -> ReLU), in total",
    ]


def test_one_kind_of_layer_needs_no_total():
    assert titles("[1, 8, 9] -> 2 x Conv1d(8, 8, 3, padding=1)") == ["2 × Conv1d(8, 8, 3, padding=1)"]


@pytest.mark.parametrize(
    ("specs", "sizes", "expected"),
    [
        (api.FOUNDING_PAIR, {"K": 3}, "2 layers × 3 taps = 6; the other factors, B·S·E²·L, are in both."),
        (
            ("Conv1d(64, 64, 3, padding=1)", "Conv1d(64, 64, 7, padding=3)"),
            {"L": 10},
            "7 taps ÷ 3 taps = 2.33×; the other factors, 4,096·B·S·L, are in both.",
        ),
        (
            ("Linear(E, 4E)", "Linear(E, E)"),
            {"E": 8},
            "1 ÷ 4 (of out_feature) = 0.250×; the other factors, B·S·E², are in both.",
        ),
        (
            ("Conv1d(E,E,3,padding=1,groups=E) -> Conv1d(E,E,1)", "Conv1d(E,E,3,padding=1)"),
            {"E": 8, "L": 9},
            "ratio of MACs = 3·E/(E + 3) = 2.18×",
        ),
        (
            ("Linear(10E, E)", "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"),
            {"E": 8, "L": 10},
            "2 layers × 10 positions × 3 taps ÷ 10 (of in_feature) = 6; "
            "the other factors, B·S·E², are in both.",
        ),
    ],
)
def test_the_reason_for_a_ratio_is_what_only_one_side_has(specs, sizes, expected):
    assert reasons(*specs, **sizes) == [expected]


def test_a_ratio_without_a_reason_to_be_found_has_none():
    assert (
        reasons("[1, 1, 1280] -> Linear(1280, 128)", "[1, 128, 10] -> 2 x Conv1d(128, 128, 3, padding=1)")
        == []
    )


def test_inputs_that_differ_in_size_are_pointed_out():
    text = shown("a = [2, 8] -> Linear(8, 4)", "b = [3, 8] -> Linear(8, 4)")
    assert "b has 24 input elements, a has 16: the designs do not do the same work." in " ".join(text.split())


def test_an_elementwise_layer_says_its_rule():
    text = shown("[2, 8] -> LeakyReLU")
    assert " rule        x where x ≥ 0, else negative_slope · x: a comparison and a product.\n" in text
    assert " excluded    32 elementwise operations.\n" in text


def test_padding_that_repeats_data_wastes_no_taps():
    assert "multiply padding" not in shown("[1, 2, 9] -> Conv1d(2, 2, 3, padding=1, padding_mode=circular)")


def test_numbers_stay_numbers_in_an_explanation():
    [design] = explanation("[2, 3, 12] -> Linear(12, 4)").designs
    lines = {step.title: step.lines for step in design.parts[0].steps}
    assert isinstance(lines["MACs"][0], Equation)
    assert lines["MACs"][0].sides[-1].values == (288,)
    assert isinstance(lines["excluded"][0], Sentence)


@pytest.mark.parametrize("sizes", [{}, {"E": 128}, {"L": 10}, {"E": 128, "L": 10}])
def test_the_ratio_does_not_depend_on_which_sizes_are_open(sizes):
    text = shown(*api.FOUNDING_PAIR, K=3, **sizes)
    assert " why         2 layers × 3 taps = 6;" in text


def test_a_chain_of_many_layers_is_explained_without_names():
    chain = " -> ".join(f"Conv1d(E, E, {size}, padding={size // 2})" for size in range(1, 40, 2))
    assert " MACs        1·8·9·8·1 = 576\n" in shown(f"[B*S, E, L] -> {chain}", E=8, L=9)
