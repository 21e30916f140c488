"""Entries that are torch modules: found, made, run and compared as a configuration says."""

from pathlib import Path

import pytest
from cli_runner import convcost, refused
from config_files import check_outcomes, config_of, config_problems, entry_results

from convcost.gate.run import run_gate
from convcost.render import render

pytestmark = pytest.mark.usefixtures("folder")

NET = """
import torch
from torch import nn
from convcost import Cost

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(self.norm(x))

class Scans(nn.Module):
    def forward(self, x):
        return torch._foreach_exp([x])[0]

class Fails(Net):
    def forward(self, x):
        raise ValueError("no such luck")

def inputs():
    return torch.zeros(5, 4)

class Loops(Net):
    def forward(self, x):
        return torch.while_loop(lambda h: h.norm() > 1, lambda h: (self.fc(h),), (x,))[0]

FORMULAS = {"aten::_foreach_exp": lambda output, **_: Cost(macs=7, valid_macs=7)}
WRONG = {"aten::_foreach_exp": 7}
"""

ENTRY = '[entries.net]\nmodel = "net.py:{}"\n'
INPUT = 'inputs = ["f32[2,4]"]\n'


@pytest.fixture(autouse=True)
def net(folder):
    (folder / "net.py").write_text(NET)


@pytest.mark.parametrize(
    "lines",
    [
        f"{ENTRY.format('Net')}{INPUT}params = 28\nmacs = 32",
        f'{ENTRY.format("Net")}inputs_from = "net.py:inputs"\nmacs = 80',
        f'{ENTRY.format("Net")}inputs = ["x=f32[2,4]"]\nargs = {{ width = 4 }}\ntrain = true\nmacs = 32',
        f'{ENTRY.format("Net")}inputs = ["[2,8]"]\nargs.width = 8\nmacs = 128',
        f'{ENTRY.format("Net")}inputs = ["[B,8]"]\nargs.width = 8\nsizes.B = 2\nmacs = "64*B"',
        f'{ENTRY.format("Net")}inputs = ["[B,4]"]\nflops = "32*B"\nmax_flops = "33*B"\nparams = 28',
        '[entries.net]\nmodel = "net:Net"\n' + INPUT + "macs = 32",
        f'{ENTRY.format("Scans")}{INPUT}formulas = "net.py:FORMULAS"\nmacs = 7',
    ],
)
def test_a_model_is_made_and_run_as_its_entry_says(lines):
    found = check_outcomes(lines)
    assert found
    assert all(passed for _, passed, _ in found)


def test_a_model_with_names_for_sizes_is_compared_as_formulas():
    lines = f'{ENTRY.format("Net")}inputs = ["[B,4]"]\nflops = "30*B"\nmax_flops = "31*B"\nmin_flops = "32*B"'
    assert check_outcomes(lines) == [("max_flops", False, ""), ("min_flops", True, ""), ("flops", False, "")]


def test_an_operator_without_a_formula_makes_the_count_partial():
    reason = "there is no formula for aten::_foreach_exp"
    assert check_outcomes(ENTRY.format("Scans") + INPUT) == [("formulas", False, reason)]


def test_a_loop_of_unknown_length_makes_the_count_partial():
    reason = "higher_order::while_loop: one trip is counted, since the number of trips depends on data"
    assert check_outcomes(ENTRY.format("Loops") + INPUT) == [("formulas", False, reason)]


def test_a_counter_agrees_that_counts_the_same_products_whatever_else():
    counters = 'agree_with = ["fvcore", "flop_counter_mode"]'
    assert check_outcomes(ENTRY.format("Net") + INPUT + counters) == [
        ("agree_with", True, "elementwise counted: BatchNorm1d (+32 FLOPs)"),
        ("agree_with", True, ""),
    ]


def test_what_a_counter_that_agrees_counts_besides_is_said():
    result = run_gate(config_of(ENTRY.format("Net") + INPUT + 'agree_with = ["fvcore"]'))
    text = " ".join(render(result, "table").split())
    assert "fvcore agrees; elementwise counted: BatchNorm1d (+32 FLOPs)." in text


def test_counters_are_not_asked_with_sizes_open():
    lines = f'{ENTRY.format("Net")}inputs = ["[B,4]"]\nagree_with = ["flop_counter_mode"]'
    assert check_outcomes(lines) == [("agree_with", False, "counters need values for B")]


