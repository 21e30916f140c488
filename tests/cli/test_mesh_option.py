"""`--mesh`: a module that brings a plan, on ranks that are not there."""

import json

import pytest
from cli_runner import convcost, refused

NET = """
import torch
from torch import nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(x)))

class Plain(nn.Module):
    def __init__(self, width=64, depth=3):
        super().__init__()
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)

class Planned(Plain):
    tp_plan = {"blocks.*.up": "colwise", "blocks.*.down": RowwiseParallel(), "head": "colwise_rep"}

class Method(Plain):
    def parallelize(self, mesh):
        parallelize(self, mesh)

def parallelize(module, mesh):
    plan = {"blocks.*.up": ColwiseParallel(), "blocks.*.down": RowwiseParallel()}
    return parallelize_module(module, mesh["tp"], plan)

def fail(module, mesh):
    raise RuntimeError("no plan today")

def number(module, mesh):
    return 3

class Unknown(Plain):
    tp_plan = {"blocks.*.up": "colwize"}

class Misnamed(Plain):
    tp_plan = {"block.*.up": "colwise"}
"""


@pytest.fixture(autouse=True)
def net(folder, plain_screen):
    """The file of the modules, in an empty folder."""
    (folder / "net.py").write_text(NET, encoding="utf-8")


def model(name, *options, shape="4,64"):
    """The outcome of `convcost model` of a module of that file."""
    return convcost("model", f"net.py:{name}", "--input", f"f32[{shape}]", *options)


def distributed(name, *options, shape="4,64"):
    """What its JSON says of the mesh."""
    code, out, err = model(name, "--json", *options, shape=shape)
    assert (code, err) == (0, "")
    return json.loads(out)["distributed"]


def test_one_rank_beside_the_whole():
    code, out, err = model("Planned", "--mesh", "dp=2,tp=4", "--backward")
    assert (code, err) == (0, "")
    assert "Each of the 2 groups of ranks has its own inputs" in out
    assert " blocks.*.down: all_reduce   tp=4   3 × f32 (4, 64)" in out
    assert " blocks.*: all_gather        dp=2    3 × f32 (4160)" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("name", "options"), [("Planned", ()), ("Method", ()), ("Plain", ("--parallelize", "net.py:parallelize"))]
)
def test_a_plan_is_an_attribute_a_method_or_a_function(name, options):
    found = distributed(name, "--mesh", "tp=8", *options)
    assert found["mesh"] == [{"name": "tp", "size": 8}]
    sent = [each for each in found["collectives"] if each["kind"] == "all_reduce"]
    assert [each["path"] for each in sent] == ["blocks.0.down", "blocks.1.down", "blocks.2.down"]
    assert [each["bytes"] for each in sent] == [4 * 64 * 4] * 3
    assert found["per_rank"]["macs"] >= 3 * 4 * 2 * 64 * 32


def test_weights_may_be_large_and_activations_small():
    large = ("--arg", "width=1024", "--arg", "depth=1")
    found = distributed("Planned", "--mesh", "tp=2", *large, shape="8,1024")
    assert found["per_rank"]["macs"] == 8 * 1024 * (4096 + 5)
    assert [each["path"] for each in found["collectives"]] == ["blocks.0.down", "head"]


