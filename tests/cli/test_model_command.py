"""`convcost model`: a torch module by its place, its tree, its operators, its remarks; and in `compare`."""

import json

import pytest
from cli_runner import convcost, process, refused

NET = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(x, x, x)[0]
        return x + self.mlp(x)

class Net(nn.Module):
    def __init__(self, width=8, depth=3, words=50):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.embedding.weight
        self.unused = nn.Linear(3, 3)

    def forward(self, ids):
        print("running")
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(x)

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, y=None):
        return self.fc(self.fc(x))

class Decides(Twice):
    def forward(self, x):
        return self.fc(x) if x.sum() == 0 else x

class Fails(Twice):
    def forward(self, x):
        raise RuntimeError("the weather is bad")

def inputs():
    print("making")
    return torch.zeros(3, 4)

class Looked(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 8)
        self.fc = nn.Linear(8, 8)

    def forward(self, ids):
        return self.fc(self.embedding(ids))
"""

OPERATOR = """
import torch
from torch import nn
from convcost import Cost

library = torch.library.Library("NAME", "DEF")
library.define("scan(Tensor x) -> Tensor")
library.impl("scan", lambda x: x.clone(), "CompositeExplicitAutograd")

class Scans(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return torch.ops.NAME.scan(torch.ops.NAME.scan(self.fc(x)))

FORMULAS = {"NAME::scan": lambda x, output, **_: Cost(macs=x.shape[0] * 7, valid_macs=x.shape[0] * 7)}
WRONG = {"NAME::scan": 7}
"""

SCREEN = """\
 Net     net.py:Net
 input   ids int64 (2, 7)
 output  float32 (2, 7, 50)

 module                                params     MACs    FLOPs   share
────────────────────────────────────────────────────────────────────────
 (itself)                                  12        0        0
 embedding: Embedding                     400        0        0
 blocks.0–2: 3 × Block                 2.52 K   37.0 K   73.9 K   86.8%
   attention: 3 × MultiheadAttention      864   15.5 K   30.9 K   36.3%
   mlp: 3 × Sequential                 1.66 K   21.5 K   43.0 K   50.5%
     0: 3 × Linear                        864   10.8 K   21.5 K   25.3%
     1: 3 × GELU                            0        0        0
     2: 3 × Linear                        792   10.8 K   21.5 K   25.3%
 head: Linear                               0   5.60 K   11.2 K   13.2%
 total                                 2.93 K   42.6 K   85.1 K    100%

 operator   calls     MACs    FLOPs   share   elementwise
──────────────────────────────────────────────────────────
 linear        13   37.9 K   75.7 K   88.9%             0
 bmm            6   4.70 K   9.41 K   11.1%             0
 5 others      18        0        0                11.3 K
 total         37   42.6 K   85.1 K    100%        11.3 K

                         exact           about
───────────────────────────────────────────────
 parameters              2,932   2.93 K params
 MACs                   42,560      42.6 KMACs
   on real data         42,560      42.6 KMACs
 FLOPs                  85,120     85.1 KFLOPs
   per output element                      122
 bias adds               3,024
 elementwise            11,256
 output elements           700
 activations             4,648
 bytes (float32)        14,640         14.6 KB
 FLOPs per byte                           5.81

 Unused in this run: unused.weight, unused.bias; they are counted in the
 nearest enclosing module that ran.
 head.weight is the same tensor as embedding.weight: counted once.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

IDS = ("--input", "ids=i64[2,7]")
MODEL = ("model", "net.py:Net", *IDS)


@pytest.fixture(autouse=True)
def here(folder):
    (folder / "net.py").write_text(NET)
    return folder


def printed(*arguments, code=0):
    outcome = convcost(*arguments)
    assert outcome.code == code, outcome.err
    return outcome.out


def record(*arguments):
    return json.loads(printed(*arguments, "--json"))


def table(text, heading):
    """The lines of one table, without its rule."""
    _, found, after = text.partition(f"\n {heading} ")
    lines = after.split("\n\n")[0].splitlines()
    return [line.split() for line in lines[2:]] if found else []


def test_a_model_is_a_tree_its_operators_its_totals_and_remarks():
    assert convcost(*MODEL) == (0, SCREEN, "running\n")


def test_what_the_users_code_prints_is_no_output():
    outcome = convcost("model", "net.py:Twice", "--inputs-from", "net.py:inputs", "--json")
    assert (json.loads(outcome.out)["macs"], outcome.err) == (96, "making\n")


def test_a_process_of_its_own_finds_the_file_and_its_folder(here):
    (here / "beside.py").write_text("WIDTH = 4\n")
    (here / "wide.py").write_text(
        "from beside import WIDTH\nfrom net import Net\ndef make(): return Net(2 * WIDTH)\n"
    )
    outcome = process("model", "wide.py:make", *IDS)
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        SCREEN.replace("net.py:Net", "wide.py:make"),
        "running\n",
    )


