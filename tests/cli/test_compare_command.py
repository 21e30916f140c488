"""`convcost compare`: the founding pair's numbers, and what its options change."""

import re

import pytest
from cli_runner import FOUNDING, PLAIN, convcost, record

FOUNDING_TABLE = """\
 dense  [B, S, L*E] -> Linear(L*E, E)
 conv   [B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)
 sizes  L = 10, E = 128, K = 3; B and S default to 1

                               dense           conv   conv ÷ dense
───────────────────────────────────────────────────────────────────
 input                  (1, 1, 1280)   (1, 128, 10)
 output                  (1, 1, 128)   (1, 128, 10)
 parameters                  163,968         98,560         0.601×
 MACs                        163,840        983,040          6.00×
   on real data              163,840        917,504          5.60×
 FLOPs                       327,680      1,966,080          6.00×
   per output element          2,560          1,536         0.600×
 bias adds                       128          2,560          20.0×
 elementwise                       0              0              –
 output elements                 128          1,280          10.0×
 activations                     128          2,560          20.0×
 bytes (float32)             661,504        404,480         0.611×
 FLOPs per byte                0.495           4.86          9.81×

 conv costs 6.00× the FLOPs of dense (1.97 MFLOPs against 327.7 KFLOPs) and has
 0.601× its parameters. The outputs differ, (1, 128, 10) against (1, 1, 128):
 conv yields 10.0× the output elements, each at 0.600× the FLOPs, so they are
 not drop-in replacements.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""


def test_the_founding_comparison_is_one_table_with_its_notes():
    assert convcost(*PLAIN) == (0, FOUNDING_TABLE, "")


def founding(name):
    return {candidate["name"]: candidate for candidate in record(*FOUNDING)["candidates"]}[name]


@pytest.mark.parametrize(
    ("quantity", "dense", "conv"),
    [
        ("macs", 163_840, 983_040),
        ("valid_macs", 163_840, 917_504),
        ("flops", 327_680, 1_966_080),
        ("params", 163_968, 98_560),
        ("output", [1, 1, 128], [1, 128, 10]),
        ("output_elements", 128, 1_280),
        ("activations", 128, 2_560),
    ],
)
def test_the_founding_numbers_are(quantity, dense, conv):
    assert (founding("dense")[quantity], founding("conv")[quantity]) == (dense, conv)


@pytest.mark.parametrize(
    ("quantity", "ratio"),
    [
        ("flops", 6.0),
        ("macs", 6.0),
        ("valid_macs", 5.6),
        ("output_elements", 10.0),
        ("flops_per_output_element", 0.6),
        ("params", 98_560 / 163_968),
        ("elementwise", None),
    ],
)
def test_the_founding_ratios_are(quantity, ratio):
    assert record(*FOUNDING)["ratios"][quantity] == ratio


def test_the_layer_table_ratio_does_not_depend_on_the_batch():
    assert record(*FOUNDING, "--B", "7", "--S", "5")["ratios"]["flops"] == 6.0


@pytest.mark.parametrize(
    "spelling",
    [
        ("--E", "128"),
        ("--E=128",),
        ("--set", "E=128"),
        ("--set", "E = 128"),
        ("--E", "2**7"),
        ("--E", "4*32"),
    ],
)
def test_a_size_is_given_in_any_spelling(spelling):
    assert record("compare", *spelling, "--L", "10") == record(*FOUNDING)


def test_options_stand_before_specs_too():
    after = record("compare", "Linear(E, E)", "Linear(E, 2E)", "--E", "4")
    assert record("compare", "--E", "4", "Linear(E, E)", "Linear(E, 2E)") == after


def test_two_given_designs_take_the_place_of_the_founding_pair():
    names = [
        candidate["name"] for candidate in record("compare", "a = Linear(3, 4)", "Linear(3, 5)")["candidates"]
    ]
    assert names == ["a", "Linear"]


def test_a_name_needs_no_space_before_its_design():
    found = record("compare", "a=Linear(3,4)", "b=torch.nn:ReLU", "--input", "[2,3]")
    assert [candidate["name"] for candidate in found["candidates"]] == ["a", "b"]


def test_each_design_takes_only_the_sizes_it_has():
    result = record("compare", "a = Linear(E, 4)", "b = Linear(F, 4)", "--E", "2", "--F", "3")
    assert [candidate["macs"] for candidate in result["candidates"]] == [8, 12]


@pytest.mark.parametrize(("count", "flops"), [("matmul", 327_680), ("bias", 327_808), ("all", 327_808)])
def test_count_says_what_flops_are_made_of(count, flops):
    result = record(*FOUNDING, "--count", count)
    assert (result["candidates"][0]["flops"], result["convention"]["count"]) == (flops, count)


def test_taps_can_be_those_on_real_data_alone():
    result = record(*FOUNDING, "--taps", "valid")
    assert (result["candidates"][1]["flops"], result["convention"]["padding"]) == (2 * 917_504, "valid")


def test_the_table_names_the_convention_in_force():
    out = " ".join(convcost(*PLAIN, "--count", "all", "--taps", "valid").out.split())
    assert (
        "FLOPs = 2 × MACs on real data (not on padding or masked scores) + bias adds + elementwise work"
        in out
    )
    assert "(convention: all, valid)." in out


@pytest.mark.parametrize(
    ("dtype", "itemsize"),
    [("float64", 8), ("float32", 4), ("bfloat16", 2), ("float16", 2), ("int8", 1)],
)
def test_bytes_follow_the_dtype(dtype, itemsize):
    assert record(*FOUNDING, "--dtype", dtype)["candidates"][1]["bytes"] == itemsize * (
        1_280 + 98_560 + 1_280
    )


def test_layers_shows_each_design_layer_by_layer():
    out = convcost(
        "compare", "a = Conv1d(4, 8, 3) -> ReLU", "Linear(4, 4)", "--L", "9", "--layers", "--counters", "none"
    ).out
    assert (
        """\
 a, by layer            output   parameters   MACs   FLOPs