def test_dp_shards_the_parameters_of_any_module():
    found = distributed("Plain", "--mesh", "dp=4")
    assert found["data_parallel"] == 4
    assert [(each["path"], each["shape"]) for each in found["collectives"]] == [
        *((f"blocks.{place}", [33088 // 4]) for place in range(3)),
        ("", [3 * 64 + 3]),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--mesh", "tp"), "--mesh tp is not a mesh"),
        (("--mesh", "tp=0"), "--mesh tp=0: it must be 1 to 65,536 ranks"),
        (
            ("--mesh", "tp=99999999999999999999"),
            "--mesh tp=99999999999999999999: it must be 1 to 65,536 ranks",
        ),
        (("--mesh", "tp=2,tp=2"), "--mesh tp=2,tp=2 has the dimension tp twice"),
        (("--mesh", "dp=1024,tp=1024"), "a mesh has at most 65,536 ranks, not 1,048,576"),
        (("--mesh", "pp=2"), "the module has no plan for the mesh dimension pp"),
        (("--mesh", "tp=2"), "Plain has no tensor-parallel plan"),
        (("--mesh", "tp=2", "--memory"), "--memory is for one device, so it can't be combined with --mesh"),
        (("--parallelize", "net.py:parallelize"), "--parallelize needs --mesh, for example --mesh tp=8"),
        (("--mesh", "tp=2", "--parallelize", "net.py:Block"), "net.py:Block takes 1 argument, not 2"),
        (("--mesh", "tp=2", "--parallelize", "net.py:missing"), "net.py has no missing"),
        (("--mesh", "tp=2", "--parallelize", "os:system"), "os is Python's own module"),
        (
            ("--mesh", "tp=2", "--parallelize", "net.py:fail"),
            "net.py:Plain could not be run on the mesh: Runt",
        ),
        (
            ("--mesh", "tp=2", "--parallelize", "net.py:number"),
            "the function that parallelizes the module returned int",
        ),
    ],
)
def test_what_can_t_be_done_is_said(options, message):
    assert refused("model", "net.py:Plain", "--input", "f32[4,64]", *options).startswith(message)


@pytest.mark.parametrize("command", ["cost", "model"])
def test_cost_and_model_show_the_same_rank(command):
    code, out, err = convcost(command, "net.py:Planned", "--input", "f32[4,64]", "--mesh", "tp=8", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["distributed"]["per_rank"]["macs"] == 49_664


RANKS = """tp=8, rank 0     Planned    Method   Method ÷ Planned
───────────────────────────────────────────────────────
 parameters        12,706    13,226              1.04×
 MACs              49,664    51,712              1.04×
   on real data    49,664    51,712              1.04×
 FLOPs             99,328   103,424              1.04×
 bias adds          1,160     1,192              1.03×
 elementwise        1,344     1,344              1.00×
 activations        1,160     1,192              1.03×
 payload sent     3.10 KB   3.07 KB             0.990×
"""


def test_compare_shows_a_rank_of_each_module():
    code, out, err = convcost(
        "compare", "net.py:Planned", "net.py:Method", "--input", "f32[4,64]", "--mesh", "tp=8"
    )
    assert (code, err) == (0, "")
    assert RANKS in out
    assert "Payload: the bytes that a rank passes to a collective.\n" in out


def test_compare_leaves_a_spec_whole():
    code, out, _ = convcost(
        "compare", "f32[4,64] -> net.py:Planned", "[4,64] -> Linear(64,10)", "--mesh", "tp=8", "--json"
    )
    assert code == 0
    first, second = json.loads(out)["candidates"]
    assert first["distributed"]["ranks"] == 8
    assert "distributed" not in second


@pytest.mark.parametrize(
    "arguments",
    [
        ("cost", "Linear(3,4)", "--mesh", "tp=8"),
        ("compare", "Linear(3,4)", "Linear(4,3)", "--mesh", "tp=8"),
    ],
)
def test_a_spec_has_no_mesh(arguments):
    assert refused(*arguments).startswith("--mesh is for torch modules, such as net.py:Net")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Unknown",
            "the plan's style for blocks.*.up is colwize, which is unknown (did you mean colwise?)",
        ),
        ("Misnamed", "the plan has a style for block.*.up, which is not a submodule"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(name, message):
    assert refused("model", f"net.py:{name}", "--input", "f32[4,64]", "--mesh", "tp=2").startswith(message)


def test_sizes_need_a_number():
    message = refused("model", "net.py:Planned", "--input", "f32[B,64]", "--mesh", "tp=2")
    assert message.startswith("a mesh needs a number for B")
