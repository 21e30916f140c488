"""One meaning of a verdict: every command says the same of the same work beside the same counter."""

import json
import warnings
from importlib import import_module
from itertools import product

import pytest
import torch
from cli_runner import convcost

from convcost.core import arithmetic
from convcost.counters import COUNTERS

SPECS = {
    "bias": ("[2, 8] -> Linear(8, 6)", "nn.Linear(8, 6)", "2,8"),
    "activation": (
        "[2, 3, 8, 8] -> Conv2d(3, 6, 3) -> GELU",
        "nn.Sequential(nn.Conv2d(3, 6, 3), nn.GELU())",
        "2,3,8,8",
    ),
    "batch norm": (
        "[2, 3, 8, 8] -> Conv2d(3, 6, 3) -> BatchNorm2d(6) -> ReLU",
        "nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU())",
        "2,3,8,8",
    ),
    "layer norm": (
        "[2, 5, 8] -> LayerNorm(8) -> Linear(8, 8)",
        "nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8))",
        "2,5,8",
    ),
    "pooling": (
        "[2, 3, 8, 8] -> Conv2d(3, 6, 3) -> AdaptiveAvgPool2d(2)",
        "nn.Sequential(nn.Conv2d(3, 6, 3), nn.AdaptiveAvgPool2d(2))",
        "2,3,8,8",
    ),
    "padding as a word": (
        "[2, 3, 8] -> Conv1d(3, 6, 3, padding=same)",
        "nn.Conv1d(3, 6, 3, padding='same')",
        "2,3,8",
    ),
    "transposed": ("[2, 3, 8] -> ConvTranspose1d(3, 6, 3)", "nn.ConvTranspose1d(3, 6, 3)", "2,3,8"),
    "norm alone": ("[2, 6, 4, 4] -> BatchNorm2d(6)", "nn.BatchNorm2d(6)", "2,6,4,4"),
}
MODELS = {
    "attention": ("Attention()", "2,4,8"),
    "residual": ("Residual()", "2,3,6,6"),
    "upsampling": ("nn.Sequential(nn.Conv2d(3, 3, 1), nn.Upsample(scale_factor=2))", "2,3,4,4"),
    "recurrent": ("nn.LSTM(4, 5)", "3,2,4"),
    "complex": ("Complex()", "2,8"),
}
HEAD = """\
import torch
from torch import nn
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)
    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]
class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
    def forward(self, x):
        return self.norm(self.conv(x)) * 2 + x
class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 16, dtype=torch.complex64))
    def forward(self, x):
        return x.to(torch.complex64) @ self.weight
def Net():
    return """
