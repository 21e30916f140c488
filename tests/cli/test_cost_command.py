"""`convcost cost`: one design, a spec or a torch module, with all that there is to show of it."""

import csv
import json
from io import StringIO

import pytest
from cli_runner import convcost, refused

CHAIN = "[4,3,8,8] -> Conv2d(3,16,3,padding=1) -> ReLU -> 2 x Conv2d(16,16,3,padding=1) -> Flatten"
SPEC = ("cost", CHAIN, "--counters", "none")

NET = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 32), nn.Linear(32, 8)

    def forward(self, x, y):
        return x + self.second(torch.relu(self.first(y)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.head = Block(), nn.Linear(8, 2, dtype=torch.float64)

    def forward(self, x):
        return self.head(self.block(x, x).double())
"""

MODULE = ("cost", "net.py:Net", "--input", "f32[4,8]")


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    (folder / "net.py").write_text(NET)
    return folder


def printed(*arguments):
    outcome = convcost(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def table(text, heading):
    """The headings and the lines of the first table whose first heading that is."""
    part = next(part for part in text.split("\n\n") if part.startswith(f" {heading} "))
    first, _, *lines = part.splitlines()
    return first.split(), [line.split() for line in lines]


def test_a_layer_prints_as_by_its_own_command():
    arguments = ("--counters", "none", "--memory", "--device", "a100", "--dtype", "bf16")
    design = "[4, 8, 10] -> Conv1d(8, 16, 3)"
    for output in ((), ("--json",), ("--format", "csv")):
        expected = printed("layer", design, *arguments, *output)
        assert printed("cost", design, *arguments, *output) == expected


def test_a_layer_gets_the_verdicts_of_the_counters_as_by_its_own_command():
    text = printed("cost", "[4, 8] -> Linear(8, 2)")
    assert text == printed("layer", "[4, 8] -> Linear(8, 2)")
    assert " fvcore " in text


def test_a_module_prints_as_by_its_own_command():
    for output in ((), ("--json",), ("--format", "csv"), ("--by", "operator"), ("--backward", "--memory")):
        assert printed(*MODULE, *output) == printed("model", *MODULE[1:], *output)


def test_a_module_gets_verdicts_where_counters_are_named():
    assert "FlopCounterMode" in convcost(*MODULE, "--counters", "flop_counter_mode").out
    assert "FlopCounterMode" not in printed(*MODULE)


def test_a_spec_has_a_table_of_its_layers():
    headings, lines = table(printed(*SPEC), "layer")
    assert headings == ["layer", "output", "parameters", "MACs", "FLOPs"]
    assert [line[0] for line in lines] == ["0", "1", "2", "3", "4"]
    assert " ".join(lines[3]) == "3 Conv2d(16, 16, 3, padding=1) (4, 16, 8, 8) 2,320 589,824 1,179,648"


@pytest.mark.parametrize(("columns", "has_output"), [("79", False), ("90", True)])
def test_outputs_are_shown_where_there_is_room(columns, has_output, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    headings, _ = table(printed(*SPEC), "layer")
    assert headings == ["layer", *["output"] * has_output, "parameters", "MACs", "FLOPs"]


def test_columns_are_those_that_are_named_in_that_order():
    text = printed(*SPEC, "--columns", "share, elementwise,BYTES,activations")
    headings, lines = table(text, "layer")
    assert headings == ["layer", "share", "of", "FLOPs", "elementwise", "bytes", "activations"]
    assert [line[-4:] for line in lines[1:4]] == [
        ["ReLU()", "4,096", "32,768", "0"],
        ["45.7%", "0", str(f"{4 * (2 * 4096 + 2320):,}"), "4,096"],
        ["45.7%", "0", str(f"{4 * (2 * 4096 + 2320):,}"), "4,096"],
    ]
    assert lines[-1] == ["total", "100%", "4,096", "12,288"]


def test_shapes_are_two_columns():
    headings, lines = table(printed(*SPEC, "--columns", "shapes"), "layer")
    assert headings == ["layer", "input", "output"]
    assert lines[0][-8:] == ["(4,", "3,", "8,", "8)", "(4,", "16,", "8,", "8)"]


def test_a_single_layer_has_a_table_where_columns_are_named():
    text = printed("cost", "[4, 8] -> Linear(8, 2)", "--columns", "flops,share", "--counters", "none")
    assert table(text, "layer")[1] == [["0", "Linear(8,", "2)", "128", "100%"], ["total", "128", "100%"]]


def test_every_quantity_can_be_a_column_of_submodules():
    names = "params,output_elements,bytes,arithmetic_intensity,flops_per_output_element,calls"
    headings, lines = table(printed(*MODULE, "--columns", names), "module")
    assert " ".join(headings) == (
        "module params output elements bytes FLOPs per byte FLOPs per output element calls"
    )
    assert " ".join(lines[-2]) == "head: Linear 18 8 464 0.276 16 1"
    assert " ".join(lines[-1]) == "total 570"


def test_the_largest_are_shown_with_what_the_others_have():
    text = printed(*SPEC, "--top", "1", "--sort", "params", "--columns", "params,share")
    assert table(text, "layer")[1] == [
        ["2", "Conv2d(16,", "16,", "3,", "padding=1)", "2,320", "45.7%"],
        ["4", "others", "2,768", "54.3%"],
        ["total", "5,088", "100%"],
    ]
    assert "The top 1 of 5 layers has 45.6% of the parameters; the other 4 have 54.4%." in " ".join(
        text.split()
    )


def test_the_largest_submodules_are_not_inside_one_another_and_make_up_all():
    text = printed(*MODULE, "--top", "2")
    assert [line[0] for line in table(text, "module")[1]] == ["block.first:", "block.second:", "2", "total"]
    rows = list(csv.DictReader(StringIO(printed(*MODULE, "--top", "1", "--format", "csv"))))
    assert [row["path"] for row in rows] == ["block.first", "(others)"]
    whole = json.loads(printed(*MODULE, "--json"))
    for name in ("params", "macs", "flops", "bias_adds", "elementwise", "activations"):
        assert sum(int(row[name]) for row in rows) == whole[name]


def test_the_largest_as_deep_as_asked():
    text = printed(*MODULE, "--top", "1", "--depth", "1")
    assert [line[0] for line in table(text, "module")[1]] == ["block:", "1", "total"]


def test_operators_are_sorted_filtered_and_the_largest_shown():
    operators = (*MODULE, "--by", "operator")
    labels = [line[0] for line in table(printed(*operators, "--sort", "elementwise"), "operator")[1]]
    assert labels == ["relu", "add", "linear", "total"]
    labels = [line[0] for line in table(printed(*operators, "--filter", "lin"), "operator")[1]]
    assert labels == ["linear", "subtotal", "total"]
    text = printed(*operators, "--top", "1", "--columns", "calls,flops")
    assert table(text, "operator")[1] == [
        ["linear", "3", "4.22", "K"],
        ["2", "others", "2", "0"],
        ["total", "5", "4.22", "K"],
    ]
    rows = list(csv.DictReader(StringIO(printed(*operators, "--top", "1", "--format", "csv"))))
    assert [(row["operator"], row["calls"]) for row in rows] == [("aten::linear", "3"), ("(others)", "2")]


@pytest.mark.parametrize(
    "design", [SPEC, MODULE, (*MODULE, "--by", "operator")], ids=["spec", "module", "operator"]
)
@pytest.mark.parametrize("devices", ["a100", "a100,h100"])
@pytest.mark.parametrize("output", ["table", "markdown", "csv", "json"])
def test_a_filter_that_finds_nothing_is_said_to(design, devices, output):
    text = printed(*design, "--filter", "zzz", "--top", "2", "--device", devices, "--format", output)
    assert (output not in ("table", "markdown")) or " has 'zzz' in its " in text


def test_the_roofline_shows_the_same_layers():
    text = printed(*SPEC, "--device", "a100", "--top", "2")
    tables = [part for part in text.split("\n\n") if part.startswith(" layer ")]
    labels = [[line.split()[0] for line in part.splitlines()[2:]] for part in tables]
    assert labels == [["2", "3", "3", "total"], ["2", "3", "3"]]


def test_csv_has_a_line_for_each_layer():
    rows = list(csv.DictReader(StringIO(printed(*SPEC, "--format", "csv", "--sort", "macs"))))
    assert [row["path"] for row in rows] == ["2", "3", "0", "1", "4"]
    assert sum(int(row["macs"]) for row in rows) == json.loads(printed(*SPEC, "--json"))["macs"]


def test_open_sizes_give_formulas():
    text = printed(
        "cost", "[B, E] -> Linear(E, 4E) -> Linear(4E, E)", "--set", "B=2", "--columns", "macs,share"
    )
    assert table(text, "layer")[1][-1] == ["total", "16·E²", "100%"]


def test_the_share_of_an_open_size_is_a_percentage_or_a_formula():
    _, lines = table(printed("cost", "Linear(E, E) -> ReLU -> Linear(E, 9)", "--columns", "share"), "layer")
    assert [" ".join(line[2:]) for line in lines[::2]] == ["E) E/(E + 9)", "9) 9/(E + 9)"]
    assert lines[1] == ["1", "ReLU()"]
    _, lines = table(printed("cost", "3 x Linear(E, E)", "--columns", "share"), "layer")
    assert [line[-1] for line in lines] == ["33.3%", "33.3%", "33.3%", "100%"]


PADDED = "[1, 8, 10] -> 2 x Conv1d(8, 8, 3, padding=1)"


def test_tables_show_the_macs_that_flops_are_made_of(here):
    (here / "conv.py").write_text(
        "from torch.nn import *\nnet = Sequential(*(Conv1d(8, 8, 3, padding=1) for _ in range(2)))\n"
    )
    design = ("cost", PADDED, "--counters", "none", "--taps", "valid")
    module = ("cost", "conv.py:net", "--input", "[1, 8, 10]", "--taps", "valid")
    for command, heading in ((design, "layer"), (module, "module"), (module, "operator")):
        text = printed(*command)
        headings, lines = table(text, heading)
        assert "MACs on real data FLOPs" in " ".join(headings)
        assert all({"1,792", "3,584"} <= {*line} or {"3.58", "7.17"} <= {*line} for line in lines), text
    headings, lines = table(printed(*design, "--backward"), "training step")
    assert " ".join(headings) == "training step MACs on real data FLOPs ÷ forward elementwise"
    assert lines[0] == ["forward", "3.58", "K", "7.17", "K", "1.00×", "0"]


def test_the_backward_of_a_spec_is_that_of_the_module(here):
    (here / "mlp.py").write_text(
        "from torch.nn import *\nmlp = Sequential(Linear(8, 32), GELU(), Linear(32, 2))\n"
    )
    design = ("cost", "[4, 8] -> Linear(8, 32) -> GELU -> Linear(32, 2)", "--counters", "none")
    module = ("cost", "mlp.py:mlp", "--input", "[4, 8]")
    spec, traced = (json.loads(printed(*each, "--backward", "--json")) for each in (design, module))
    assert spec["phases"] == traced["phases"]
    assert [row["backward_macs"] for row in spec["rows"]] == [
        found["backward_macs"] for found in traced["modules"][1:]
    ]
    tables = [table(printed(*each, "--backward"), "training step") for each in (design, module)]
    assert tables[0] == tables[1]
    headings, lines = table(printed(*design, "--backward"), "layer")
    assert headings == ["layer", "output", "parameters", "FLOPs", "backward"]
    assert " ".join(lines[2]) == "2 Linear(32, 2) (4, 2) 66 512 1,024"
    rows = list(csv.DictReader(StringIO(printed(*design, "--backward", "--format", "csv", "--top", "1"))))
    assert [row["backward_macs"] for row in rows] == ["1024", "512"]


def test_the_backward_of_open_sizes_is_a_formula():
    text = printed("cost", "[B, E] -> Linear(E, 4E) -> Linear(4E, E)", "--backward")
    assert " ".join(table(text, "training step")[1][-1]) == "total 20·B·E² 40·B·E² 2.50× 0"


def test_a_backward_without_work_is_said_to_add_nothing():
    outcome = convcost("cost", "[3, 4] -> ReLU", "--backward", "--counters", "none")
    said = "convcost: --backward adds nothing: the backward has no work to count\n"
    assert (outcome.code, outcome.err) == (0, said)


BLOCKS = (
    "cost",
    "block(C) = x + (Conv2d(C,C,3,padding=1) -> ReLU); "
    "[1,4,8,8] -> block(4) -> concat(Conv2d(4,2,1), Conv2d(4,3,1) -> Conv2d(3,2,1), dim=1)",
    *("--counters", "none"),
)


def test_layers_in_branches_have_dotted_paths_and_come_before_what_joins_them():
    _, lines = table(printed(*BLOCKS), "layer")
    assert [line[0] for line in lines] == ["0.1.0", "0.1.1", "0", "1.0", "1.1.0", "1.1.1", "1"]


def test_layers_deeper_than_asked_are_taken_together():
    columns = ("--columns", "shapes,macs,bytes,share")
    _, lines = table(printed(*BLOCKS, "--depth", "1", *columns), "layer")
    assert [" ".join(line) for line in lines] == [
        "0 add() and its 2 layers (1, 4, 8, 8) (1, 4, 8, 8) 9,216 2,640 84.7%",
        "1 concat(dim=1) and its 3 layers (1, 4, 8, 8) (1, 4, 8, 8) 1,664 2,180 15.3%",
        "total 10,880 100%",
    ]
    _, lines = table(printed(*BLOCKS, "--depth", "2"), "layer")
    assert [" ".join(line[:3]) for line in lines] == [
        *("0.1 2 layers", "0 add() (1,", "1.0 Conv2d(4, 2,", "1.1 2 layers", "1 concat(dim=1) (1,")
    ]
    rows = list(csv.DictReader(StringIO(printed(*BLOCKS, "--depth", "1", "--format", "csv"))))
    assert [(row["path"], row["layer"], row["macs"], row["output"]) for row in rows] == [
        ("0", "add() and its 2 layers", "9216", "[1, 4, 8, 8]"),
        ("1", "concat(dim=1) and its 3 layers", "1664", "[1, 4, 8, 8]"),
    ]


REFUSALS = {
    (): "a design is missing\n",
    (
        "linear",
        "3",
        "4",
    ): "a design is one text, not 3\nWrite 'linear(3, 4)', or convcost layer linear 3 4.\n",
    (CHAIN, CHAIN): "cost takes one design, not 2\nconvcost compare takes several.\n",
    ("net.py:Net", CHAIN): "convcost cost takes one target, not 2\n",
    ("torch.nn.ReLU",): "torch.nn.ReLU has no colon\nWrite it as torch.nn:ReLU.\n",
    ("Linear(3, 4)", "--input", "f32[5, 3]"): (
        "--input is for torch modules; a design states its input\n"
        "Write the shape in front: '[5, 3] -> Linear(3, 4)'\n"
    ),
    ("[5, 3] -> ReLU", "--input", "5,3"): (
        "--input is for torch modules; a design states its input\nIt has one: [5, 3] -> ReLU\n"
    ),
    ("Linear(3, 4)", "--train"): "--train is for torch modules, such as net.py:Net\n",
    ("Linear(3, 4)", "--formulas", "a.py:b"): "--formulas is for torch modules, such as net.py:Net\n",
    ("Linear(3, 4)", "--by", "operator"): (
        "--by operator is for torch modules; a design is shown by layer\n"
    ),
    ("Linear(3, 4)", "--by", "layers"): "--by must be layer, not layers (did you mean layer?)\n",
    ("--model", "net.py:Net"): (
        "no option or size is called --model\nGive a module without an option: net.py:Net\n"
    ),
    ("Linear(3, 4)", "--E", "3"): "no option or size is called --E\n",
    ("Linear(3, 4)", "--set", "E=3"): "no size is called E\n",
    ("net.py:Net", "--input", "[B,8]", "--set", "E=3"): "no size is called E\n",
    (CHAIN, "--top", "0"): "--top is 0; it must be at least 1\n",
    (CHAIN, "--columns", "parms"): "no column is called parms (did you mean params?)\nChoose from shapes, ",
    (CHAIN, "--columns", "flops,"): "no column is called ",
    (CHAIN, "--columns", "backward"): "the column backward needs --backward\nAdd --backward.\n",
    ("[B, 3] -> Linear(3, E)", "--top", "1"): "--top needs a number for B, E\n",
    ("[B, 3] -> Linear(3, E)", "--sort", "bytes"): "--sort bytes needs a number for B, E\n",
    ("net.py:Net", "--by", "operator", "--depth", "1"): "--depth is for modules",
    ("net.py:Net", "--by", "operator", "--sort", "params"): "operators are not sorted by params\n",
    ("net.py:Net", "--by", "operator", "--sort", "path"): "operators are not sorted by path\n",
    ("net.py:Net", "--by", "operator", "--columns", "params"): "operators have no column params\n",
}


@pytest.mark.parametrize(("request_", "message"), REFUSALS.items(), ids=[" ".join(key) for key in REFUSALS])
def test_a_wrong_request_is_refused_in_a_few_words(request_, message):
    assert refused("cost", *request_).startswith(message)


def test_a_filter_that_no_layer_has_names_what_is_near():
    out = convcost("cost", "Linear(3, 4) -> ReLU -> Linear(4, 5)", "--filter", "liner").out
    assert "No layer has 'liner' in its path or arguments (did you mean Linear?)." in out
    assert "subtotal" not in out
