"""`convcost explain`: the steps of a result, for designs and for a layer by its kind, in every format."""

import json
import re

import pytest
from cli_runner import convcost, process, refused
from tracing.sources.weight_files import SMALL, safetensors

FOUNDING = ("explain", "--E", "128", "--L", "10")
LAYER = ("explain", "conv1d", "128", "128", "3", "--padding", "same", "--length", "10")
OPEN = ("explain",)
CHAIN = ("explain", "a = Bilinear(3, 4, 5) -> GELU", "--B", "2", "--S", "3")
FORMATS = ("table", "json", "markdown", "latex")

COMMANDS = pytest.mark.parametrize("command", [FOUNDING, LAYER, OPEN, CHAIN])


def test_without_a_design_the_founding_pair_is_explained():
    out = convcost(*FOUNDING).out
    assert " why         2 layers × 3 taps = 6; the other factors, B·S·E²·L, are in both.\n" in out


def test_a_layer_by_its_kind_takes_torchs_arguments_and_the_sizes_of_its_input():
    code, out, err = convcost(*LAYER)
    assert (code, err) == (0, "")
    assert " Conv1d(128, 128, 3, padding=same)\n" in out
    assert " MACs        B·S·128·L·128·3 = 1·128·10·128·3 = 491,520\n" in out


def test_a_layer_by_its_kind_takes_an_input():
    out = convcost("explain", "linear", "12", "4", "--no-bias", "--input", "2,3,12").out
    assert " MACs        6·4·12 = 288\n" in out
    assert " parameters  weight = 4·12 = 48\n" in out


def test_inputs_of_different_sizes_are_equal_at_a_size_if_there_is_one():
    pair = ("explain", "Linear(10E, E)", "2 x Conv1d(E, E, 3, padding=1)", "--E", "8")
    text = " ".join(convcost(*pair).out.split())
    assert "2 x Conv1d has 8·B·S·L input elements, Linear has 80·B·S: equally many at L = 10." in text
    concrete = " ".join(convcost(*pair, "--L", "9").out.split())
    assert "2 x Conv1d has 72 input elements, Linear has 80: the designs do not do the same work." in concrete


def test_the_elementwise_work_of_a_module_is_listed_by_operator(folder):
    (folder / "net.py").write_text(
        "from torch.nn import *\nnet = Sequential(Linear(8, 8), ReLU(), LayerNorm(8), ReLU())\n"
    )
    out = convcost("explain", "net.py:net", "--input", "f32[2,8]").out
    assert " elementwise  112 by layer_norm\n              32 by 2 × relu\n" in out


def test_attention_is_explained_by_its_loops_and_by_what_each_score_costs():
    design = ("explain", "[B,T,E] -> MultiheadAttention(E, 8, batch_first=True)")
    text = " ".join(convcost(*design, "--count", "all").out.split())
    loops = (
        "attention = samples × heads × queries × key_then_value_features × keys = B·8·T·(E/4)·T = 2·B·E·T²"
    )
    assert loops in text
    rule = "Each score counts 5 operations for the softmax, 1 for the scale, and 1 for the mask of a window."
    assert f"elementwise {rule} attention = 48·B·T²" in text
    assert "elementwise" not in convcost(*design).out.partition("FLOPs ")[0]


def test_a_single_design_is_explained_without_a_comparison():
    out = convcost("explain", "Linear(3, 4) -> ReLU").out
    assert "÷" not in out
    assert " Linear -> ReLU, in total\n" in out


def test_open_sizes_are_explained_in_formulas():
    out = convcost(*OPEN).out
    assert " MACs        B·S·E·L·E·K = B·S·E·L·E·3 = 3·B·S·E²·L\n" in out


def test_what_open_sizes_are_assumed_to_be_is_said():
    assert " Assumed: L ≥ 3.\n" in convcost("explain", "conv1d", "E", "E", "3").out


def test_an_equation_is_broken_at_its_signs_of_equality():
    out = convcost("explain", "conv1d", "C", "F", "K", "--stride", "2").out
    assert (
        """\
 output      length_out = ⌊(L + 0 + 0 − 1·(K − 1) − 1) / 2⌋ + 1
               = ⌊(L − K)/2⌋ + 1
             (B·S, F, ⌊(L − K)/2⌋ + 1)
"""
        in out
    )