AGREES = {
    *product(("bias", "norm alone"), COUNTERS),
    *product(("activation", "batch norm", "layer norm", "pooling", "residual", "upsampling"), COUNTERS),
    *product(("transposed", "padding as a word"), ("fvcore", "flop_counter_mode")),
}
"""By hand, from what the counters are known to count; what is not here does not agree."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of_candidates(*arguments):
    """The verdicts, the exit code under --strict, and the reasons."""
    code, out, _ = convcost(*arguments, "--strict", "--json")
    found = json.loads(out)
    counters = (found["candidates"][0] if "candidates" in found else found)["counters"]
    return {name: counter["verdict"] for name, counter in counters.items()}, code


def model_hint(path, shape):
    code, out, _ = convcost(
        "model", path, "--input", f"f32[{shape}]", "--counters", ",".join(COUNTERS), "--strict", "--json"
    )
    return {name: counter["verdict"] for name, counter in json.loads(out)["counters"].items()}, code


def of_check(folder, lines):
    (folder / "convcost.toml").write_text(f"[entries.it]\n{lines}agree_with = {json.dumps([*COUNTERS])}\n")
    code, out, _ = convcost("check", "--config", "convcost.toml", "--json")
    [entry] = json.loads(out)["entries"]
    return {check["metric"]: check["found"] for check in entry["checks"]}, code


def is_strict(verdicts):
    return int("differs" in verdicts.values())


@pytest.mark.parametrize("name", SPECS)
def test_a_design_and_the_module_it_stands_for_get_one_verdict_everywhere(name, folder):
    spec, module, shape = SPECS[name]
    (folder / "net.py").write_text(HEAD + module)
    compared, code = of_candidates("compare", spec, spec)
    assert code == is_strict(compared)
    assert of_candidates("compare", "net.py:Net", "net.py:Net", "--input", f"f32[{shape}]")[0] == compared
    assert model_hint("net.py:Net", shape) == (compared, code)
    checked, failed = of_check(folder, f'spec = "{spec}"\n')
    assert (checked, failed) == (compared, int(set(compared.values()) != {"agrees"}))
    assert of_check(folder, f'model = "net.py:Net"\ninputs = ["f32[{shape}]"]\n')[0] == compared
    assert compared == {counter: "agrees" if (name, counter) in AGREES else "blind" for counter in COUNTERS}


@pytest.mark.parametrize("name", MODELS)
def test_a_module_gets_one_verdict_everywhere(name, folder):
    module, shape = MODELS[name]
    (folder / "net.py").write_text(HEAD + module)
    found, code = model_hint("net.py:Net", shape)
    assert code == is_strict(found)
    assert of_candidates("compare", "net.py:Net", "net.py:Net", "--input", f"f32[{shape}]") == (found, code)
    assert of_check(folder, f'model = "net.py:Net"\ninputs = ["f32[{shape}]"]\n')[0] == found
    assert {counter for counter, verdict in found.items() if verdict == "agrees"} == {
        counter for counter in COUNTERS if (name, counter) in AGREES
    }


@pytest.mark.parametrize("layer", ["Linear(8, 6)", "LayerNorm(8)", "Conv1d(8, 6, 3, padding=1)"])
def test_a_layer_alone_has_the_verdict_that_compare_has(layer):
    shape = "2,8,8"
    compared, _ = of_candidates("compare", f"[{shape}] -> {layer}", f"[{shape}] -> {layer}")
    assert of_candidates("layer", layer, "--input", shape)[0] == compared


@pytest.mark.parametrize("kind", ["Linear", "BatchNorm2d", "LayerNorm", "AdaptiveAvgPool2d", "ReLU"])
def test_a_layer_that_compare_agrees_on_is_agreed_on_by_verify(kind):
    code, out, _ = convcost("verify", "--kinds", kind, "--cases", "1", "--json")
    assert (code, json.loads(out)["new"]) == (0, [])


def test_a_wrong_formula_beside_a_norm_is_not_put_down_to_the_norm(monkeypatch):
    monkeypatch.setattr(arithmetic, "convolution_macs", lambda *_: 10_000)
    spec = SPECS["batch norm"][0]
    assert of_candidates("compare", spec, spec) == (dict.fromkeys(COUNTERS, "differs"), 1)


@pytest.mark.parametrize("more", [1, -1, 100])
def test_a_counter_that_counts_a_norm_wrongly_differs(monkeypatch, more):
    with warnings.catch_warnings(action="ignore"):
        flop_count = import_module("fvcore.nn.flop_count")  # the package has a function of that name

    def wrong(inputs, outputs):
        return 2 * torch.Size(inputs[0].type().sizes()).numel() + more

    monkeypatch.setitem(flop_count._DEFAULT_SUPPORTED_OPS, "aten::batch_norm", wrong)
    spec = SPECS["batch norm"][0]
    assert of_candidates("compare", spec, spec, "--counters", "fvcore") == ({"fvcore": "differs"}, 1)


def test_complex_macs_that_count_as_one_are_what_explains_the_difference(folder):
    (folder / "net.py").write_text(HEAD + MODELS["complex"][0])
    _, out, _ = convcost(
        "model", "net.py:Net", "--input", "f32[2,8]", "--counters", "fvcore,flop_counter_mode", "--json"
    )
    for counter in json.loads(out)["counters"].values():
        assert [(cause["kind"], cause["flops"]) for cause in counter["causes"]] == [
            ("complex", 2 * (256 - 1_024))
        ]
