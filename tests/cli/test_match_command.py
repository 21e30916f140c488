"""`convcost match`: its screens, its other formats, its exit codes."""

import json

import pytest
from cli_runner import convcost

DENSE = "Linear(10E, E)"
CONV = "2 x Conv1d(W, W, 3, padding=1)"
WIDTH = ("match", DENSE, CONV, "--vary", "W", "--E", "128", "--L", "10")
PAIRS = ("match", "Conv1d(E, E, K)", "--vary", "E,K", "--budget", "10MFLOPs", "--L", "32")
VALID_PAIRS = (*PAIRS, "--max", "K=4", "--multiple-of", "E=8")

WIDTH_TABLE = """\
 Linear      Linear(10E, E)
 2 x Conv1d  2 x Conv1d(W, W, 3, padding=1)
 sizes       E = 128, L = 10; B and S default to 1
 vary        W of 2 x Conv1d
 searched    W from 1 to 1,048,576: all 1,048,576 values

               W     FLOPs   difference   relative   parameters
────────────────────────────────────────────────────────────────
 Linear            327,680                              163,968
 closest      52   324,480       −3,200    −0.977%       16,328
 next above   53   337,080       +9,400     +2.87%       16,960

 With W = 52, 2 x Conv1d costs 324,480 FLOPs, 3,200 (0.977%) fewer than Linear.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

PAIRS_TABLE = """\
 Conv1d    Conv1d(E, E, K)
 sizes     L = 32; B and S default to 1
 vary      E, K
 searched  E from 8 to 1,048,576 in steps of 8, K from 1 to 4: all 524,288 pairs

                 E   K        FLOPs   difference   relative   parameters
─────────────────────────────────────────────────────────────────────────
 budget                  10,000,000
               200   4    9,280,000     −720,000     −7.20%      160,200
               232   3    9,688,320     −311,680     −3.12%      161,704
               280   2    9,721,600     −278,400     −2.78%      157,080
 best          392   1    9,834,496     −165,504     −1.66%      154,056
 over budget   208   4   10,037,248      +37,248    +0.372%      173,264

 With E = 392, K = 1, Conv1d costs 9,834,496 FLOPs, 165,504 (1.66%) fewer than
 the budget.
 Of the pairs within the budget, each is the closest both for its E and for its
 K.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

ENCODER = "examples/transformer.py:encoder"
ENCODER_TABLE = """\
 TransformerEncoder  examples/transformer.py:encoder
 sizes               B = 2
 vary                T
 searched            T from 1 to 1,048,576: all 1,048,576 values

                 T           FLOPs    difference   relative   parameters
─────────────────────────────────────────────────────────────────────────
 budget              2,000,000,000
 best          145   1,996,759,040    −3,240,960    −0.162%    3,159,040
 over budget   146   2,011,725,824   +11,725,824    +0.586%    3,159,040

 With T = 145, TransformerEncoder costs 1,996,759,040 FLOPs, 3,240,960 (0.162%)
 fewer than the budget.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

OPEN_TABLE = """\
 Linear      Linear(10E, E)
 2 x Conv1d  2 x Conv1d(W, W, 3, padding=1)
 sizes       E = 128; B, S, L open
 vary        W of 2 x Conv1d
 searched    W from 1 to 1,048,576: all 1,048,576 values

                W   parameters   difference   relative
───────────────────────────────────────────────────────
 Linear                163,968
 closest      165      163,680         −288    −0.176%
 next above   166      165,668       +1,700     +1.04%

 With W = 165, 2 x Conv1d has 163,680 parameters, 288 (0.176%) fewer than
 Linear.

"""

IN_VAIN_TABLE = """\
 Conv1d    Conv1d(8, 8, 3, stride=V)
 sizes     L = 20; B and S default to 1
 vary      V
 searched  V from 1 to 9: all 9 values

               V   FLOPs   difference   relative   parameters
──────────────────────────────────────────────────────────────
 budget              500
 over budget   9     768         +268     +53.6%          200

 No V from 1 to 9 stays within the budget: the cheapest, V = 9, has 768 FLOPs.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

STRIDES_TABLE = """\
 Conv1d    Conv1d(12, 12, W, stride=V)
 sizes     L = 14; B and S default to 1
 vary      W, V
 searched  W from 1 to 20, V from 1 to 20: all 400 pairs

               W   V    MACs   difference   relative   parameters
──────────────────────────────────────────────────────────────────
 budget                3,999
               2   1   3,744         −255     −6.38%          300
               8   3   3,456         −543     −13.6%        1,164
 best          9   2   3,888         −111     −2.78%        1,308
 over budget   7   2   4,032          +33    +0.825%        1,020

 With W = 9, V = 2, Conv1d costs 3,888 MACs, 111 (2.78%) fewer than the budget.
 Of the pairs within the budget, each is the closest both for its W and for its
 V.

"""


def record(*arguments):
    return json.loads(convcost(*arguments, "--json").out)


def test_one_line_answers_which_width_costs_what_the_dense_layer_does():
    assert convcost(*WIDTH) == (0, WIDTH_TABLE, "")


