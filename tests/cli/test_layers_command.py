"""`convcost layers`: the layers of designs, one in full, and what of torch.nn is left out."""

import csv
import json
import re
from io import StringIO

import pytest
from cli_runner import convcost, refused

from convcost.analysis.layer_reference import layer_formulas
from convcost.layers import FAMILIES, FUNCTIONS, KINDS, layer_class
from convcost.layers.unsupported import UNSUPPORTED

FUNCTION_NAMES = [name for names in FUNCTIONS.values() for name in names]

SEVERAL_INPUTS = [kind for kind in KINDS if layer_class(kind).input_counts[0] > 1]

LEFT_OUT_NAMES = [name for group in UNSUPPORTED for name in group.names]

LINEAR = """\
 layer    Linear(in_features, out_features, bias=True)
 family   dense
 summary  y = x Wᵀ + b on the last dimension: [*, in_features] → [*,
          out_features].
 takes    1 input of the design's dtype
 input    [B, S, in_features] if not given
 example  [B, S, in_features] to [B, S, out_features]

 argument       default    takes
─────────────────────────────────────────
 in_features    required   a size
 out_features   required   a size
 bias           True       True or False

                  formula with these defaults
──────────────────────────────────────────────
 parameters    out_features·(in_features + 1)
 MACs            B·S·in_features·out_features
 bias adds                   B·S·out_features
 elementwise                                0

 family: Linear and Bilinear on the last dimension; Embedding and EmbeddingBag,
 which look up rows of a table. MACs: one per weight and position; for Bilinear
 also those of the product with the second input. A bias is one addition per
 output element. A lookup has no MACs.
"""

GELU = """\
 GELU          x · Φ(x): x · ½ · (1 + erf(x/√2)); with tanh: ½x · (1 +
               tanh(√(2/π) · (x + 0.044715·x³))).
"""


def listed(*arguments):
    return json.loads(convcost("layers", *arguments, "--json").out)


def names(*arguments):
    return [layer["name"] for layer in listed(*arguments)["layers"]]


def test_every_layer_is_listed_in_a_table_of_its_family():
    lines = convcost("layers").out.splitlines()
    labels = [line.split()[0] for line in lines if line[1:2].strip()]
    assert [label for label in labels if label in KINDS] == [*KINDS]
    assert all(f" {family}" in lines for family in FAMILIES)
    assert max(map(len, lines)) <= 80


def test_every_class_of_torch_that_is_left_out_is_listed_with_its_reason():
    out = " ".join(convcost("layers").out.split())
    assert all(f"{', '.join(group.names)}. {group.reason}" in out for group in UNSUPPORTED)


def test_a_layer_has_a_line_with_what_it_computes():
    assert GELU in convcost("layers", "--family", "activation").out


def test_one_is_shown_in_full():
    assert convcost("layers", "linear").out.startswith(LINEAR)


@pytest.mark.parametrize("kind", KINDS)
def test_every_one_in_full_has_formulas_and_fits_the_screen(kind):
    outcome = convcost("layers", kind)
    assert outcome.err == ""
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "formula with these defaults\n" in outcome.out


@pytest.mark.parametrize("kind", SEVERAL_INPUTS)
def test_a_layer_that_needs_several_inputs_has_none_by_default_and_an_example_that_runs(kind):
    out = " ".join(convcost("layers", kind).out.split())
    assert "if not given" not in out
    [design] = re.findall(r'convcost layer "([^"]*)" shows', out)
    assert convcost("layer", design, "--counters", "none").code == 0
    assert listed(kind)["layers"][0]["inferred_input"] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SEVERAL_INPUTS])
def test_a_default_input_is_one_that_the_layer_takes(kind):
    example = layer_formulas(kind).spec
    assert ("if not given" in convcost("layers", kind).out) == ("->" not in example)
    assert convcost("layer", example, "--counters", "none").code == 0


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_function_is_shown_too(name):
    outcome = convcost("layers", name)
    assert outcome.err == ""
    assert outcome.out.startswith(f" layer    {name}(") or outcome.out.startswith(f" layer   {name}(")
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "convcost verify" not in outcome.out


def test_a_word_finds_names():
    assert names("AvgPool") == [name for name in KINDS if "AvgPool" in name]
    assert names("CONV") == [*FAMILIES["convolution"], *FAMILIES["transposed"]]


def test_a_word_from_elsewhere_finds_the_layer_that_is_meant():
    assert names("deconv") == ["ConvTranspose2d"]


def test_a_word_that_is_in_no_name_finds_descriptions():
    assert names("reflection of") == ["ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d"]


def test_a_class_that_is_left_out_is_found_with_its_reason_alone():
    assert listed("lazylinear") == {
        "schema": "convcost/1",
        "layers": [],
        "left_out": [
            {
                "cause": "lazy layers",
                "names": ["LazyLinear"],
                "reason": "A lazy layer takes a size from its first input. Write the layer without Lazy in "
                "its name, with that size.",
            }
        ],
    }


def test_a_family_is_all_that_is_listed_of_it():
    found = listed("--family", "Dense")
    assert [layer["family"] for layer in found["layers"]] == ["dense"] * len(FAMILIES["dense"])
    assert found["left_out"] == []


def test_json_has_the_formulas_of_one():
    [found] = listed("Conv1d")["layers"]
    assert found["formulas"]["params"] == "out_channels*(in_channels*kernel_size + 1)"
    assert found["formulas"]["input"] == ["B*S", "in_channels", "L"]


def test_json_has_the_rules_in_words():
    [found] = listed("LPPool2d")["layers"]
    assert found["rules"][0] == {
        "subject": "operations",
        "text": "A power and a sum per window element, a root per output element.",
    }


def test_csv_has_a_line_for_every_class():
    rows = list(csv.DictReader(StringIO(convcost("layers", "--format", "csv").out)))
    assert [row["layer"] for row in rows] == [*KINDS, *FUNCTION_NAMES, *LEFT_OUT_NAMES]
    assert rows[0]["signature"] == "Linear(in_features, out_features, bias=True)"


@pytest.mark.parametrize("output_format", ["markdown", "html", "latex"])
def test_other_formats_have_the_same_texts(output_format):
    assert "Splits dimension" in convcost("layers", "unflatten", "--format", output_format).out


def test_a_word_that_nothing_has_is_refused_with_the_way_out():
    assert refused("layers", "bananas") == (
        "no layer has bananas in its name or description\n"
        "convcost layers lists all of them. A module of your own: convcost model file.py:Net\n"
    )
    assert refused("layers", "Conv9d").startswith(
        "no layer has Conv9d in its name or description (did you mean Conv"
    )


def test_an_unknown_family_gets_the_near_one():
    assert refused("layers", "--family", "poling").startswith(
        "no family of layers is called poling (did you mean pooling?)\nChoose from dense, convolution,"
    )


def test_an_unknown_layer_of_a_design_is_sent_here_and_to_model():
    assert refused("layer", "Bananas(3)").endswith(
        "List all layers with convcost layers. To count your own module: convcost model file.py:Net\n"
    )


def test_a_lazy_layer_in_a_design_says_what_to_write_instead():
    assert "Write the layer without Lazy in its name" in refused("layer", "LazyLinear(3)")
