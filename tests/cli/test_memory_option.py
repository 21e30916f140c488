"""`--memory`: what designs and modules take to run and to train, below the costs."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from cli_runner import PLAIN, convcost, record, refused
from jsonschema import Draft202012Validator

NET = """
import torch
from torch import nn


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 64))


class Deciding(nn.Linear):
    def __init__(self):
        super().__init__(64, 64)

    def forward(self, x):
        return super().forward(x) if x.sum().item() >= 0 else x


class Picky(nn.Linear):
    def __init__(self):
        super().__init__(64, 64)

    def forward(self, x):
        if self.training:
            raise TypeError("it is trained already")
        return super().forward(x)
"""

ESTIMATE = """\
 An estimate: inputs and outputs stay in memory throughout, gradients and
 optimizer state throughout a step; saved tensors are those of CUDA kernels.
 Not included: temporary tensors within a layer, library workspaces, allocator
 overhead, the CUDA context.
"""

OF_DESIGNS = """\
 Memory is that of a design inside a network: saved tensors and the peak
 include what the gradient of its own input needs. Buffers are not included.
"""

MIXED = """\
 With bfloat16, optimizer state and a master copy of the parameters are in
 float32, as usual in mixed precision.
"""

FOUNDING = f"""\
 memory, bfloat16             dense       conv   conv ÷ dense
──────────────────────────────────────────────────────────────
 parameters                327.9 KB   197.1 KB         0.601×
 gradients                 327.9 KB   197.1 KB         0.601×
 adamw state                1.31 MB   788.5 KB         0.601×
 master copy in float32    655.9 KB   394.2 KB         0.601×
 saved for backward         2.56 KB    5.12 KB          2.00×
 peak of a forward pass    330.8 KB   204.8 KB         0.619×
 peak of a training step    2.63 MB    1.59 MB         0.605×

 conv keeps 2.00× as many bytes for the backward pass as dense; its training
 step takes 0.605× the memory (1.59 MB against 2.63 MB).
{MIXED}{OF_DESIGNS}{ESTIMATE}
"""

LAYER = f"""\
 memory, float32             bytes      about
──────────────────────────────────────────────
 parameters                262,144   262.1 KB
 gradients                 262,144   262.1 KB
 sgd state                       0        0 B
 saved for backward          2,048    2.05 KB
 peak of a forward pass    272,384   272.4 KB
 peak of a training step   544,768   544.8 KB

{OF_DESIGNS}{ESTIMATE}
"""

OPEN = f"""\
 memory in bytes, float32                  formula
───────────────────────────────────────────────────
 parameters                                  4·E·F
 gradients                                   4·E·F
 adamw state                                 8·E·F
 saved for backward                          4·B·E
 peak of a forward pass      4·B·E + 4·B·F + 4·E·F
 peak of a training step    8·B·E + 8·B·F + 16·E·F

{OF_DESIGNS}{ESTIMATE}
"""

MODEL = f"""\
 memory, float32               bytes      about
────────────────────────────────────────────────
 parameters                  264,448   264.4 KB
 gradients                   264,448   264.4 KB
 adamw state                 528,896   528.9 KB
 saved for backward           18,432    18.4 KB
 peak of a forward pass      299,264   299.3 KB
 peak of a training step   1,111,040    1.11 MB

 Net: saved tensors are those of a training step, run on shapes alone.
{ESTIMATE}
"""

UNKNOWN = f"""\
 memory, float32             bytes     about