def test_a_ratio_may_be_of_a_model_to_a_design():
    design = '[entries.design]\nspec = "[2, 4] -> BatchNorm1d(4) -> Linear(4, 4)"\n'
    model = f'{ENTRY.format("Net")}{INPUT}ratio_to = "design"\nratio = 1\n'
    for metric in ("flops", "params", "bytes", "activations", "elementwise"):
        results = entry_results(design, f'{model}metric = "{metric}"')
        assert results["net"].passed


def test_what_happens_in_a_model_is_told_at_its_key_once_and_the_other_entries_are_checked_too():
    dependent = '[entries.other]\nspec = "Linear(2, 3)"\nratio_to = "net"\nratio = 1\nmax_flops = "E"'
    assert [key for _, key, _ in config_problems(f"{ENTRY.format('Fails')}{INPUT}", dependent)] == [
        "entries.other.max_flops"
    ]
    found = config_problems(f"{ENTRY.format('Fails')}{INPUT}", dependent.replace('\nmax_flops = "E"', ""))
    assert found == [
        (
            2,
            "entries.net.model",
            "net.py:Fails could not be run on (2, 4): ValueError: no such luck\n"
            "  net.py:21, in forward\n"
            '    raise ValueError("no such luck")',
        )
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (ENTRY.format("Nett") + INPUT, "net.py has no Nett (did you mean Net?)"),
        ('[entries.net]\nmodel = "nett.py:Net"\n' + INPUT, "there is no file nett.py (did you mean net.py?)"),
        ('[entries.net]\nmodel = "nett:Net"\n' + INPUT, "there is no module nett"),
        ('[entries.net]\nmodel = "Net"\n' + INPUT, "Net does not name a class or function"),
        (
            ENTRY.format("Net") + INPUT + "args.widht = 3",
            "net.py:Net has no argument widht (did you mean width?)",
        ),
        (
            ENTRY.format("Scans") + INPUT + 'formulas = "net.py:WRONG"',
            "net.py:WRONG is not a dict of formulas",
        ),
        (ENTRY.format("Net"), "Net.forward needs a value for the input x"),
    ],
)
def test_a_model_that_there_is_not_is_told_at_its_key(line, message):
    [(number, key, text)] = config_problems(line)
    assert (number, key) == (2, "entries.net.model")
    assert text.startswith(message)


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        ('inputs = ["f32[2,4"]', ".inputs", "unexpected end; expected ',' or ']'"),
        ('inputs = ["f33[2]"]', ".inputs", "no dtype is called f33 (did you mean f32?)"),
        ('inputs = ["[B]"]\nsizes.C = 2', ".sizes", "no size is called C"),
        ('inputs = ["[B]"]\ninputs_from = "a.py:b"', ".inputs", "inputs and inputs_from can't be combined"),
        ('inputs = ["[B]"]\ndtype = "int8"', ".dtype", "is only for specs"),
        ('agree_with = ["ptflop"]', ".agree_with", "no counter is called ptflop (did you mean ptflops?)"),
    ],
)  # fmt: skip
def test_a_model_s_entry_that_is_wrong_is_told_without_running_it(line, key, message):
    Path("net.py").unlink()
    [(_, found, text)] = config_problems(ENTRY.format("Net") + line)
    assert found == f"entries.net{key}"
    assert text.startswith(message)


EXPERTS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 8, bias=False)

    def forward(self, x):
        return self.up(x)
"""


def test_active_parameters_can_be_limited(folder):
    (folder / "net.py").write_text(EXPERTS, encoding="utf-8")
    config = '[entries.net]\nmodel = "net.py:Net"\ninputs = ["f32[1,8]"]\n'
    (folder / "convcost.toml").write_text(f"{config}max_active_params = 64\n", encoding="utf-8")
    assert convcost("check").code == 0
    (folder / "convcost.toml").write_text(f"{config}max_active_params = 63\n", encoding="utf-8")
    code, out, _ = convcost("check")
    assert code == 1
    assert "net: active parameters = 64, more than 63 (max_active_params)." in out


def test_a_limit_that_there_is_not_names_those_that_there_are(folder):
    (folder / "convcost.toml").write_text(
        '[entries.net]\nspec = "Linear(3, 4)"\nmax_latency = 3\n', encoding="utf-8"
    )
    message = refused("check")
    assert "max_latency: unknown key" in message
    assert "Limits exist for params, trainable_params, macs, " in message
    assert "flops_per_token, kv_cache_bytes and ratio." in message