def test_arguments_are_read_as_python_reads_them():
    found = record("model", "net.py:Net", *IDS, "--arg", "width=16", "--arg", "depth=1")
    assert (found["spec"], len(found["modules"])) == ("net.py:Net(width=16, depth=1)", 9)


@pytest.mark.parametrize(
    ("value", "shown"), [("'a'", "'a'"), ("a b", "'a b'"), ("[1,2]", "[1, 2]"), ("None", "None")]
)
def test_any_other_value_is_a_text(here, value, shown):
    (here / "net.py").write_text(NET + "def make(arg): return nn.Linear(4, 4)\n")
    found = record("model", "net.py:make", "--input", "[4]", "--arg", f"arg={value}")
    assert found["spec"] == f"net.py:make(arg={shown})"


def test_letters_get_their_sizes_by_name():
    text = printed("model", "net.py:Net", "--input", "i64[B,T]", "--B", "2", "--set", "T=7")
    assert text == SCREEN.replace("input   ids", "sizes   B = 2, T = 7\n input   ids")


def test_letters_without_a_size_stay_open():
    found = record("model", "net.py:Twice", "--input", "[B,4]")
    assert (found["macs"], found["input"], found["params"]) == ("32*B", ["B", 4], 20)


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        (("--depth", "1"), ["(itself)", "embedding:", "blocks.0–2:", "head:", "total"]),
        (("--depth", "1", "--sort", "macs"), ["blocks.0–2:", "head:", "(itself)", "embedding:", "total"]),
        (("--depth", "1", "--sort", "params"), ["blocks.0–2:", "embedding:", "(itself)", "head:", "total"]),
        (("--depth", "1", "--sort", "path"), ["(itself)", "blocks.0–2:", "embedding:", "head:", "total"]),
        (
            ("--filter", "gelu"),
            ["blocks.0.mlp.1:", "blocks.1.mlp.1:", "blocks.2.mlp.1:", "subtotal", "total"],
        ),
        (("--filter", "Embed"), ["embedding:", "subtotal", "total"]),
        (("--filter", "linear", "--depth", "1"), ["head:", "subtotal", "total"]),
    ],
)
def test_depth_order_and_filter_choose_what_is_shown(arguments, labels):
    assert [line[0] for line in table(printed(*MODEL, *arguments), "module")] == labels


def test_modules_within_others_are_not_summed_twice():
    lines = table(printed(*MODEL, "--filter", "mlp"), "module")
    assert len(lines) == 3 + 9 + 2
    assert lines[-2] == ["subtotal", *("1.66", "K", "21.5", "K", "43.0", "K"), "50.5%"]


def test_operators_take_the_place_of_modules():
    text = printed(*MODEL, "--by", "operator")
    assert table(text, "module") == []
    assert [line[0] for line in table(text, "operator")] == [
        *("linear", "bmm", "gelu", "softmax", "add", "mean", "mul", "total")
    ]


def test_the_convention_decides_what_flops_are():
    found = record(*MODEL, "--count", "all")
    assert found["flops"] == 2 * found["macs"] + found["bias_adds"] + found["elementwise"]
    assert found["convention"]["count"] == "all"
    assert sum(module["flops"] for module in found["modules"] if "." not in module["path"][1:7]) > 0