─────────────────────────────────────────────
 parameters                 16,640   16.6 KB
 gradients                  16,640   16.6 KB
 adamw state                33,280   33.3 KB
 saved for backward        unknown
 peak of a forward pass    unknown
 peak of a training step   unknown

 Saved tensors and peaks of Picky are unknown: TypeError: it is trained
 already.
{ESTIMATE}
"""


@pytest.fixture(autouse=True)
def _net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET, encoding="utf-8")


def after_costs(*arguments):
    """What stands below the costs."""
    outcome = convcost(*arguments, "--memory", "--counters", "none")
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out[outcome.out.index("\n memory") + 1 :]


def test_the_founding_pair_in_bfloat16():
    assert after_costs(*PLAIN[:-2], "--dtype", "bf16") == FOUNDING


def test_a_layer_trained_without_moments():
    arguments = ("layer", "linear", "128", "512", "--no-bias", "--batch", "4", "--optimizer", "sgd")
    assert after_costs(*arguments) == LAYER


def test_a_module_on_its_own_inputs():
    assert after_costs("model", "net.py:Net", "--input", "f32[8,64]") == MODEL


def test_open_sizes_leave_formulas():
    assert after_costs("layer", "[B, E] -> Linear(E, F, bias=False)") == OPEN


def test_what_a_module_that_does_not_train_keeps_is_unknown_and_why():
    assert after_costs("model", "net.py:Picky", "--input", "f32[8,64]") == UNKNOWN


def test_a_module_with_open_sizes_has_formulas_that_come_to_what_was_measured():
    table = after_costs("model", "net.py:Net", "--input", "f32[B,64]").splitlines()[2:8]
    assert [line.rsplit("   ", 1)[1].strip() for line in table[3:]] == [
        *("2,304·B", "4,352·B + 264,448", "6,656·B + 1,057,792")
    ]


def test_a_module_that_asks_for_values_says_that_it_ran_on_the_cpu():
    out = after_costs("model", "net.py:Deciding", "--input", "f32[8,64]")
    assert (
        "Deciding: saved tensors are those of a run on real data on the CPU, whose\n kernels may save more."
        in out
    )


def test_a_module_and_a_design_are_compared_in_one_dtype():
    options = ("--input", "f32[8,64]", "--dtype", "bf16", "--memory", "--counters", "none", "--json")
    spec = "[8, 64] -> Linear(64, 512) -> ReLU -> Linear(512, 64)"
    found = json.loads(convcost("compare", "net.py:Net", spec, *options).out)
    module, design = (candidate["memory"] for candidate in found["candidates"])
    assert (module["ran"], design["ran"]) == ("shapes", None)
    figures = ("dtype", "parameters", "master_copy", "activations", "forward_peak", "training_peak")
    assert [module[name] for name in figures] == [design[name] for name in figures]
    assert found["ratios"]["memory"]["training_peak"] == 1.0


@pytest.mark.parametrize(
    "arguments",
    [
        PLAIN,
        ("compare", "[B, E] -> Linear(E, F) -> ReLU -> Linear(F, E)", "[B, E] -> Linear(E, E)"),
        ("layer", "conv1d", "4", "4", "3"),
        ("model", "net.py:Net", "--input", "f32[8,64]"),
        ("model", "net.py:Picky", "--input", "f32[8,64]"),
        ("model", "net.py:Picky", "--input", "f32[B,64]"),
    ],
    ids=" ".join,
)
def test_json_is_as_its_schema_says(arguments):
    schema = json.loads(convcost("schema", arguments[0]).out)
    found = record(*arguments, "--memory")
    Draft202012Validator(schema).validate(found)
    assert all("memory" in candidate for candidate in found.get("candidates", [found]))


def test_csv_has_a_column_for_each_figure():
    outcome = convcost(*PLAIN, "--memory", "--format", "csv")
    dense, conv = csv.DictReader(StringIO(outcome.out))
    assert (dense["memory_activations"], conv["memory_activations"]) == ("5120", "10240")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--optimizer", "sgd"), "--optimizer needs --memory\n"),
        (
            ("--memory", "--dtype", "int8"),
            "int8 can't be used for training\nChoose from float64, float32, tfloat32, float16, bfloat16.\n",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    assert refused(*PLAIN, *options) == message


def test_an_unknown_optimizer_is_refused_with_the_nearest_one():
    message = refused(*PLAIN, "--memory", "--optimizer", "adamm")
    assert message.startswith("no optimizer is called adamm (did you mean adam?)\nChoose from adamw, adam,")
