"""Every JSON that a command prints, against the schema that it ships."""

import json
import tomllib
from functools import cache
from pathlib import Path

import pytest
from cli_runner import ROOT, convcost, refused
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from convcost.layers import KINDS
from convcost.render import render
from convcost.schemas import NAMES, OUTPUTS
from convcost.verify.cases import generate_cases

NET = """
import torch
from torch import nn
from torch._higher_order_ops import while_loop


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.heads = nn.ModuleList((nn.Linear(width, 5), nn.Linear(width, 5)))
        self.heads[1].weight = self.heads[0].weight
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = self.lstm(x + self.attention(x, x, x)[0])[0]
        return {"first": self.heads[0](x), "second": self.heads[1](x)}


class Wide(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 5))


class Partial(nn.Module):
    def forward(self, x):
        return torch._foreach_exp([x])[0]


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        x = while_loop(lambda h: h.norm() > 1, lambda h: (self.fc(h),), (x,))[0]
        x = torch.cond(x.sum() > 0, self.fc, lambda h: h + 1, (x,))
        return torch.cond(torch.ones(()) > 0, self.fc, lambda h: h + 1, (x,))


class Wave(nn.Module):
    def forward(self, x):
        return {"spectrum": [torch.fft.rfft(x).abs()], "none": None, "number": 3}
"""

CONFIG = """
tolerance = "1%"

[entries.dense]
spec = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { E = 128, L = 10 }
max_flops = "1 KFLOPs"
flops = "20*B*S*E**2"
agree_with = ["fvcore", "flop_counter_mode"]

[entries.conv]
spec = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=same)"
sizes = { E = 128, L = 10 }
ratio_to = "dense"
max_ratio = 7
min_ratio = "7/2"

[entries.open]
spec = "[B, S, E] -> Linear(E, E) -> GELU"
flops = "B*S*E**2"

[entries.net]
model = "net.py:Net"
inputs = ["f32[1,4,8]"]
max_params = "10 K"
"""


@cache
def validator(name):
    return Draft202012Validator(json.loads(convcost("schema", name).out))


def holds(*arguments):
    """The command's JSON, which is as its schema says."""
    outcome = convcost(*arguments, "--json")
    assert outcome.out, outcome.err
    record = json.loads(outcome.out)
    found = best_match(validator(arguments[0]).iter_errors(record))
    assert found is None, f"{found.json_path}: {found.message}"
    return record


@pytest.fixture
def net(folder):
    Path("net.py").write_text(NET, encoding="utf-8")


SPECS = (
    ("Linear(10E, E)", "2 x Conv1d(E, E, 3)"),
    ("a = Linear(3, 4)", "b = Linear(3, 8) -> ReLU", "c = Embedding(3, 4)"),
    ("[B, H, W, C] -> Linear(C, 2C)", "[B, C, H, W] -> Conv2d(C, 2C, K, stride=2, padding=K//2)"),
    ("[B, C, L] -> MaxPool1d(K, S) -> Conv1d(C, C, K, dilation=D, padding=1)", "[B, C] -> Linear(C, C/2)"),
)


@pytest.mark.parametrize("specs", SPECS, ids=" | ".join)
@pytest.mark.parametrize("sizes", [(), ("--E", "128", "--L", "10")], ids=["open", "bound"])
def test_comparisons(specs, sizes):
    given = sizes if specs is SPECS[0] else ()
    record = holds("compare", *specs, *given, "--counters", "none")
    assert len(record["candidates"]) == len(specs)


def test_a_comparison_with_the_counters_verdicts():
    assert holds("compare", "--E", "16", "--L", "10")["candidates"][0]["counters"]


def test_a_comparison_by_the_valid_taps_of_open_sizes():
    holds("compare", "[B, C, L] -> Conv1d(C, C, K, S, padding=K//2)", "Linear(C, C)", "--counters", "none")


