"""`convcost verify`: exit codes, progress on stderr, and what it refuses."""

import json
import shlex

import pytest
from cli_runner import convcost, refused

from convcost.core import arithmetic

FEW = ("verify", "--cases", "1")


def test_it_passes_over_what_is_right_with_its_progress_on_stderr():
    code, out, err = convcost(*FEW, "--kinds", "dense,convolution", "--counters", "none")
    assert code == 0
    assert "every formula agrees" in out
    assert err == "dense: 0 of 35 done\nconvolution: 14 of 35 done\n"


def by_rows(positions, inner, outer):
    """An error: the weights of a Linear as if they were square."""
    return positions * inner * inner


def test_a_new_disagreement_exits_with_1_and_ends_in_the_command_that_reproduces_it(monkeypatch):
    monkeypatch.setattr(arithmetic, "linear_macs", by_rows)
    code, out, _ = convcost(*FEW, "--kinds", "linear", "--counters", "fvcore")
    command = ' convcost layer "[1] -> Linear(1, 2)" --counters fvcore'
    assert code == 1
    assert "2 FLOPs" in " ".join(out.split())
    assert out.rstrip().splitlines()[-1] == command
    shown = convcost(*shlex.split(command)[1:], "--strict")
    assert shown.code == 1
    assert "differs" in shown.out


def test_known_blind_spots_pass():
    code, out, _ = convcost(*FEW, "--kinds", "Conv1d", "--counters", "torch_profiler")
    assert code == 0
    assert "Known: torch.profiler, Conv1d (7 cases): it has no formula for aten::conv1d." in out


def test_a_blind_spot_of_some_inputs_is_said_with_these():
    out = convcost(*FEW, "--seed", "1", "--kinds", "LayerNorm", "--counters", "fvcore").out
    said = "it raised AssertionError for inputs of fewer than two or more than five dimensions."
    assert f"Known: fvcore, LayerNorm (2 cases): {said}" in " ".join(out.split())


def test_the_same_seed_shows_the_same_and_another_one_draws_others():
    runs = [
        json.loads(
            convcost(*FEW, "--kinds", "bilinear", "--counters", "fvcore", "--seed", seed, "--json").out
        )
        for seed in ("1", "1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0]["known"][0]["spec"] != runs[2]["known"][0]["spec"]


def test_kinds_are_layers_and_families_in_any_case_and_each_once():
    names = "CONV1D, pooling ,conv1d"
    record = json.loads(convcost(*FEW, "--kinds", names, "--counters", "none", "--json").out)
    kinds = [layer["kind"] for layer in record["layers"]]
    assert (kinds[0], len(kinds)) == ("Conv1d", 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kinds", "conv1"), "no layer or family of layers is called conv1 (did you mean Conv1d?)\n"),
        (("--kinds", "linear,"), "no layer or family of layers is called (nothing)\n"),
        (("--cases", "0"), "--cases is 0; it must be 1 to 1,000,000\n"),
        (("--cases", "1e99"), "--cases is 1e99; it must be 1 to 1,000,000\n"),
        (("--cases", "-3"), "--cases is -3; it must be 1 to 1,000,000\n"),
        (("--seed", "x"), "--seed is x; it must be a whole number\n"),
        (("--counters", "fvcor"), "no counter is called fvcor (did you mean fvcore?)\n"),
        (("--format", "tabel"), "no format is called tabel (did you mean table?)\n"),
    ],
)
def test_a_wrong_request_is_refused(options, message):
    assert refused("verify", *options).startswith(message)


def test_a_counter_that_is_not_installed_is_refused_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr("convcost.verify.run.is_installed", lambda counter: False)
    assert refused("verify", "--counters", "ptflops") == (
        "ptflops is not installed\nInstall it with: pip install 'convcost[peers]'\n"
    )