def test_json_has_modules_operators_and_both_ends():
    found = record(*MODEL)
    assert found["inputs"] == [{"name": "ids", "dtype": "int64", "shape": [2, 7]}]
    assert found["outputs"][0]["shape"] == [2, 7, 50]
    assert (found["partial"], found["uncounted"], found["ran_on"]) == (False, [], "shapes")
    assert found["unused_parameters"] == ["unused.weight", "unused.bias"]
    assert found["tied_parameters"] == [["embedding.weight", "head.weight"]]
    assert sum(row["macs"] for row in found["rows"]) == found["macs"] == 42_560
    assert sum(operator["macs"] for operator in found["operators"]) == found["macs"]
    assert found["modules"][0] | {"path": "", "kind": "Net", "macs": 42_560} == found["modules"][0]
    assert "phases" not in found


def test_a_row_is_as_in_the_contract():
    row = record(*MODEL)["rows"][-1]
    assert row["path"] == "head"
    assert row.keys() >= {"path", "kind", "input", "output", "params", "macs", "flops"}


def test_csv_has_a_line_for_each_module():
    lines = printed(*MODEL, "--format", "csv", "--filter", "blocks.1.mlp").splitlines()
    assert lines == [
        "path,kind,calls,input,output,params,trainable_params,macs,valid_macs,flops,bias_adds,elementwise,"
        "activations,level,part",
        'blocks.1.mlp,Sequential,1,"[2, 7, 8]","[2, 7, 8]",552,552,7168,7168,14336,560,2240,560,0,inner',
        'blocks.1.mlp.0,Linear,1,"[2, 7, 8]","[2, 7, 32]",288,288,3584,3584,7168,448,0,448,1,leaf',
        'blocks.1.mlp.1,GELU,1,"[2, 7, 32]","[2, 7, 32]",0,0,0,0,0,0,2240,0,1,leaf',
        'blocks.1.mlp.2,Linear,1,"[2, 7, 32]","[2, 7, 8]",264,264,3584,3584,7168,112,0,112,1,leaf',
    ]


@pytest.mark.parametrize("output_format", ["markdown", "html", "latex"])
def test_every_format_has_the_tree(output_format):
    text = printed(*MODEL, "--format", output_format)
    assert "MultiheadAttention" in text
    assert "37.0" in text


def test_backward_has_lines_of_its_own():
    text = printed("model", "net.py:Twice", "--input", "[3,4]", "--backward")
    assert [line[:-1] for line in table(text, "training step")] == [
        ["forward", "96", "192", "1.00×"],
        ["input", "gradient", "48", "96", "0.500×"],
        ["weight", "gradient", "96", "192", "1.00×"],
        ["total", "240", "480", "2.50×"],
    ]
    found = record("model", "net.py:Twice", "--input", "[3,4]", "--backward")
    assert {phase: cost["macs"] for phase, cost in found["phases"].items()} == {
        "forward": 96,
        "gradient by input": 48,
        "gradient by weight": 96,
    }
    assert found["modules"][1]["backward_macs"] == 144


def test_a_module_that_runs_twice_costs_twice():
    text = printed("model", "net.py:Twice", "--input", "[3,4]")
    assert "fc: Linear, 2 calls" in text
    assert "fc ran 2 times: every run is counted, parameters only once." in text


ZEROS = "The model reads values of its inputs, and inputs without data are zeros"


def test_what_ran_on_numbers_says_on_which(here):
    assert ZEROS in " ".join(printed("model", "net.py:Decides", "--input", "[3,4]").split())
    (here / "made.py").write_text("import torch\ndef made(): return torch.ones(3, 4)\n")
    given = " ".join(printed("model", "net.py:Decides", "--inputs-from", "made.py:made").split())
    assert "The model ran on the data of its inputs, because shapes alone do not decide" in given
    assert ZEROS not in given


STEPS = """
import torch
from torch import nn

class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, steps):
        for _ in range(int(steps)):
            x = self.fc(x)
        return x

class Packs(nn.Module):
    def forward(self, x, lengths):
        return nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True).data
"""


def test_a_count_that_zeros_decide_is_no_silent_zero(here):
    (here / "steps.py").write_text(STEPS)
    arguments = ("model", "steps.py:Steps", "--input", "[3,4]", "--input", "i64[]")
    assert ZEROS in " ".join(printed(*arguments).split())
    assert json.loads(printed(*arguments, "--json"))["reads_zeros"] is True


def test_a_run_that_zeros_break_says_how_to_give_values(here):
    (here / "steps.py").write_text(STEPS)
    error = refused("model", "steps.py:Packs", "--input", "[3,6,8]", "--input", "i64[3]")
    assert error.endswith("\nInputs given by shape are zeros. For real values: --inputs-from FILE.py:NAME\n")