def test_two_sizes_give_the_pairs_that_a_budget_has_room_for():
    assert convcost(*VALID_PAIRS) == (0, PAIRS_TABLE, "")


def test_a_size_that_makes_it_cheaper_is_kept_small():
    arguments = ("match", "Conv1d(12, 12, W, stride=V)", "--vary", "W,V", "--max", "20", "--L", "14")
    assert convcost(*arguments, "--metric", "macs", "--budget", "3999") == (0, STRIDES_TABLE, "")


def test_parameters_need_no_size_of_the_input():
    arguments = (*WIDTH[:-2], "--metric", "params")
    assert convcost(*arguments) == (0, OPEN_TABLE, "")
    result = record(*arguments)
    assert result["symbols"] == {"E": 128, "B": "B", "S": "S", "L": "L"}
    assert result["best"] == [{"sizes": {"W": 165}, "cost": 163_680, "difference": -288}]


def test_where_the_budget_is_too_small_the_answer_is_no_and_names_the_cheapest():
    arguments = ("match", "Conv1d(8, 8, 3, stride=V)", "--vary", "V", "--budget", "500", "--max", "9")
    why = "No V from 1 to 9 stays within the budget: the cheapest, V = 9, has 768 FLOPs.\n"
    assert convcost(*arguments, "--L", "20") == (1, IN_VAIN_TABLE, "")
    code, _, err = convcost(*arguments, "--L", "20", "--json")
    assert (code, err) == (1, f"convcost: {why}")


def test_a_best_at_the_largest_size_tried_is_said_to_be_there():
    out = convcost(*WIDTH, "--max", "50").out
    assert "\n W = 50 is the largest that was tried; a larger one may be closer.\n" in out


def test_what_has_no_room_beside_the_sizes_is_left_out():
    limits = ("--multiple-of", "64", "--max", "E=128", "--max", "F=8e6")
    out = convcost("match", "Linear(E, F)", "--vary", "E,F", "--budget", "1G", *limits).out
    assert " best           64   7,812,480     999,997,440       −2,560   −2.56e-4%\n" in out
    assert "parameters" not in out


def test_no_line_is_wider_than_the_screen():
    budget = ("--budget", "123456789012345678901234567890", "--max", "4096", "--vary", "E,F")
    out = convcost("match", "Linear(E, F)", *budget).out
    assert max(map(len, out.splitlines())) <= 80


def test_vary_is_given_twice_or_with_a_comma():
    twice = [*VALID_PAIRS[:3], "E", "--vary", "K", *VALID_PAIRS[4:]]
    assert convcost(*twice) == convcost(*VALID_PAIRS)


def test_the_json_has_sizes_costs_and_differences():
    result = record(*WIDTH)
    del result["versions"]
    assert result == {
        "schema": "convcost/1",
        "symbols": {"E": 128, "B": 1, "S": 1, "L": 10},
        "assumed": ["B", "S"],
        "convention": {"count": "matmul", "padding": "full"},
        "dtype": "float32",
        "metric": "flops",
        "budget": 327_680,
        "at_most": False,
        "vary": ["W"],
        "ranges": {"W": {"multiple_of": 1, "minimum": 1, "maximum": 2**20}},
        "searched": {"W": {"smallest": 1, "largest": 2**20, "count": 2**20}},
        "name": "2 x Conv1d",
        "spec": "2 x Conv1d(W, W, 3, padding=1)",
        "reference": {"name": "Linear", "spec": "Linear(10E, E)"},
        "best": [{"sizes": {"W": 52}, "cost": 324_480, "difference": -3_200}],
        "below": {"sizes": {"W": 52}, "cost": 324_480, "difference": -3_200},
        "above": {"sizes": {"W": 53}, "cost": 337_080, "difference": 9_400},
        "choices": [],
        "complete": True,
        "notes": [],
    }


def test_the_csv_has_a_line_for_each_choice():
    assert convcost(*WIDTH, "--format", "csv").out.splitlines() == [
        "part,W,metric,budget,cost,difference",
        "best,52,flops,327680,324480,-3200",
        "below,52,flops,327680,324480,-3200",
        "above,53,flops,327680,337080,9400",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("markdown", "| closest | 52 | 324,480 | −3,200 | −0.977% | 16,328 |"),
        ("html", 'font-weight:normal">closest</th><td style="text-align:right">52</td>'),
    ],
)
def test_other_formats_have_the_table_too(name, expected):
    code, out, err = convcost(*WIDTH, "--format", name)
    assert (code, err) == (0, "")
    assert expected in out


def test_an_ascii_screen_is_served():
    out = convcost(*WIDTH, encoding="ascii").out
    assert "-3,200    -0.977%" in out
    assert "?" not in out


def test_an_exact_match_says_so():
    out = convcost("match", "Linear(E, E)", "--vary", "E", "--budget", "2e6").out
    assert "With E = 1,000, Linear costs exactly 2,000,000 FLOPs, the same as the budget." in out
    assert " next below      999   1,996,002" in out


def test_two_designs_of_one_name_are_numbered():
    out = convcost("match", "Linear(E, E)", "Linear(E, 4E)", "--vary", "E", "--E", "64").out
    assert "With E = 32, Linear #2 costs exactly 8,192 FLOPs, the same as Linear #1." in out


