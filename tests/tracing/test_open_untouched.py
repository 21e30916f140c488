"""Opening sizes leaves a model and torch as they were, and costs nothing to import."""

import logging
import subprocess
import sys

import pytest
import torch
from tracing.test_untouched import Remembering, same, state

import convcost
from convcost import ConvcostError
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.symbolic_shapes.profile import profile_open


@pytest.mark.parametrize("shape", [("B", 4), ("B", 5)], ids=["runs", "raises"])
def test_a_model_is_left_as_it_was(shape):
    model = Remembering().train()
    before = state(model)
    try:
        profile_open(model, (DeclaredTensor("float32", shape),))
    except ConvcostError:
        assert shape == ("B", 5)
    same(before, state(model))


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_the_default_device_of_the_user_matters_to_no_formula(device):
    model = torch.nn.TransformerEncoderLayer(8, 2, 16)
    formula = convcost.cost(model, "f32[T,1,8]").flops
    with torch.device(device):
        report = convcost.cost(model, "f32[T,1,8]")
        memory = convcost.memory((model, "f32[T,1,8]"))
        assert torch.empty(1).device.type == device
    assert (report.flops, memory) == (formula, convcost.memory((model, "f32[T,1,8]")))
    assert torch.empty(1).device.type == "cpu"


def test_a_model_without_memory_is_counted():
    with torch.device("meta"):
        model = torch.nn.Linear(2**20, 2**20)
    assert str(profile_open(model, (DeclaredTensor("float32", ("B", 2**20)),)).macs) == f"{2**40}*B"


def test_nothing_is_logged(caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(ConvcostError):
        profile_open(torch.nn.Linear(3, 4), (DeclaredTensor("float32", ("B", 5)),))
    assert not caplog.records


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("target.target", []),
        ("declared_inputs", []),
        ("target.loading", []),
        ("user_error", []),
        ("module_tree", []),
        ("profile", ["torch"]),
        ("symbolic_shapes.profile", ["sympy", "torch"]),
    ],
)
def test_what_reads_a_request_loads_no_torch_and_open_sizes_alone_load_sympy(module, loaded):
    code = (
        f"import convcost.tracing.{module}, sys\n"
        "print([name for name in ('sympy', 'torch') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == f"{loaded}\n"