def test_a_formula_that_was_not_used_is_noted_with_the_name_of_what_ran(here):
    (here / "own.py").write_text(
        "from convcost import Cost\nFORMULAS = {'aten::linaer': lambda **_: Cost(macs=1)}\n"
    )
    target = ("model", "net.py:Twice", "--input", "[3,4]", "--formulas", "own.py:FORMULAS")
    note = (
        "The formula for aten::linaer was not used: no operator of that name was seen "
        "(did you mean aten::linear?)."
    )
    assert note in " ".join(printed(*target).split())
    assert record(*target)["unused_formulas"] == ["aten::linaer"]


@pytest.mark.parametrize("name", ["conv_scan"])
def test_an_operator_without_a_formula_is_named_and_a_formula_counts_it(here, name):
    (here / "scans.py").write_text(OPERATOR.replace("NAME", name))
    target = ("model", "scans.py:Scans", "--input", "[5,4]")
    text = printed(*target)
    assert (
        f" The count is partial: {name}::scan (2 calls on (5, 4)) has no formula, so\n"
        " its cost is missing. Supply formulas with --formulas.\n"
    ) in text
    assert [f"{name}::scan", "2", "not", "counted"] in table(text, "operator")
    outcome = convcost(*target, "--strict", "--json")
    found = json.loads(outcome.out)
    assert (outcome.code, found["macs"], found["partial"]) == (1, 80, True)
    assert outcome.err == "convcost: the count is partial: an operator is not counted\n"
    assert found["uncounted"] == [{"path": "", "operator": f"{name}::scan", "inputs": [[5, 4]], "calls": 2}]
    for command in ("cost", "compare"):
        modules = ("[5,4] -> scans.py:Scans",) * (2 if command == "compare" else 1)
        outcome = convcost(command, *modules, "--counters", "none", "--strict", "--json")
        assert (outcome.code, outcome.err) == (
            1,
            "convcost: the count is partial: an operator is not counted\n",
        )
    counted = record(*target, "--strict", "--formulas", "scans.py:FORMULAS")
    assert (counted["macs"], counted["partial"]) == (150, False)
    assert refused(*target, "--formulas", "scans.py:WRONG").startswith(
        "scans.py:WRONG is not a dict of formulas by operator\n"
    )


REFUSALS = {
    (): "a target is missing\n",
    ("net.py:Net", "net.py:Net", *IDS): "convcost model takes one target, not 2\n",
    ("--B", "3"): "a target is missing\n",
    ("--model", "net.py:Net", *IDS): (
        "no option or size is called --model\nGive a module without an option: net.py:Net\n"
    ),
    ("net.py:Net", *IDS, "--inp", "3", "64"): "no option or size is called --inp (did you mean --input?)\n",
    ("net.py:Net", *IDS, "-d", "3"): "no option is called -d (did you mean --depth, --dtype or --device?)\n",
    ("resnet50",): (
        "resnet50 does not name a file or module\n"
        "For a model, name its library: timm:resnet50, torchvision:resnet50 or hf:PATH.\n"
    ),
    ("net.py:Net", *IDS, "--formulas", "net.py"): "net.py does not name a dict\nWrite it as net.py:NAME.\n",
    ("net.py:Net", "--inputs-from", "net.py"): "net.py does not name a function\nWrite it as net.py:NAME.\n",
    ("net.py", *IDS): "net.py does not name a class or function\n",
    ("nut.py:Net", *IDS): "there is no file nut.py (did you mean net.py?)\n",
    ("net.py:Nat", *IDS): "net.py has no Nat (did you mean Net?)\n",
    ("net.py:Net",): "Net.forward needs a value for the input ids\n",
    ("net.py:Net", "--input", "i64(2,7)"): "found '('; expected a shape such as [1,3,224,224]\n",
    ("net.py:Net", *IDS, "--inputs-from", "net.py:inputs"): "--input and --inputs-from can't be combined\n",
    ("net.py:Net", *IDS, "--arg", "width"): "--arg width has no value\nWrite it as --arg width=10.\n",
    (
        "net.py:Net",
        *IDS,
        "--sort",
        "flop",
    ): "no quantity is called flop (did you mean flops?)\nChoose from params, trainable_params, macs",
    ("net.py:Net", *IDS, "--by", "layer"): (
        "--by layer is for designs; a torch module is shown by module or operator\n"
    ),
    ("net.py:Net", *IDS, "--depth", "0"): "--depth is 0; it must be at least 1\n",
    ("net.py:Net", *IDS, "--depth", "x"): "--depth is x; it must be a whole number\n",
    ("net.py:Net", *IDS, "--depth", "-1"): "--depth is -1; it must be at least 1\n",
    ("net.py:Net", *IDS, "--format", "yaml"): "no format is called yaml\n",
    ("net.py:Net", *IDS, "--backwards"): "no option or size is called --backwards",
    ("net.py:Net", "--input", "i64[B,7]", "--T", "3"): (
        "no option or size is called --T\nThe sizes here are B.\n"
    ),
    ("net.py:Twice", "--input", "[B,4]", "--sort", "macs"): "--sort macs needs a number for B\n",
    ("net.py:Twice", "--input", "[B,4]", "--backward"): "--backward needs a number for B\n",
    ("net.py:Fails", "--input", "[4]"): (
        "net.py:Fails could not be run on (4,): RuntimeError: the weather is bad\n"
        '  net.py:45, in forward\n    raise RuntimeError("the weather is bad")\n'
    ),
}


