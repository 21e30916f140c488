"""Designs in text need no torch and no fvcore; what needs them says what to install."""

import json
import subprocess

import pytest
from cli_runner import ROOT, environment
from without_torch import environment_without_torch

DENSE = "[B, S, L*E] -> Linear(L*E, E)"
CONV = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"
CONFIG = """
[entries.dense]
spec = "[B, S, L*E] -> Linear(L*E, E)"
flops = "2*B*S*L*E**2"
[entries.conv]
spec = "[1, 8, 10] -> Conv1d(8, 8, 3)"
max_flops = "1 MFLOPs"
"""

ANSWERED = {
    "compare": ["compare", "--E", "128", "--L", "10", "--counters", "none"],
    "compare in open sizes": ["compare", DENSE, CONV, "--counters", "none"],
    "cost": ["cost", DENSE, "--E", "8", "--L", "10", "--counters", "none"],
    "cost of a backward": ["cost", DENSE, "--E", "8", "--L", "10", "--backward", "--counters", "none"],
    "cost on a device": ["cost", DENSE, "--E", "8", "--L", "10", "--device", "a100", "--counters", "none"],
    "layer": ["layer", "conv1d", "3", "3", "3", "--counters", "none"],
    "match": ["match", DENSE, "2 x Conv1d(W, W, 3, padding=1)", "--vary", "W", "--E", "128", "--L", "10"],
    "explain": ["explain", CONV],
    "sweep": ["sweep", "[1,C,32,32] -> Conv2d(C, C, 3)", "--over", "C=8:64:8", "--engine", "numpy"],
    "check": ["check", "--config", "convcost.toml"],
    "code": ["code", DENSE, "--E", "8", "--L", "10"],
    "layers": ["layers"],
    "devices": ["devices"],
    "counters": ["counters"],
    "schema": ["schema", "lock"],
    "JSON": ["compare", "--E", "8", "--L", "3", "--counters", "none", "--json"],
}
REFUSED = {
    "compare with counters": ["compare", "--E", "128", "--L", "10"],
    "cost with counters": ["cost", DENSE, "--E", "8", "--L", "10"],
    "model": ["model", "torchvision.models:resnet18", "--input", "f32[1,3,224,224]"],
    "verify": ["verify"],
}
TO_INSTALL = (
    "convcost: this needs torch, which is not installed\n"
    "To install it: pip install torch. Designs in text work without it, with --counters none.\n"
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Of all commands, which one process runs in an environment of its own."""
    folder = tmp_path_factory.mktemp("without_torch")
    interpreter = environment_without_torch(folder / "environment", ROOT)
    (folder / "convcost.toml").write_text(CONFIG)
    commands = ANSWERED | REFUSED
    result = subprocess.run(
        [interpreter, ROOT / "tests" / "without_torch.py"],
        input="\n".join(map(json.dumps, commands.values())),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=environment(CONVCOST_CONFIG="", COLUMNS="80"),
    )
    return dict(zip(commands, map(json.loads, result.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", ANSWERED)
def test_a_command_on_text_is_answered(outcomes, name):
    code, out, err = outcomes[name]
    assert (code, err) == (0, "")
    assert out


def test_the_figures_are_those_with_torch(outcomes):
    _, out, _ = outcomes["JSON"]
    found = json.loads(out)
    assert [candidate["flops"] for candidate in found["candidates"]] == [2 * 3 * 8 * 8, 2 * 6 * 3 * 8 * 8]
    assert (found["versions"]["torch"], found["versions"]["fvcore"]) == (None, None)


@pytest.mark.parametrize("name", REFUSED)
def test_a_command_that_needs_torch_says_so(outcomes, name):
    assert outcomes[name] == [2, "", TO_INSTALL]
