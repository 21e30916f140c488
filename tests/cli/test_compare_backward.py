"""`convcost compare --backward`: what training steps cost, beside the forwards, and where that flips."""

import json

import pytest
from cli_runner import FOUNDING, convcost, refused

import convcost as library
from convcost.core.errors import UsageError

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x):
        return self.second(self.first(x).relu())

class Plain(nn.Module):
    def forward(self, x):
        return x.relu()
"""

NONE = ("--counters", "none")
WIDE, DEEP = "wide = [B, E] -> Linear(E, 3F)", "deep = [B, E] -> Linear(E, F) -> Linear(F, F)"


@pytest.fixture
def here(folder):
    (folder / "net.py").write_text(NET)


def printed(*arguments):
    code, out, err = convcost(*arguments, *NONE)
    assert (code, err) == (0, "")
    return out


def test_the_founding_pair_has_the_phases_of_a_training_step():
    out = printed(*FOUNDING, "--backward")
    assert (
        """
 FLOPs               dense        conv   conv ÷ dense
──────────────────────────────────────────────────────
 forward           327,680   1,966,080          6.00×
 input gradient          0     983,040              –
 weight gradient   327,680   1,966,080          6.00×
 training step     655,360   4,915,200          7.50×
"""
        in out
    )
    assert " A training step costs 7.50× the FLOPs." in " ".join(out.split())


def test_all_else_is_as_without_it():
    plain, out = printed(*FOUNDING), printed(*FOUNDING, "--backward")
    assert out.startswith(plain[: plain.index("\n\n conv costs")])
    assert "training step" not in plain


def test_a_training_step_has_ratios_and_break_even_points_of_its_own():
    record = json.loads(printed("compare", WIDE, DEEP, "--E", "12", "--backward", "--json"))
    flips = {metric: found["crossings"] for metric, found in record["break_even"].items()}
    assert (flips["flops"], flips["training_flops"]) == ([24], [16])
    assert record["ratios"]["training_flops"] == "F/24 + 1/3"
    assert record["candidates"][0]["training_flops"] == "144*B*F"
    assert [*record["cheapest"]][:2] == ["flops", "training_flops"]


def test_where_it_flips_is_said():
    out = " ".join(printed("compare", WIDE, DEEP, "--E", "12", "--backward").split())
    assert "FLOPs of a training step: deep ÷ wide = F/24 + 1/3; deep has fewer below F = 16" in out


def test_nothing_of_it_is_in_json_that_does_not_ask():
    record = json.loads(printed("compare", WIDE, DEEP, "--json"))
    assert "training_flops" not in record["ratios"]
    assert "training_flops" not in record["candidates"][0]
    assert "training_flops" not in record["break_even"]


@pytest.mark.usefixtures("here")
def test_a_module_trains_beside_a_design():
    spec = "[4, 8] -> Linear(8, 16) -> ReLU -> Linear(16, 4)"
    arguments = ("compare", "net.py:Net", spec, "--input", "f32[4,8]", "--backward", "--json")
    record = json.loads(printed(*arguments))
    assert [found["training_flops"] for found in record["candidates"]] == [3584, 3584]
    assert record["candidates"][0]["phases"] == record["candidates"][1]["phases"]


@pytest.mark.usefixtures("here")
def test_what_has_nothing_to_train_has_its_forward_alone():
    record = json.loads(
        printed(
            "compare", "net.py:Plain", "[4, 8] -> Linear(8, 4)", "--input", "f32[4,8]", "--backward", "--json"
        )
    )
    assert [found["training_flops"] for found in record["candidates"]] == [0, 512]
    assert record["ratios"]["training_flops"] is None


def test_a_backward_without_work_is_said_to_add_nothing():
    code, out, err = convcost("compare", "[3, 4] -> ReLU", "[3, 4] -> GELU", "--backward", *NONE)
    assert (code, err) == (0, "convcost: --backward adds nothing: the backward has no work to count\n")
    assert "training step" not in out


@pytest.mark.usefixtures("here")
def test_a_module_needs_numbers_for_its_backward():
    arguments = ("compare", "net.py:Net", "Linear(8, 4)", "--input", "f32[N,8]", "--backward")
    assert refused(*arguments) == "--backward needs a number for N\nFor example --N 8.\n"


def test_the_roofline_is_of_training_steps():
    out = printed(*FOUNDING, "--backward", "--device", "a100")
    section = out[out.index(" lower bound") :]
    labels = [line[:21].strip() for line in section.splitlines()[:4]]
    assert labels == ["lower bound", "forward", "input gradient", "weight gradient"]
    sentence = "A training step of conv costs 7.50× the FLOPs of one of dense and 0.784× its lower bound on"
    assert sentence in " ".join(out.split())


@pytest.mark.parametrize("command", [("cost",), ("compare", "Linear(4, 4)")])
def test_elementwise_work_of_a_backward_is_said_to_be_an_estimate_where_it_counts(command):
    note = "Elementwise work of the backward is an estimate, and counted as input gradient."
    arguments = (*command, "[3, 4] -> Linear(4, 4) -> ReLU", "--backward")
    assert note in " ".join(printed(*arguments, "--count", "all").split())
    assert note not in " ".join(printed(*arguments).split())


def test_in_python_a_training_step_is_compared_by_its_name():
    found = library.compare("Linear(4, 8)", "[1, 1, 4] -> 2 x Linear(4, 4)", backward=True, B=1, S=1)
    second = found.candidates[1]
    assert found.ratio("training_flops", second) == found.ratios(second)["training_flops"]
    assert (found.first.training_flops, second.training_flops) == (128, 160)
    assert found.break_even("training_flops", second).signs == (1,)
    assert found.cheapest("training_flops").stretches[0].candidates == ("Linear",)


def test_in_python_it_is_refused_where_no_backward_is_counted():
    found = library.compare("Linear(4, 8)", "Linear(4, 4)")
    with pytest.raises(UsageError, match="the backward pass was not counted"):
        found.ratio("training_flops", found.candidates[1])
