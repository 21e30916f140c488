"""`convcost layer`: one layer in full, its arguments in torch's order or by name."""

import re

import pytest
from cli_runner import convcost, record, refused

CONV1D = ("layer", "conv1d", "128", "128", "3", "--padding", "same", "--length", "10", "--batch", "4")

CONV1D_TABLE = """\
 Conv1d  [4, 128, 10] -> Conv1d(128, 128, 3, padding=same) (input inferred)
 sizes   B = 4, L = 10; S defaults to 1
 input   (4, 128, 10)
 output  (4, 128, 10)
         length_out = ⌊(10 + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1 = 10

                              exact           about
────────────────────────────────────────────────────
 parameters                  49,280   49.3 K params
   weight (128, 128, 3)      49,152
   bias (128)                   128
 MACs                     1,966,080      1.97 MMACs
   on real data           1,835,008      1.84 MMACs
 FLOPs                    3,932,160     3.93 MFLOPs
   per output element           768
 bias adds                    5,120
 elementwise                      0
 output elements              5,120
 activations                  5,120
 bytes (float32)            238,080        238.1 KB
   in float64               476,160        476.2 KB
   in bfloat16              119,040        119.0 KB
   in int8                   59,520         59.5 KB
 FLOPs per byte                                16.5

 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""


def only_layer(*arguments):
    [row] = record("layer", *arguments)["rows"]
    return row


def test_a_layer_is_shown_in_full():
    assert convcost(*CONV1D, "--counters", "none") == (0, CONV1D_TABLE, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("Conv1d", "8", "6", "3", "2", "1"),
        ("CONV1D", "8", "6", "3", "--stride", "2", "--padding", "1"),
        ("conv1d", "8", "--out-channels", "6", "--kernel-size", "3", "--stride=2", "--padding=1"),
        (
            "conv1d",
            "--kernel_size",
            "3",
            "--in_channels",
            "8",
            "--out_channels",
            "6",
            "--padding",
            "1",
            "--stride",
            "2",
        ),
    ],
)
def test_arguments_by_place_and_by_name_are_the_same(arguments):
    row = only_layer(*arguments, "--length", "10")
    assert (row["layer"], row["macs"]) == ("Conv1d(8, 6, 3, stride=2, padding=1)", 5 * 6 * 8 * 3)


@pytest.mark.parametrize(
    ("flags", "parameters"),
    [
        ((), {"weight": [4, 3], "bias": [4]}),
        (("--bias",), {"weight": [4, 3], "bias": [4]}),
        (("--bias", "true"), {"weight": [4, 3], "bias": [4]}),
        (("--bias", "False"), {"weight": [4, 3]}),
        (("--bias=false",), {"weight": [4, 3]}),
        (("--no-bias",), {"weight": [4, 3]}),
    ],
)
def test_a_flag_is_given_as_torch_or_a_shell_would(flags, parameters):
    assert only_layer("linear", "3", "4", *flags)["parameters"] == parameters


def test_parameters_are_split_into_weight_and_bias():
    out = convcost("layer", "conv1d", "3", "4", "5", "--length", "9", "--counters", "none").out
    assert (
        """\
 parameters                64   64 params
   weight (4, 3, 5)        60
   bias (4)                 4
"""
        in out
    )


def test_groups_divide_the_weight():
    row = only_layer("conv1d", "8", "8", "3", "--groups", "8", "--length", "10")
    assert (row["parameters"]["weight"], row["macs"]) == ([8, 1, 3], 8 * 8 * 3)


def test_dilation_shortens_the_output():
    assert only_layer("conv1d", "1", "1", "3", "--dilation", "4", "--length", "10")["output"] == [1, 1, 2]


@pytest.mark.parametrize(
    ("mode", "valid_macs"), [("zeros", 28), ("circular", 30), ("reflect", 30), ("replicate", 30)]
)
def test_only_zero_padding_holds_no_real_data(mode, valid_macs):
    row = only_layer("conv1d", "1", "1", "3", "--padding", "1", "--padding-mode", mode, "--length", "10")
    assert (row["macs"], row["valid_macs"]) == (30, valid_macs)


@pytest.mark.parametrize("padding", ["1,2", "(1,2)", "(1, 2)"])
def test_a_tuple_has_a_value_for_each_dimension(padding):
    row = only_layer("conv2d", "3", "8", "3", "--padding", padding, "--height", "8", "--width", "8")
    assert row["output"] == [1, 8, 8, 10]


@pytest.mark.parametrize(
    "shape", ["4,16,10", "4x16x10", "[4,16,10]", "(4, 16, 10)", "4, 16, 10", " [4, 16, 10] "]
)
def test_an_input_is_written_in_any_way(shape):
    assert only_layer("conv1d", "16", "16", "3", "--input", shape)["input"] == [4, 16, 10]


def test_an_input_is_written_with_sizes():
    row = only_layer("linear", "E", "4", "--input", "B,S,E", "--E", "8", "--B", "2")
    assert row["input"] == [2, 1, 8]


def test_an_input_without_a_batch_is_taken():
    assert only_layer("conv1d", "16", "16", "3", "--input", "16,10")["output"] == [16, 8]


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        (("conv1d", "2", "2", "1", "--batch", "3", "--length", "5"), [3, 2, 5]),
        (("conv2d", "2", "2", "1", "--batch", "3", "--height", "5", "--width", "7"), [3, 2, 5, 7]),
        (("conv3d", "2", "2", "1", "--depth", "4", "--height", "5", "--width", "7"), [1, 2, 4, 5, 7]),
    ],
)
def test_the_usual_input_is_given_in_words(arguments, shape):
    assert only_layer(*arguments)["input"] == shape


def test_each_output_length_comes_with_its_formula():
    out = convcost(
        *("layer", "conv2d", "3", "8", "3", "--stride", "2", "--padding", "1,2"),
        *("--height", "8", "--width", "9", "--counters", "none"),
    ).out
    assert "         height_out = ⌊(8 + 1 + 1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 4\n" in out
    assert "         width_out = ⌊(9 + 2 + 2 − 1·(3 − 1) − 1) / 2⌋ + 1 = 6\n" in out


def test_the_counters_check_a_layer_too():
    out = convcost("layer", "linear", "3", "4").out
    assert (
        """\
 counter           reported   FLOPs compared   verdict
