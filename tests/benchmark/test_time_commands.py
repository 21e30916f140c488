"""`--time` on the command line: measured by a clock of the test's own, and once for real."""

import json
import re

import pytest
import torch
from cli_runner import PLAIN, convcost, refused
from example_timings import samples

from convcost.benchmark import stopwatch

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        assert torch.zeros(1).item() == 0
        self.linear = nn.Linear(width, width)
        print("built")

    def forward(self, x):
        return self.linear(x)

class Alone(nn.Linear):
    def __init__(self):
        super().__init__(4, 4)

    def __deepcopy__(self, known):
        raise RuntimeError("there can be only one")

alone = Alone()

class Broken(nn.Linear):
    def __init__(self):
        super().__init__(4, 4)

    def forward(self, x):
        if not torch._C._len_torch_function_stack():  # no counter is running
            raise ValueError("no data, please")
        return super().forward(x)
"""

MODEL = """\
 measured on cpu, float32              Net
───────────────────────────────────────────
 forward                          100.0 µs
   quartiles                100.0–101.0 µs
   achieved                   2.56 MFLOP/s
 training step                    101.0 µs
   quartiles                101.0–102.0 µs
   achieved                   5.07 MFLOP/s

 Times are medians of 3 rounds on 2 threads, without gradients. A training step
 is a forward and backward pass in training mode, without an optimizer.

"""


@pytest.fixture
def clock(monkeypatch):
    """The first thing takes 100 µs, and each other 1 µs more; what torch has is not asked."""

    def in_turn(runs, plan, watch):
        assert all(timed(1) >= 0 for timed in runs.values())
        return {key: samples(100 + place, 100 + place, 102 + place) for place, key in enumerate(runs)}

    monkeypatch.setattr(stopwatch, "sample_in_turn", in_turn)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def net(folder):
    (folder / "net.py").write_text(NET)


def test_a_comparison_has_times(clock):
    outcome = convcost(*PLAIN, "--time", "--threads", "1", "--json")
    found = json.loads(outcome.out)
    assert [candidate["time"]["seconds"] for candidate in found["candidates"]] == [0.0001, 0.000101]
    assert found["ratios"]["seconds"] is None
    assert {candidate["time"]["threads"] for candidate in found["candidates"]} == {1}
    assert torch.get_num_threads() > 0


def test_a_layer_has_times_of_a_training_step_and_compiled(clock, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda module: module)
    outcome = convcost(
        *("layer", "conv1d", "8", "8", "3", "--length", "5", "--batch", "2"),
        "--counters",
        "none",
        "--time",
        "--backward",
        "--compile",
    )
    for label in (" forward ", " training step ", " forward, compiled ", " training step, compiled "):
        assert label in outcome.out


@pytest.mark.usefixtures("net")
def test_a_model_is_built_with_its_data_and_timed(clock):
    outcome = convcost(
        *("model", "net.py:Net", "--input", "[8,W]", "--W", "4", "--time", "--backward", "--threads", "2")
    )
    assert outcome.code == 0
    assert outcome.out[outcome.out.index(" measured on") :] == MODEL
    assert "built" in outcome.err


@pytest.mark.usefixtures("net")
def test_modules_and_designs_are_timed_together(clock):
    outcome = convcost(
        *("compare", "net.py:Net", "[8, 4] -> Linear(4, 4)", "--input", "[8,4]", "--time", "--json"),
        *("--counters", "none", "--dtype", "bf16"),
    )
    found = json.loads(outcome.out)["candidates"]
    assert [candidate["time"]["dtype"] for candidate in found] == ["bfloat16", "bfloat16"]


@pytest.mark.usefixtures("net")
def test_a_module_that_fails_on_data_is_refused_with_its_place(clock):
    assert convcost("model", "net.py:Broken", "--input", "[8,4]", "--time") == (
        2,
        "",
        "warming up: 0 of 1 done\nconvcost: Broken could not be run: ValueError: no data, please\n"
        "  net.py:30, in forward\n"
        '    raise ValueError("no data, please")\n',
    )


@pytest.mark.usefixtures("net")
def test_a_module_that_is_there_already_is_copied_and_one_that_is_built_is_not(clock):
    assert convcost("model", "net.py:Alone", "--input", "[8,4]", "--time").code == 0
    code, out, err = convcost("model", "net.py:alone", "--input", "[8,4]", "--time")
    assert (code, out) == (2, "")
    assert "convcost: the module can't be copied, but only a copy runs on data: RuntimeError" in err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("compare", "--E", "8"), "L\nFor example, --L 128.\n"),
        (("layer", "linear", "E", "4"), "E\nFor example, --E 128.\n"),
        (("compare",), "L and E\nFor example, --L 128 --E 128.\n"),
    ],
)
def test_open_sizes_have_no_time(command, message, clock):
    assert refused(*command, "--time") == f"timing needs a value for {message}"


@pytest.mark.parametrize("option", [("--compile",), ("--on", "cpu"), ("--threads", "1")])
def test_how_to_time_is_for_time(option):
    expected = f"{option[0]} needs --time\n"
    assert refused(*PLAIN, *option) == expected
    assert refused("layer", "linear", "4", "4", *option) == expected


@pytest.mark.parametrize("threads", ["0", "many", "1e9"])
def test_a_number_of_threads_that_can_t_be_is_refused(threads):
    assert refused(*PLAIN, "--time", "--threads", threads).startswith("--threads")


def test_for_real():
    outcome = convcost("layer", "linear", "8", "8", "--time", "--counters", "none", "--threads", "1")
    assert outcome.code == 0
    assert " forward " in outcome.out
    assert re.fullmatch(r"warming up: 0 of 1 done\ntiming, round: 0 of \d+ done\n", outcome.err)
