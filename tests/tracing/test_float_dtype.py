"""`--dtype` takes all floats in one dtype: what is then shown is true of the converted module."""

import json
from dataclasses import replace

import pytest
import torch
from cli_runner import convcost
from torch import nn

from convcost import cost
from convcost.analysis.breakdown import module_tree
from convcost.analysis.parts import module_part
from convcost.analysis.workloads import workloads
from convcost.core.distributed import Collective, CollectiveCall, DistributedRun
from convcost.core.float_dtype import with_float_dtype
from convcost.core.generation import CachedTensor, PhaseRun


class Counted(nn.Module):
    """Lookups, a mask, a table of integers, and several numbers of dimensions."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 8)
        self.register_buffer("offset", torch.arange(4))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, ids, mask):
        return self.layer(self.table(ids + self.offset), src_key_padding_mask=mask)


MODULES = {
    "linear": (lambda: nn.Linear(8, 4), lambda: (torch.zeros(3, 8),)),
    "convolutions": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 2, 2)),
        lambda: (torch.zeros(2, 3, 9, 9),),
    ),
    "recurrent": (lambda: nn.LSTM(8, 4, 2, bidirectional=True), lambda: (torch.zeros(5, 3, 8),)),
    "integers": (
        Counted,
        lambda: (torch.zeros(2, 4, dtype=torch.int64), torch.zeros(2, 4, dtype=torch.bool)),
    ),
}


def parts(report):
    def of(node):
        yield node.label, module_part(node, report.convention)
        for child in node.children:
            yield from of(child)

    return [*of(module_tree(report))]


@pytest.mark.parametrize(
    ("dtype", "backward"), [("bfloat16", False), ("float64", False), ("float64", True)]
)  # in the backward of bfloat16, torch itself keeps statistics of norms in float32
@pytest.mark.parametrize("name", MODULES)
def test_a_report_is_that_of_the_converted_module(name, dtype, backward):
    make, inputs = MODULES[name]
    converted = getattr(torch, dtype)
    given = [each.to(converted) if each.is_floating_point() else each for each in inputs()]
    report = with_float_dtype(cost(make(), *inputs(), backward=backward), dtype)
    expected = cost(make().to(converted), *given, backward=backward)
    assert report == expected
    assert report.bytes == expected.bytes != cost(make(), *inputs()).bytes
    assert parts(report) == parts(expected)
    assert [*workloads(report)] == [*workloads(expected)]
    assert not report.has_own_dtypes


def test_tensors_of_other_kinds_keep_their_bytes():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(6, 8, dtype=torch.int8), requires_grad=False)
            self.scale = nn.Parameter(torch.zeros(6, dtype=torch.float16))

        def forward(self, x):
            return nn.functional.linear(x, self.weight.to(x.dtype)) * self.scale

    found = with_float_dtype(cost(Scaled(), torch.zeros(3, 8)), "float64")
    assert found.bytes == 3 * 8 * 8 + 6 * 8 * 1 + 6 * 8 + 3 * 6 * 8


def test_a_layer_with_a_dtype_of_its_own_is_converted_too():
    spec = "[2, 8] -> Linear(8, 4, dtype=float16) -> Linear(4, 4, dtype=float16)"
    assert cost(spec).bytes == 2 * 8 * 2 + 36 * 2 + 20 * 2 + 2 * 4 * 2
    assert with_float_dtype(cost(spec), "float64").bytes == 8 * (2 * 8 + 36 + 20 + 2 * 4)


def test_a_layer_with_a_dtype_of_its_own_has_a_formula_for_its_bytes():
    found = cost("[B, E] -> Linear(E, 4, dtype=float16)")
    assert found.subs(B=3, E=8).bytes == 2 * (3 * 8 + 36 + 3 * 4)
    assert {str(name) for name in found.bytes.free_symbols} == {"B", "E"}


def test_indices_keep_their_bytes():
    found = with_float_dtype(cost("[2, 5] -> Embedding(10, 8)"), "bfloat16")
    assert found.bytes == 2 * 5 * 8 + 2 * 10 * 8 + 2 * 2 * 5 * 8


def test_a_cache_and_what_ranks_send_are_in_the_dtype():
    report = cost(nn.Linear(8, 4), torch.zeros(3, 8))
    cache = (CachedTensor("keys", "float32", (2, 3), 4), CachedTensor("ids", "int64", (2, 3), 8))
    sent = (
        Collective("", "forward", CollectiveCall("all_reduce", "tp", 2, (5,), "float32", 4)),
        Collective("", "forward", CollectiveCall("all_reduce", "tp", 2, (5,), "int64", 8)),
    )
    trace = report.trace._replace(generation=PhaseRun("decode", 3, 1, cache), collectives=sent)
    report = replace(report, trace=trace, distributed=DistributedRun((), 2, 0, report, sent))
    found = with_float_dtype(report, "bfloat16")
    assert found.kv_cache_bytes == 6 * 2 + 6 * 8
    assert [each.bytes for each in found.trace.collectives] == [5 * 2, 5 * 8]
    assert [each.bytes for each in found.collectives] == [5 * 2, 5 * 8]
    assert found.per_rank.bytes == 2 * (3 * 8 + 36 + 3 * 4)


NET = (
    "import torch\n\n\nclass Net(torch.nn.Linear):\n    def __init__(self):\n        super().__init__(8, 4)\n"
)
MODULE = ("net.py:Net", "--input", "f32[B,8]", "--dtype", "bf16")


@pytest.fixture
def net(folder):
    (folder / "net.py").write_text(NET)


def test_every_command_takes_a_modules_floats_in_the_dtype(net):
    bytes_of_one = 2 * (8 + 36 + 4)
    compared = convcost("compare", "Linear(8, 4)", *MODULE, "--B", "1", "--counters", "none", "--json")
    assert [each["bytes"] for each in json.loads(compared.out)["candidates"]] == [bytes_of_one] * 2
    counted = json.loads(convcost("cost", *MODULE, "--B", "1", "--json").out)
    assert (counted["bytes"], counted["dtype"]) == (bytes_of_one, "bfloat16")
    swept = convcost("sweep", *MODULE, "--over", "B=1,2", "--columns", "bytes", "--json")
    assert [row["quantities"]["bytes"] for row in json.loads(swept.out)["rows"]] == [
        bytes_of_one,
        bytes_of_one + 24,
    ]
    limit = ("--metric", "bytes", "--budget", str(bytes_of_one + 23))
    matched = json.loads(convcost("match", *MODULE, "--vary", "B", *limit, "--json").out)
    assert (matched["best"][0]["sizes"], matched["dtype"]) == ({"B": 1}, "bfloat16")


@pytest.mark.parametrize(
    "command",
    [
        ("match", "Linear(E, 4)", "--vary", "E", "--budget", "1M"),
        ("match", "net.py:Net", "--input", "f32[B,8]", "--vary", "B", "--budget", "1M"),
        ("cost", "net.py:Net", "--input", "f32[1,8]"),
        ("compare", "[1,8] -> Linear(8, 4)", "net.py:Net", "--input", "f32[1,8]"),
        ("sweep", "net.py:Net", "--input", "f32[B,8]", "--over", "B=1,2"),
    ],
)
def test_an_unknown_dtype_is_refused_for_designs_and_modules(net, command):
    done = convcost(*command, "--dtype", "foo")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("convcost: no dtype is called foo\nChoose from float64, ")


@pytest.mark.parametrize("given", ["bf16", "f64"])
def test_an_input_in_another_dtype_than_the_module_has_a_way_out(net, given):
    dtype = {"bf16": "bfloat16", "f64": "float64"}[given]
    done = convcost("cost", "net.py:Net", "--input", f"{given}[1,8]")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(
        f"The parameters are float32, and an input is {dtype}. Give the input in float32; "
        f"--dtype {dtype} counts all floats in {dtype}.\n"
    )
    assert convcost("cost", "net.py:Net", "--input", "f32[1,8]", "--dtype", dtype).code == 0