def test_a_division_that_is_assumed_to_be_exact_is_not_rounded():
    out = convcost("explain", "conv1d", "C", "F", "3", "--groups", "G").out
    assert " per output  in_channels × taps = (C/G)·3" in out
    assert "for in_channel in range(C/G):\n" in out
    assert " parameters  weight + bias = F·(C/G)·3 + F" in out
    assert "⌊C/G⌋" not in out


def test_a_ratio_that_is_a_formula_says_times():
    out = convcost(*OPEN).out
    words = " ".join(out.split())
    assert "outputs conv has B·S·E·L output elements, compared with B·S·E: L times as many. Each" in words
    assert "             Each of them costs 6/L times the FLOPs.\n" in out


@pytest.mark.parametrize("layer", ["BatchNorm2d", "BatchNorm3d", "InstanceNorm3d", "GroupNorm", "RReLU"])
def test_a_rule_is_told_without_pointing_to_another_layers(layer):
    arguments = {"GroupNorm": ("2", "4"), "RReLU": ("--input", "2,3")}.get(layer, ("4",))
    [rule] = [line for line in convcost("explain", layer, *arguments).out.splitlines() if " rule  " in line]
    assert not re.search(r"\bas [A-Z]|\bAs [A-Z]", rule)


def test_the_loops_of_an_lstm_are_over_its_gates_and_its_biases_are_more_than_its_outputs():
    explained = convcost("explain", "[3, 2, 4] -> LSTM(4, 5)").out
    assert "for gate in range(4):" in explained
    assert "6·5·4·9 = 1,080" in explained
    assert "240 bias adds: 11.1% of the FLOPs." in explained
    assert "one per output element" not in explained


def test_elementwise_work_is_derived_from_the_elements():
    out = convcost("explain", "[2, 8] -> LeakyReLU").out
    assert " operations  2 × 16 output elements = 32\n" in out


def test_large_numbers_have_every_digit_in_a_derivation():
    out = convcost("explain", "linear", "100000", "1000000").out
    assert " = 1·1,000,000·100,000 = 100,000,000,000\n" in out


@COMMANDS
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_with_a_line_break(command, name):
    code, out, err = convcost(*command, "--format", name)
    assert (code, err) == (0, "")
    assert out.endswith("\n")


@COMMANDS
@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_screen(command, columns, encoding, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, convcost(*command, encoding=encoding).out.splitlines())) <= columns


@COMMANDS
@pytest.mark.parametrize("name", FORMATS)
def test_an_ascii_stdout_gets_ascii_without_a_lost_sign(command, name):
    code, out, err = convcost(*command, "--format", name, encoding="ascii")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert "?" not in out


def test_a_pipe_gets_no_colour():
    assert "\x1b" not in process(*FOUNDING).out


def test_json_has_the_same_steps_as_data():
    [dense, conv] = json.loads(convcost(*FOUNDING, "--json").out)["designs"]
    assert [step["title"] for step in dense["parts"][0]["steps"]] == [
        *("input", "output", "per output", "loops", "MACs", "FLOPs", "excluded", "parameters"),
    ]
    assert conv["macs"] == 983_040


def test_json_has_each_result_exact_beside_its_sides():
    [_, conv] = json.loads(convcost(*FOUNDING, "--json").out)["designs"]
    steps = {step["title"]: step["lines"] for step in conv["parts"][0]["steps"]}
    assert steps["MACs"] == [
        {"name": "MACs", "sides": ["B·S·E·L·E·K", "1·128·10·128·3", "491,520"], "value": 491_520}
    ]
    assert steps["loops"][0]["loops"][-1] == {"name": "tap", "formula": "K", "extent": 3}


def test_the_convention_decides_what_the_flops_are_made_of():
    out = convcost(*LAYER, "--count", "bias", "--taps", "valid").out
    assert " FLOPs       2 × MACs on real data + bias adds = 2 × 458,752 + 1,280 = 918,784\n" in out
    assert "They count as MACs but not in FLOPs; without them: 458,752 MACs.\n" in out


