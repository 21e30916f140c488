"""`convcost model --counters`: the model beside the counters that are asked."""

import csv
import json
from io import StringIO

import pytest
from cli_runner import convcost

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        print("running")
        return self.fc(self.norm(self.conv(x)).relu().mean((2, 3)))
"""

COUNTERS = """\
 counter                                   reported   as MACs   difference
───────────────────────────────────────────────────────────────────────────
 convcost                                             110,752
 fvcore                                118,944 MACs   118,944       +8,192
   elementwise counted: BatchNorm2d                                 +8,192
 FlopCounterMode                      221,504 FLOPs   110,752            0

 The causes listed under a counter add up exactly to its difference.

"""

BESIDE = """\
 counter              reported   FLOPs compared   verdict
──────────────────────────────────────────────────────────
 fvcore, Net      118,944 MACs          221,504    agrees
 fvcore, Conv2d   110,592 MACs          221,184    agrees

 fvcore agrees (Net): elementwise counted: BatchNorm2d (+16,384 FLOPs).

"""


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    return f"{path}:Net"


def counted(net, *arguments):
    return convcost("model", net, "--input", "f32[2,3,16,16]", *arguments)


def test_the_counters_stand_below_the_model(net):
    code, out, _ = counted(net, "--counters", "fvcore,flop_counter_mode")
    assert (code, out[out.index(" counter ") :]) == (0, COUNTERS)


def test_no_counter_is_asked_unless_it_is_said(net):
    assert "reported" not in counted(net).out
    assert json.loads(counted(net, "--json").out)["counters"] == {}


def test_json_has_causes_by_submodule(net):
    counters = json.loads(counted(net, "--counters", "torch_profiler,fvcore", "--json").out)["counters"]
    assert {name: (each["verdict"], each["macs"]) for name, each in counters.items()} == {
        "torch_profiler": ("agrees", 110752),
        "fvcore": ("agrees", 118944),
    }
    assert counters["fvcore"]["causes"] == [
        {"kind": "elementwise", "subject": "BatchNorm2d", "flops": 16384, "calls": 1, "paths": ["norm"]}
    ]


def test_csv_has_the_counters(net):
    rows = csv.DictReader(StringIO(counted(net, "--counters", "fvcore", "--format", "csv").out))
    assert [(row["counter"], row["difference"]) for row in rows] == [("fvcore", "16384"), ("fvcore", "16384")]


def test_all_asks_every_counter_that_is_installed(net):
    code, out, _ = counted(net, "--counters", "all", "--json")
    counters = json.loads(out)["counters"]
    assert code == 0
    assert [*counters][:3] == ["fvcore", "flop_counter_mode", "torch_profiler"]
    assert all(each["difference"] == sum(c["flops"] for c in each["causes"]) for each in counters.values())
    assert all(c["kind"] != "unexplained" for each in counters.values() for c in each["causes"])


def test_more_memory_than_allowed_is_not_taken(net):
    counters = json.loads(counted(net, "--counters", "fvcore", "--max-memory", "1000", "--json").out)[
        "counters"
    ]
    assert counters["fvcore"]["verdict"] == "skipped"


def test_a_counter_that_there_is_none_of_is_refused_before_anything_runs(net):
    code, out, err = counted(net, "--counters", "fvcor")
    assert (code, out) == (2, "")
    assert err.startswith("convcost: no counter is called fvcor (did you mean fvcore?)\n")
    assert "running" not in err


def test_open_sizes_are_refused(net):
    code, out, err = convcost("model", net, "--input", "f32[B,3,16,16]", "--counters", "fvcore")
    assert (code, out) == (2, "")
    assert err.endswith("convcost: --counters needs a number for B\nA counter runs the model.\n")


def test_beside_a_design_the_causes_are_said_in_a_line(net):
    design = "[2, 3, 16, 16] -> Conv2d(3, 8, 3, padding=1)"
    out = convcost("compare", net, design, "--input", "f32[2,3,16,16]", "--counters", "fvcore").out
    assert out[out.index(" counter ") :] == BESIDE