───────────────────────────────────────────────────────────
 0 Conv1d(4, 8, 3)   (1, 8, 7)          104    672   1,344
 1 ReLU()            (1, 8, 7)            0      0       0
"""
        in out
    )


NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up = nn.ConvTranspose2d(4, width, 2, stride=2)
        self.own = nn.Parameter(nn.Linear(4, 4).weight)

    def forward(self, x):
        return self.up(x) @ self.own
"""

NET_LAYERS = """\
 Net #1, by layer                                     parameters   MACs   FLOPs
────────────────────────────────────────────────────────────────────────────────
 (itself) Net()                                               16    256     512
 up ConvTranspose2d(4, 4, kernel_size=(2, 2),                 68    256     512
 stride=(2, 2))
"""


@pytest.mark.parametrize("format_name", ["table", "markdown", "html", "latex"])
def test_a_submodule_is_shown_with_its_class_as_a_layer_of_a_design_is(format_name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    designs = (f"f32[1,4,2,2] -> net.py:Net(width={width})" for width in (4, 4))
    out = convcost("compare", *designs, "--layers", "--counters", "none", "--format", format_name).out
    if format_name == "table":
        assert NET_LAYERS in out
    assert re.search(r"\(itself\) \S*Net\(\)", out)
    assert re.search(r"up \S*ConvTranspose2d\(4, 4, kernel", out)


def test_the_json_flag_is_format_json():
    assert convcost(*PLAIN, "--json") == convcost(*PLAIN, "--format", "json")


def test_three_designs_are_compared_with_the_first():
    result = record("compare", "a = Linear(2, 4)", "b = Linear(2, 8)", "c = Linear(2, 2)")
    assert (result["ratios"]["macs"], result["candidates"][2]["ratios"]["macs"]) == (2.0, 0.5)


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("Identity", "ReLU", "ReLU costs no FLOPs and has no parameters, like Identity.\n"),
        (
            "ReLU",
            "Linear(4, 4)",
            "Linear costs 128 FLOPs against none of ReLU and has 20 parameters against\n none.",
        ),
        (
            "BatchNorm1d(4)",
            "ReLU",
            "Neither costs FLOPs; ReLU has no parameters against 8.",
        ),
        (
            "Linear(4, 4)",
            "ReLU",
            "ReLU costs no FLOPs against 128 FLOPs of Linear and has no parameters against",
        ),
    ],
)
def test_what_costs_nothing_is_compared_in_words(first, second, sentence):
    out = convcost("compare", f"[4, 4] -> {first}", f"[4, 4] -> {second}", "--counters", "none").out
    assert f"\n {sentence}" in out


def varied(*options):
    """The designs of the varied founding pair, and what is said of it."""
    found = record("compare", "--E", "128", "--L", "10", *options)
    return [candidate["spec"] for candidate in found["candidates"]], found.get("notes")


@pytest.mark.parametrize("option", ["--convs=3", "--layers=3", "--convs 3", "--layers 3"])
def test_the_founding_pair_has_any_number_of_convolutions(option):
    specs, notes = varied(*option.split())
    assert specs == ["[B, S, L*E] -> Linear(L*E, E)", "[B*S, E, L] -> 3 x Conv1d(E, E, K, padding=same)"]
    assert notes == ["Varied from the built-in comparison: 3 convolutions instead of 2."]


def test_the_founding_pair_is_varied_in_its_kernel_and_its_biases():
    found = record(*FOUNDING, "--K", "5", "--no-bias", "--layers", "1")
    assert [each["params"] for each in found["candidates"]] == [10 * 128**2, 5 * 128**2]
    assert found["notes"] == [
        "Varied from the built-in comparison: K = 5 instead of 3, 1 convolution instead of 2, no biases."
    ]
    assert "\n Varied from the built-in comparison: K = 5 instead of 3.\n" in convcost(*PLAIN, "--K", "5").out


def test_the_usual_founding_pair_has_no_notes():
    assert varied("--K", "3", "--convs", "2")[1] is None


def test_the_flag_layers_stays_one_where_no_number_follows():
    assert convcost(*PLAIN, "--layers", "--layers", "2") == convcost(*PLAIN, "--layers")
    assert "dense, by layer" in convcost("compare", "--layers", "--E", "8", "--L", "2").out


@pytest.mark.parametrize(
    ("other", "amounts"),
    [
        ("[1024, 1000] -> Linear(1000, 1000)", "1.00× the FLOPs of a (2.05 GFLOPs each)"),
        (
            "[1024, 1000] -> Linear(1000, 1000) -> select(0, 0) -> Linear(1000, 1)",
            "1.000001× the FLOPs of a (2,048,002,000 against 2,048,000,000 FLOPs)",
        ),
    ],
)
def test_amounts_that_look_alike_are_one_or_exact(other, amounts):
    first = "a = [1024, 1000] -> Linear(1000, 1000)"
    assert amounts in " ".join(convcost("compare", first, other, "--counters", "none").out.split())