def test_markdown_shows_loops_as_code():
    out = convcost(*LAYER, "--format", "markdown").out
    assert "  ```text\n  for sample in range(B·S):             1\n" in out


def test_an_unknown_format_gets_the_near_one_and_the_list():
    assert refused(*FOUNDING, "--format", "latx") == (
        "explain has no format called latx (did you mean latex?)\nChoose from table, json, markdown, latex.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("Linear(3, 3)", "--Q", "3"), "no option or size is called --Q"),
        (("Conv1(3, 3, 3)",), "no layer is called Conv1 (did you mean Conv1d?)"),
        (("conv1d", "3", "3", "3", "--legnth", "9"), "did you mean --length?"),
        (("[2, 5] -> Linear(3, 3)",), "the input's last dimension is 5"),
        (
            ("Linear(3, 3)", "--input", "2,3"),
            "--input, --inputs-from, --arg, --train and --phase are for torch modules",
        ),
        (("--E", "0"), "E is 0; it must be at least 1"),
        (("--count", "some"), "count must be matmul, bias or all, not some"),
    ],
)
def test_a_wrong_request_is_refused(arguments, complaint):
    assert complaint in refused("explain", *arguments)


def test_a_torch_module_is_derived_by_its_operators(folder):
    (folder / "net.py").write_text(NET, encoding="utf-8")
    code, out, err = convcost("explain", "net.py:Net", "--input", "f32[2,8]")
    assert (code, err) == (0, "")
    assert out.startswith(DERIVED_NET)


NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.conv = nn.Conv1d(1, 2, 3, padding=1, bias=False)

    def forward(self, x):
        for up in self.up:
            x = up(x).relu()
        return self.conv(x.unsqueeze(1))
"""

DERIVED_NET = """ Net  net.py:Net

 3 × up.*: linear
 ────────────────
 inputs      (2, 8), (8, 8), (8)
 output      (2, 8)
 MACs        8 × 16 output elements = 128
 FLOPs       2 × MACs = 2 × 128 = 256
 excluded    16 bias adds: 6.25% of the FLOPs.
 3 calls     MACs = 3 × 128 = 384
             FLOPs = 3 × 256 = 768

 conv: conv1d
 ────────────
 inputs      (2, 1, 8), (2, 1, 3)
 output      (2, 2, 8)
 MACs        3 × 32 output elements = 96
 real data   88 MACs; the others are on padding or masked scores.
 FLOPs       2 × MACs = 2 × 96 = 192

 Net, in total
 ─────────────
 MACs         3 × 128 + 96 = 480
 FLOPs        2 × MACs = 2 × 480 = 960
 excluded     48 bias adds: 5.00% of the FLOPs.
              48 elementwise operations: 5.00% of the FLOPs.
 elementwise  48 by 3 × relu
 parameters   222
"""


def test_modules_and_designs_are_compared_without_a_reason(folder):
    (folder / "net.py").write_text(NET, encoding="utf-8")
    code, out, _ = convcost("explain", "[2,8] -> Linear(8,8)", "f32[2,8] -> net.py:Net")
    assert code == 0
    assert "Net ÷ Linear" in out
    assert "FLOPs       960 / 256 = 3.75×" in out


def test_open_sizes_of_a_module_stay_in_its_derivation(folder):
    (folder / "net.py").write_text(NET, encoding="utf-8")
    out = convcost("explain", "net.py:Net", "--input", "f32[B,8]")[1]
    assert "MACs        8 × 8·B output elements = 64·B" in out


def test_weights_alone_have_no_derivation(folder):
    (folder / "w.safetensors").write_bytes(safetensors(SMALL))
    message = refused("explain", "w.safetensors")
    assert message.startswith("a derivation needs FLOPs: w.safetensors contains only weights")


def test_options_of_modules_are_not_for_a_layer():
    assert refused("explain", "conv1d", "8", "8", "3", "--train").startswith(
        "a layer by its kind has one --input and no options of torch modules"
    )