@pytest.mark.parametrize(("request_", "message"), REFUSALS.items(), ids=[" ".join(key) for key in REFUSALS])
def test_a_wrong_request_is_refused_in_a_few_words(request_, message):
    assert refused("model", *request_).replace("running\n", "").startswith(message)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_screen(columns, encoding, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, _ = convcost(*MODEL, "--backward", encoding=encoding)
    assert code == 0
    assert max(map(len, out.splitlines())) <= columns
    assert encoding == "utf-8" or out.isascii()


def test_shapes_are_shown_where_there_is_room(monkeypatch):
    assert "output  " not in printed(*MODEL).split("\n\n")[1]
    monkeypatch.setenv("COLUMNS", "120")
    wide = printed(*MODEL).split("\n\n")[1]
    assert wide.splitlines()[0].split() == ["module", "input", "output", "params", "MACs", "FLOPs", "share"]


def test_modules_are_compared_with_designs_and_the_difference_is_taken_apart():
    text = printed(
        *("compare", "net.py:Twice", "one = [3, 4] -> Linear(4, 4)", "--input", "[3,4]", "--counters", "none")
    )
    assert (
        """
 FLOPs, one − Twice   Twice   one   difference
───────────────────────────────────────────────
 fc, 0: Linear          192    96          −96
 total                  192    96          −96
"""
        in text
    )
    assert text.startswith(" Twice  net.py:Twice\n one    [3, 4] -> Linear(4, 4)\n")


def test_two_modules_differ_by_their_parts():
    arguments = ("compare", "net.py:Net", "wide = net.py:Net", *IDS, "--counters", "none")
    assert "FLOPs, wide" not in printed(*arguments)
    found = record("compare", "net.py:Net", "net.py:Looked", "--input", "i64[2,4]", "--counters", "none")
    parts = found["differences"][0]["parts"]
    assert parts[0]["part"] == "blocks.*.attention: MultiheadAttention"
    assert sum(part["difference"] for part in parts) == (
        found["candidates"][1]["flops"] - found["candidates"][0]["flops"]
    )


def test_counters_are_asked_about_modules_beside_designs():
    text = printed("compare", "net.py:Twice", "[3, 4] -> Linear(4, 4)", "--input", "[3,4]")
    assert (
        """
 counter                    reported   FLOPs compared   verdict
────────────────────────────────────────────────────────────────
 fvcore, Twice               96 MACs              192    agrees
 fvcore, Linear              48 MACs               96    agrees
 FlopCounterMode, Twice    192 FLOPs              192    agrees
 FlopCounterMode, Linear    96 FLOPs               96    agrees
"""
        in text
    )


def test_sizes_are_shared_by_modules_and_designs():
    found = record(
        *("compare", "net.py:Twice", "[B, E] -> Linear(E, E)", "--input", "[B,4]", "--B", "3", "--E", "4"),
        *("--counters", "none"),
    )
    assert [candidate["macs"] for candidate in found["candidates"]] == [96, 48]
    assert found["symbols"] == {"B": 3, "E": 4}


def test_each_module_has_inputs_and_arguments_of_its_own(tmp_path):
    source = (
        "from torch import nn\n\nclass Wide(nn.Module):\n    def __init__(self, width=1):\n"
        "        super().__init__()\n        self.fc = nn.Linear(4, 4 * width)\n\n"
        "    def forward(self, x):\n        return self.fc(x)\n\n"
        "class Pair(Wide):\n    def forward(self, x, mask):\n        return self.fc(x) * mask\n"
    )
    (tmp_path / "own.py").write_text(source)
    designs = [
        f"[B,4] -> {tmp_path}/own.py:Wide(width=3)",
        f"pair = (mask=f32[2,1], x=f32[2,4]) -> {tmp_path}/own.py:Pair",
        f"{tmp_path}/own.py:Wide",
    ]
    found = record("compare", *designs, "--input", "[5,4]", "--B", "7", "--arg", "width=2")
    assert [(each["name"], each["macs"]) for each in found["candidates"]] == [
        ("Wide #1", 7 * 4 * 12),
        ("pair", 2 * 4 * 8),
        ("Wide #2", 5 * 4 * 8),
    ]
    assert json.loads(convcost("model", designs[0], "--B", "7", "--json").out)["macs"] == 7 * 4 * 12
    assert refused("compare", *designs[:2], "--input", "[5,4]").startswith(
        "--input is only for modules that state no inputs\n"
    )


def test_an_input_beside_designs_alone_is_refused():
    message = refused("compare", "Linear(3, 4)", "Linear(3, 5)", "--input", "[3]")
    assert message.startswith("--input, --inputs-from, --arg, --train and --phase are for torch modules\n")


def test_a_backward_without_work_is_said_to_add_nothing(tmp_path):
    source = (
        "from torch.nn import *\ndef linear(frozen=False):\n return Linear(4, 4).requires_grad_(not frozen)\n"
    )
    (tmp_path / "one.py").write_text(source)
    command = ("model", f"{tmp_path}/one.py:linear", "--input", "f32[2,4]", "--backward")
    said = "convcost: --backward adds nothing: the backward has no work to count\n"
    assert convcost(*command).err == ""
    found = convcost(*command, "--arg", "frozen=True")
    assert (found.code, found.err) == (0, said)
    assert "÷ forward" not in found.out


def test_a_strict_model_names_the_counters_that_differ(tmp_path):
    source = "import torch\n\ndef net():\n    return torch.nn.Linear(4, 4, dtype=torch.complex64)\n"
    (tmp_path / "net.py").write_text(source)
    command = ("model", f"{tmp_path}/net.py:net", "--input", "c64[2,4]", "--counters", "flop_counter_mode")
    found = convcost(*command, "--strict")
    assert found.code == 1
    assert found.err.endswith("convcost: differs from the exact count: FlopCounterMode\n")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("class Net(Module): ...\n\nx = 1\n", "Write it as one.py:Net.\n"),
        (
            "class A(Module): ...\nclass B(Module): ...\n",
            "It has the classes A and B: one.py:A, for example.\n",
        ),
        (
            "class A(Module):\n    def __init__(self, width): ...\n\ndef small(width=3, *, depth=2): ...\n",
            "It has the class A and the function small: one.py:small, for example.\n",
        ),
        ("def make(): ...\ndef _own(): ...\n", "Write it as one.py:make.\n"),
        ("x = 1\n", "Write it as path/to/file.py:Name or as package.module:Name.\n"),
        ("class (\n", "Write it as path/to/file.py:Name or as package.module:Name.\n"),
    ],
)
def test_a_file_alone_is_told_its_names(folder, text, hint):
    (folder / "one.py").write_text(text, encoding="utf-8")
    assert refused("model", "one.py") == f"one.py does not name a class or function\n{hint}"


def test_a_filter_that_nothing_has_names_what_is_near():
    out = convcost(
        "model",
        "torch.nn:Linear",
        "--arg",
        "in_features=3",
        "--arg",
        "out_features=4",
        "--input",
        "f32[1,3]",
        "--by",
        "operator",
        "--filter",
        "linaer",
    ).out
    assert "No operator has 'linaer' in its name (did you mean linear?)." in out
    assert "subtotal" not in out