def test_a_comparison_of_modules(net):
    record = holds(
        *("compare", "net.py:Wide", "[4, 8] -> Linear(8, 5)", "--input", "f32[4,8]", "--counters", "none")
    )
    assert record["differences"]


def test_a_comparison_of_open_modules_and_one_of_what_is_partial(net):
    holds("compare", "net.py:Wide", "[B, 8] -> Linear(8, 5)", "--input", "f32[B,8]")
    options = ("--input", "f32[3,3]", "--counters", "none")
    assert holds("compare", "net.py:Partial", "[3, 3] -> Linear(3, 3)", *options)["candidates"][0][
        "uncounted"
    ]


@pytest.mark.parametrize("specs", SPECS, ids=" | ".join)
def test_least_times_on_a_device(specs):
    options = ("--device", "h100", "--dtype", "bf16", "--counters", "none")
    record = holds("compare", *specs, *options)
    assert all(candidate["roofline"]["parts"] for candidate in record["candidates"])


def test_least_times_of_a_module(net):
    record = holds("model", "net.py:Wide", "--input", "f32[4,8]", "--backward", "--device", "a100")
    assert {part["phase"] for part in record["roofline"]["parts"]} > {"forward"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layer(kind):
    for case in generate_cases(kind, 4, seed=2):
        validator("layer").validate(json.loads(render(case.report, "json")))


def test_a_layer_with_open_sizes():
    record = holds("layer", "conv2d", "C", "2C", "3", "--stride", "2", "--count", "all")
    assert isinstance(record["flops"], str)


@pytest.mark.parametrize(
    "arguments",
    [
        (SPECS[1][1], "--memory", "--device", "a100"),
        (SPECS[3][0], "--backward"),
        ("2 x Linear(3, 3)", "--backward", "--top", "1", "--columns", "share"),
        ("net.py:Net", "--input", "f32[1,4,8]", "--backward"),
    ],
    ids=" ".join,
)
def test_one_design_in_full(net, arguments):
    holds("cost", *arguments)


def test_a_layer_with_the_counters_verdicts():
    assert (
        holds("layer", "conv1d", "4", "4", "3", "--length", "9")["counters"]["torch_profiler"]["verdict"]
        == "blind"
    )


@pytest.mark.parametrize(
    "options",
    [
        ("net.py:Net", "--input", "f32[2,4,8]"),
        ("net.py:Net", "--input", "f32[2,4,8]", "--backward", "--train"),
        ("net.py:Net", "--input", "f32[2,4,8]", "--counters", "fvcore,flop_counter_mode"),
        ("net.py:Wide", "--input", "f32[B,8]"),
        ("net.py:Partial", "--input", "f32[3,3]"),
        ("net.py:Partial", "--input", "f32[3,3]", "--strict"),
        ("net.py:Branches", "--input", "f32[4,8]", "--backward"),
        ("net.py:Branches", "--input", "f32[B,8]"),
        ("net.py:Wave", "--input", "f32[4,8]", "--count", "all", "--taps", "valid"),
        ("net.py:Wave", "--input", "f32[B,8]"),
        ("net.py:Wide", "--input", "f32[4,8]", "--by", "operator", "--filter", "Linear", "--sort", "flops"),
        ("torch.nn:Identity", "--input", "f32[3,3]"),
    ],
    ids=" ".join,
)
def test_models(net, options):
    holds("model", *options)


@pytest.mark.parametrize(
    "options",
    [
        ("Linear(10E, E)", "2 x Conv1d(W, W, 3)", "--vary", "W", "--E", "128", "--L", "10"),
        ("Linear(10E, E)", "2 x Conv1d(W, W, 3)", "--vary", "W", "--E", "128", "--metric", "params"),
        ("Conv1d(E, E, K)", "--vary", "E,K", "--budget", "10MFLOPs", "--L", "32"),
        ("Linear(E, E)", "--vary", "E", "--budget", "1", "--min", "E=9"),
    ],
    ids=" ".join,
)
def test_matches(options):
    holds("match", *options)


@pytest.mark.parametrize(
    "options",
    [
        ("Linear(E, E)", "Linear(E, 2E)", "--over", "E=4:64:4", "--where", "ratio > 1"),
        ("Linear(E, F)", "--over", "E=3,5", "--over", "F=2E,E/2", "--pareto", "flops,params:max"),
        ("Linear(E, E)", "--over", "E=0"),
    ],
    ids=" ".join,
)
def test_sweeps(options):
    holds("sweep", *options)


@pytest.mark.parametrize(
    "options",
    [
        ("--E", "128", "--L", "10"),
        ("--count", "all", "--taps", "valid"),
        (),
        ("conv2d", "3", "8", "3"),
        ("[N, 8] -> BatchNorm1d(8) -> GELU",),
        ("[B, 3, 8, 8] -> ConvTranspose2d(3, 4, 3, stride=2, padding=1) -> MaxPool2d(2) -> Flatten",),
    ],
)
def test_explanations(options):
    holds("explain", *options)


def test_counters():
    assert holds("counters")["counters"]


def test_verifications(monkeypatch):
    monkeypatch.setattr(
        "convcost.core.arithmetic.linear_macs", lambda positions, inner, outer: positions * inner
    )
    record = holds("verify", "--kinds", "linear,conv1d", "--cases", "1")
    assert record["new"]
    assert record["known"]


def test_checks_configurations_and_lock_files(net):
    Path("convcost.toml").write_text(CONFIG, encoding="utf-8")
    assert not holds("check")["passed"]
    holds("check", "--update")
    Path("net.py").write_text(NET.replace("width=8", "width=8, more=1").replace("2, 2", "3, 3"))
    Path("convcost.toml").write_text(CONFIG.replace("2 x Conv1d", "3 x Conv1d"))
    assert not holds("check")["passed"]
    validator("config").validate(tomllib.loads(CONFIG))
    validator("lock").validate(tomllib.loads(Path("convcost.lock").read_text(encoding="utf-8")))


def test_the_projects_own_configuration():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"].get("convcost")
    if table is None:
        pytest.skip("there is none")
    validator("config").validate(table)


def spoiled(record):
    """The record with one thing wrong at a time."""
    yield "an unknown name", {**record, "surprise": 1}
    for name, value in record.items():
        yield f"no {name}", {other: record[other] for other in record if other != name}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for what, part in spoiled(value[0]):
                yield f"{name}: {what}", {**record, name: [part, *value[1:]]}
        elif isinstance(value, bool | int | str) or value is None:
            yield f"{name} is a list", {**record, name: [[]]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "--E", "8", "--L", "10", "--counters", "none"),
        ("layer", "linear", "3", "4", "--counters", "none"),
        ("match", "Linear(E, E)", "--vary", "E", "--budget", "99"),
        ("sweep", "Linear(E, E)", "--over", "E=1:3"),
        ("counters",),
        ("devices", "h100", "xeon-8480"),
        ("layers", "--family", "dense"),
        ("verify", "--kinds", "linear", "--counters", "none", "--cases", "1"),
    ],
    ids=" ".join,
)
def test_what_is_missing_unknown_or_of_another_type_is_refused(arguments):
    for what, wrong in spoiled(holds(*arguments)):
        assert not validator(arguments[0]).is_valid(wrong), what


def test_a_schema_is_printed_as_json():
    for name in NAMES:
        assert json.loads(convcost("schema", name).out)["title"]


def test_every_command_that_prints_json_has_a_schema():
    from convcost.cli.commands import COMMANDS

    assert set(OUTPUTS) == set(COMMANDS) - {"code", "report", "schema"}


def test_a_name_without_a_schema_is_refused():
    names = f"Choose from {', '.join(NAMES)}.\n"
    assert refused("schema", "loc") == f"no schema is called loc (did you mean lock?)\n{names}"
    assert refused("schema") == f"a name is missing\n{names}"