def test_many_pairs_are_shown_in_part():
    out = convcost("match", "Linear(E, F)", "--vary", "E,F", "--budget", "4e4", "--max", "E=200").out
    assert "182 such pairs were found; the 24 closest are shown. --json has all." in out.replace("\n ", " ")


def test_of_many_pairs_the_closest_are_shown():
    pairs = (
        "match",
        "Linear(E, F)",
        "--vary",
        "E,F",
        "--budget",
        "1M",
        "--metric",
        "params",
        "--multiple-of",
    )
    shown = [line.split()[-2] for line in convcost(*pairs, "64").out.splitlines() if line.endswith("%")]
    differences = (choice["difference"] for choice in record(*pairs, "64")["choices"])
    closest = sorted(differences, key=abs)[:24]
    assert {f"−{-difference:,}" for difference in closest} == {*shown} - {"+512"}


def test_bytes_are_those_of_input_parameters_and_output():
    out = convcost(
        "match", "[B, E] -> Linear(E, 4)", "--vary", "E", "--budget", "1KB", "--metric", "bytes"
    ).out
    assert "With E = 48, Linear has 992 bytes of input, parameters and output" in out


@pytest.mark.parametrize(
    ("option", "sizes"),
    [
        (("--multiple-of", "8"), {"W": 56}),
        (("--multiple-of", "W=8"), {"W": 56}),
        (("--min", "60"), {"W": 60}),
        (("--min", "2**6"), {"W": 64}),
        (("--max", "50"), {"W": 50}),
        (("--metric", "params"), {"W": 165}),
        (("--metric", "macs"), {"W": 52}),
        (("--taps", "valid"), {"W": 54}),
        (("--metric", "bytes"), {"W": 164}),
    ],
)
def test_an_option_changes_what_fits(option, sizes):
    assert record(*WIDTH, *option)["best"][0]["sizes"] == sizes


def test_bytes_follow_the_dtype():
    arguments = ("match", "Linear(E, 1, bias=False)", "--vary", "E", "--metric", "bytes", "--budget", "2KB")
    assert record(*arguments, "--dtype", "int8")["best"][0]["sizes"] == {"E": 999}


def test_where_nothing_fits_the_answer_is_no_and_says_why():
    code, out, err = convcost(
        "match", "[4, 10] -> Linear(X, 1)", "--vary", "X", "--budget", "20", "--min", "11"
    )
    why = (
        "No X from 11 to 1,048,576 is possible. With X = 11: Linear: the input's last dimension is "
        "10, but in_features is 11."
    )
    assert (code, err) == (1, "")
    assert why in " ".join(out.split())


def test_where_nothing_fits_the_json_says_so():
    result = record("match", "[4, 10] -> Linear(X, 1)", "--vary", "X", "--budget", "20", "--min", "11")
    assert (result["best"], result["below"], result["above"]) == ([], None, None)
    assert result["notes"][0].startswith("No X from 11")


def test_a_size_of_a_module_can_vary():
    result = convcost(
        "match", ENCODER, "--input", "f32[B,T,256]", "--vary", "T", "--budget", "2GFLOPs", "--B", "2"
    )
    assert (result.out, result.err, result.code) == (ENCODER_TABLE, "", 0)


ATTENTION = "[B, T, 256] -> MultiheadAttention(256, 8)"


@pytest.mark.parametrize(
    "command",
    [
        ("cost", ATTENTION, "--B", "4"),
        ("match", ATTENTION, "--vary", "B", "--T", "128", "--budget", "1GFLOPs"),
        ("sweep", ATTENTION, "--over", "T=128:512:128", "--B", "4"),
    ],
    ids=lambda command: command[0],
)
def test_a_likely_mistake_in_a_design_is_told_by_each_command(command):
    warning = " Warning: MultiheadAttention takes the first dimension "
    assert warning in convcost(*command).out
    assert (
        warning not in convcost(command[0], ATTENTION.replace("8)", "8, batch_first=True)"), *command[2:]).out
    )


def test_macs_are_those_on_real_data_if_flops_are_made_of_them():
    """10·E² of the 12·E² MACs are on real data, for kernels of 3 on 4 positions."""
    design = ("[1,E,4] -> Conv1d(E,E,3,padding=1)", "--vary", "E", "--budget", "100K")
    for options in (("--metric", "macs", "--taps", "valid"), ("--metric", "valid_macs")):
        found = json.loads(convcost("match", *design, *options, "--json").out)
        assert (found["metric"], found["best"][0]["sizes"]) == ("valid_macs", {"E": 100})
    found = json.loads(convcost("match", *design, "--metric", "macs", "--json").out)
    assert (found["metric"], found["best"][0]["sizes"]) == ("macs", {"E": 91})


def test_a_column_of_flops_has_its_convention():
    design = ("match", "Linear(E,E)", "--vary", "E", "--budget", "100K", "--metric")
    assert "FLOPs = 2 × MACs" in convcost(*design, "params").out
    assert "FLOPs" not in convcost(*design, "bytes").out