───────────────────────────────────────────────────────
 fvcore             12 MACs               24    agrees
 FlopCounterMode   24 FLOPs               24    agrees
 torch.profiler    24 FLOPs               24    agrees
"""
        in out
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("Conv1d(8, 6, 3, 2, 1)", "--length", "10"),
        ("conv1d(8, 6, kernel_size=3, stride=2, padding=1)", "--length", "10"),
        ("Conv1d(8, 6, 3)", "--stride", "2", "--padding", "1", "--length", "10"),
        ("Conv1d(8, 6, K, stride=2, padding=1)", "--K", "3", "--length", "10"),
        ("[1, 8, 10] -> Conv1d(8, 6, 3, 2, 1)",),
        ("Conv1d(8, 6, 3, 2, 1)", "--input", "1,8,10"),
        ("c = [1, 8, 10] -> Conv1d(8, 6, 3, 2, 1)",),
    ],
)
def test_a_layer_is_stated_as_in_a_spec_too(arguments):
    row = only_layer(*arguments)
    assert (row["macs"], row["output"]) == (5 * 6 * 8 * 3, [1, 6, 5])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("2 x Linear(3, 3)",), "convcost layer takes one layer, not 2"),
        (("Linear(3, 3) -> ReLU",), "convcost layer takes one layer, not 2"),
        (("Linear(3, 3",), "unexpected end; expected ')' or ','\n  Linear(3, 3\n"),
        (("Linaer(3, 3)",), "no layer is called Linaer (did you mean Linear?)"),
        (("[2, 3] -> Linear(3, 3)", "--input", "4,3"), "--input 4,3 can't be combined with a spec"),
        (("conv2d", "3", "8", "3x3"), "3x3 is not an argument of a layer\nWrite 3 by 3 as 3,3.\n"),
        (("conv2d", "3", "8", "3", "--padding", "1x2"), "1x2 is not an argument of a layer\n"),
        (("2 x Linear(3, 3)", "5"), "5 can't be combined with a spec"),
    ],
)
def test_a_spec_that_is_not_one_layer_is_refused(arguments, complaint):
    assert refused("layer", *arguments).startswith(complaint)


OPEN = """\
 Conv1d  [B·S, E, L] -> Conv1d(E, 1250, K, padding=same) (input inferred)
 sizes   B, S, E, L, K open
 input   (B·S, E, L)
 output  (B·S, 1250, L)
         length_out
           = ⌊(L + (⌊(K + 1)/2⌋ − 1) + (K − ⌊(K + 1)/2⌋) − 1·(K − 1) − 1) / 1⌋ +
             1
           = L

                                                                        formula
────────────────────────────────────────────────────────────────────────────────
"""


def test_an_open_layer_has_its_formulas_in_one_column():
    out = convcost("layer", "conv1d", "E", "1250", "K", "--padding", "same").out
    assert out.startswith(OPEN)
    assert re.search(r"^   weight \(1250, E, K\) +1,250·E·K$", out, re.MULTILINE)


@pytest.mark.parametrize("columns", ["60", "80"])
def test_no_label_beside_a_formula_is_broken(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    out = convcost("layer", "conv1d", "E", "F", "K", "--stride", "2", "--padding", "1").out
    assert {" parameters", "   per output element", " bytes (float32)"} <= {
        re.split(r"(?<=\S)\s{2,}", line)[0] for line in out.splitlines()
    }


def test_large_counts_have_every_digit_under_exact():
    out = convcost("layer", "linear", "100000", "1000000", "--counters", "none").out
    assert " MACs                         100,000,000,000      100.0 GMACs\n" in out


def test_negative_arguments_reach_the_layer():
    assert only_layer("softmax", "--dim", "-1", "--input", "2,3")["output"] == [2, 3]
