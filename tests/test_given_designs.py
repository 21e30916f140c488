"""Wherever a design is taken, a text, a Spec, a Report and a torch module on its inputs will do."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import convcost
from convcost.core.errors import ConvcostError

sys.path.insert(0, str(Path(__file__).parent / "benchmark"))
from quick_timing import quick_stopwatch

TEXT = "[B, 8] -> Linear(8, 32) -> GELU -> Linear(32, 2)"
MACS = 4 * (8 * 32 + 32 * 2)
PARAMS = 9 * 32 + 33 * 2


def net(width=32):
    return nn.Sequential(nn.Linear(8, width), nn.GELU(), nn.Linear(width, 2))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "net.py"
    path.write_text(
        "from torch import nn\n\n\n"
        "def net(width=32):\n"
        "    return nn.Sequential(nn.Linear(8, width), nn.GELU(), nn.Linear(width, 2))\n"
    )
    return path


KINDS = {
    "a text": lambda file: TEXT,
    "a Spec": lambda file: convcost.parse(TEXT),
    "a spec's report": lambda file: convcost.parse(TEXT).report({}, stay_open=True),
    "a spec's report in numbers": lambda file: convcost.cost(TEXT, B=4),
    "a module on a text": lambda file: (net(), "f32[B,8]"),
    "a module on an input by name": lambda file: (net(), "input=[B,8]"),
    "a module on a tensor": lambda file: (net(), torch.zeros(4, 8)),
    "a module's report": lambda file: convcost.cost(net(), "[B,8]"),
    "a module's report in numbers": lambda file: convcost.profile(net(), torch.zeros(4, 8)),
    "a module's name": lambda file: f"f32[B,8] -> {file}:net(width=32)",
    "a module's name on a text": lambda file: (f"{file}:net", "[B,8]"),
}
IN_NUMBERS = {"a spec's report in numbers", "a module on a tensor", "a module's report in numbers"}
SPECS = {kind for kind in KINDS if "module" not in kind}
REPORTS_OF_MODULES = {"a module's report", "a module's report in numbers"}


def match_target(design, **sizes):
    return convcost.match(design, "[B,8] -> Linear(8,X)", vary="X", B=4).target // 2


def matched(design, **sizes):
    return convcost.match("[4,8] -> Linear(8,40)", design, vary="B").best[0].cost // 2


def swept(design, **sizes):
    return convcost.sweep(design, over={"B": [4]}).rows[0].quantities["flops"] // 2


def asserted_like(design, **sizes):
    return convcost.assert_cost(TEXT, like=design, params=PARAMS, B=4).macs


def timed(design, **sizes):
    return convcost.timed(design, design, stopwatch=quick_stopwatch(), **sizes).first.macs


def coded(design, **sizes):
    return "354 parameters, 1,280 MACs" in convcost.code(design, **sizes) and MACS


FUNCTIONS = {
    "cost": lambda design, **sizes: convcost.cost(design, **sizes).macs,
    "compare": lambda design, **sizes: convcost.compare(TEXT, design, B=4).candidates[1].macs,
    "match": match_target,
    "match towards": matched,
    "sweep": swept,
    "assert_cost": lambda design, **sizes: convcost.assert_cost(design, macs=MACS, **sizes).macs,
    "assert_cost like": asserted_like,
    "roofline": lambda design, **sizes: convcost.roofline(design, "h100", **sizes).flops // 2,
    "memory": lambda design, **sizes: convcost.memory(design, **sizes).gradients * MACS // (4 * PARAMS),
    "timed": timed,
    "explain": lambda design, **sizes: convcost.explain(design, **sizes).designs[0].report.macs,
    "code": coded,
    "build": lambda design, **sizes: convcost.profile(convcost.build(design, **sizes), "[4,8]").macs,
}
"""What each public function finds of a design, in MACs."""

NO_SPEC = "needs a spec, but .* is (the report of )?a torch module\n"
NOT_MEASURED = "the memory of Sequential in float32 was not measured\nGive the module and its inputs"
NOT_TIMED = "needs a spec, but Sequential is the report of a torch module\nGive the module itself"
NOT_OPEN = "no size (of .* )?is called B\n(It has no open size|No size is open)"

REFUSALS = {
    **{(name, kind): NO_SPEC for name in ("code", "build") for kind in KINDS if kind not in SPECS},
    **{("timed", kind): NOT_TIMED for kind in REPORTS_OF_MODULES},
    **{("memory", kind): NOT_MEASURED for kind in REPORTS_OF_MODULES},
    **{(name, kind): NOT_OPEN for name in ("match towards", "sweep") for kind in IN_NUMBERS},
}
"""What makes no sense, with the reason."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_takes_every_kind_of_design_or_says_why_not(name, kind, file):
    design = KINDS[kind](file)
    sizes = {} if kind in IN_NUMBERS else {"B": 4}
    if (name, kind) in REFUSALS:
        with pytest.raises(ConvcostError, match=REFUSALS[name, kind]):
            FUNCTIONS[name](design, **sizes)
    else:
        assert FUNCTIONS[name](design, **sizes) == MACS
