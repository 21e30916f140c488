"""Models by file and name: loaded, built without memory where that will do, run, counted, and left alone."""

import sys

import pytest
import torch
from cli_runner import convcost
from tracing.targets import LINEAR, refused, run, written

from convcost.core.errors import UsageError
from convcost.tracing.target.target import is_place
from convcost.tracing.user_error import TargetError


@pytest.mark.parametrize(
    "text",
    ["net.py:Net", "a/b.py:make", "pack.age:Net.Inner", "m = net.py:Net", "C:\\x\\net.py:Net", "net.py"],
)
def test_a_place_is_told_from_a_design(text):
    assert is_place(text)


@pytest.mark.parametrize(
    "text", ["Linear(3, 4)", "[B, 3] -> Linear(3, 4)", "Conv1d(1, 1, 1, padding='a:b')", "a = ReLU", "Linear"]
)
def test_a_design_is_no_place(text):
    assert not is_place(text)


def test_a_label_names_the_report(folder):
    written(folder / "net.py", LINEAR)
    report = run("mine = net.py:Net", "[2,4]").report
    assert (report.name, report.spec) == ("mine", "net.py:Net")


@pytest.mark.parametrize("name", ["Net", "make", "instance", "Holder.Inner"])
def test_a_class_a_function_and_a_module_are_taken(folder, name):
    extra = "def make(): return Net()\ninstance = Net()\nclass Holder:\n    Inner = Net\n"
    written(folder / "net.py", LINEAR + extra)
    report = run(f"net.py:{name}", "f32[2,4]").report
    assert (report.name, report.macs, report.params) == ("Net", 32, 20)


def test_a_module_of_a_package_is_imported():
    report = run("torch.nn:Linear", "[2,3]", in_features=3, out_features=5).report
    assert (report.macs, report.spec) == (30, "torch.nn:Linear(in_features=3, out_features=5)")


def test_the_folder_and_the_current_folder_can_be_imported(folder):
    written(folder / "models" / "net.py", "from beside import Net\nimport here\n")
    written(folder / "models" / "beside.py", LINEAR)
    written(folder / "here.py", "")
    before = sys.path.copy()
    assert run("models/net.py:Net", "[2,4]").report.macs == 32
    assert sys.path == before


def test_a_file_in_a_package_imports_its_neighbours_relatively(folder):
    written(folder / "src" / "pack" / "__init__.py", "")
    written(folder / "src" / "pack" / "beside.py", LINEAR)
    written(folder / "src" / "pack" / "net.py", "from .beside import Net\n")
    assert run("src/pack/net.py:Net", "[2,4]").report.macs == 32


def test_neighbours_of_the_same_name_are_each_files_own(folder):
    for name, width in (("a", 4), ("b", 8)):
        written(folder / name / "net.py", "from layers import Net\n")
        written(folder / name / "layers.py", LINEAR.replace("width=4", f"width={width}"))
    found = [run(f"{name}/net.py:Net", f"[1,{width}]").report.macs for name, width in (("a", 4), ("b", 8))]
    assert found == [16, 64]


def test_a_file_runs_once_for_all_that_is_taken_from_it(folder):
    count = "from pathlib import Path\nlog = Path('log')\nlog.write_text(log.read_text() + '.')\n"
    written(folder / "net.py", f"{LINEAR}{count}def inputs(): return torch.randn(2, 4)\n")
    (folder / "log").write_text("")
    run("net.py:Net", maker="net.py:inputs")
    run("net.py:Net", "[1,4]")
    assert (folder / "log").read_text() == "."


BIG = """
class Big(nn.Module):
    def __init__(self):
        super().__init__()
        self.rates = [rate.item() for rate in torch.linspace(0, 0.1, 4)]
        self.layers = nn.ModuleList(nn.Linear(2**20, 2**20) for _ in range(8))
        nn.init.normal_(self.layers[0].weight)
        nn.init.trunc_normal_(self.layers[1].weight)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""


def test_a_model_of_trillions_of_parameters_is_built_though_it_computes_with_constants(folder):
    written(folder / "net.py", BIG)
    found = run("net.py:Big", "[2**30, 2**20]")
    assert found.report.params == 8 * (2**40 + 2**20)
    assert found.report.macs == 8 * 2**70
    assert all(parameter.is_meta for parameter in found.module.parameters())


@pytest.mark.parametrize(
    "line",
    [
        "self.scale = float(torch.rand(3).sum())",
        "self.table = torch.randn(4) * torch.arange(4)",
        "self.size = int(nn.Linear(4, 4).weight.argmax())",
    ],
)
def test_a_constructor_that_computes_with_weights_falls_back_by_itself(folder, line):
    written(folder / "net.py", LINEAR.replace("super().__init__()", f"super().__init__()\n        {line}"))
    assert run("net.py:Net", "[2,4]").report.macs == 32


def test_a_forward_that_decides_by_numbers_runs_on_zeros(folder):
    written(
        folder / "net.py", LINEAR.replace("return self.fc(x)", "return self.fc(x) if x.sum() == 0 else x")
    )
    report = run("net.py:Net", "[2,4]").report
    assert (report.macs, report.trace.ran) == (32, "data")


def test_no_more_memory_is_taken_than_allowed(folder):
    written(
        folder / "net.py", LINEAR.replace("return self.fc(x)", "return self.fc(x) if x.sum() == 0 else x")
    )
    message = refused(TargetError, "net.py:Net", "[2,4096]", memory=2**20, width=4096)
    assert message.endswith("To run it on data, raise the limit: --max-memory 65MiB")


def test_torchs_state_is_as_before(folder):
    written(
        folder / "net.py",
        LINEAR + "def make():\n    torch.set_default_dtype(torch.float64)\n    return Net()\n",
    )
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    assert run("net.py:make", "[2,4]").report.dtype == "float64"
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() == dtype
    assert torch.empty(1).device.type == "cpu"


@pytest.mark.parametrize("train", [True, False])
def test_the_mode_is_as_asked(folder, train):
    written(folder / "net.py", LINEAR)
    assert run("net.py:Net", "[2,4]", train=train).module.fc.training == train


@pytest.mark.parametrize(
    "returned",
    ["torch.zeros(2, 4)", "(torch.zeros(2, 4),)", "[torch.zeros(2, 4)]", "{'x': torch.zeros(2, 4)}"],
)
def test_inputs_come_from_a_function(folder, returned):
    written(folder / "net.py", LINEAR + f"def inputs(): return {returned}\n")
    assert run("net.py:Net", maker="net.py:inputs").report.macs == 32


def test_inputs_without_a_dtype_have_the_models(folder):
    written(folder / "net.py", LINEAR + "def make(): return Net().half()\n")
    assert run("net.py:make", "[2,4]").report.trace.inputs[0].dtype == "float16"


USAGE = {
    ("nets.py:Net", "[4]"): "there is no file nets.py (did you mean net.py?)",
    ("net.py:Nut", "[4]"): "net.py has no Nut (did you mean Net?)\nIt has Net, make.",
    ("net.py", "[4]"): "net.py does not name a class or function",
    ("no.such:Net", "[4]"): "there is no module no.such",
    ("net.py:make", "[4]"): "net.py:make returned a dict; expected a torch.nn.Module",
    ("net.py:number", "[4]"): "net.py:number is an int; expected a torch.nn.Module, or a class or function",
    ("net.py:Net",): "Net.forward needs a value for the input x",
    ("net.py:Net", "[4]", "[4]"): "Net.forward takes 1 input, not 2",
    ("net.py:Net", "y=[4]"): "Net.forward has no input y",
}


@pytest.mark.parametrize(("request_", "message"), USAGE.items(), ids=[" ".join(key) for key in USAGE])
def test_a_wrong_request_is_refused(folder, request_, message):
    written(folder / "net.py", LINEAR + "def make(): return {}\nnumber = 3\n")
    assert refused(UsageError, *request_).startswith(message)


def test_the_names_that_a_file_has_end_in_and_more_if_there_are_more(folder):
    functions = "".join(f"def make_{letter}(): return Net()\n" for letter in "abcdefghijklm")
    written(folder / "net.py", f"{LINEAR}def größe(): return Net()\n{functions}")
    _, out, err = convcost("cost", "net.py:other", "--input", "f32[1,4]")
    listed = ", ".join(f"make_{letter}" for letter in "abcdefghij")
    assert (out, err) == (
        "", f"convcost: net.py has no other\nIt has Net, gr\\xf6\\xdfe, {listed} and more.\n"
    )  # fmt: skip


def test_an_unknown_argument_is_refused_with_those_there_are(folder):
    written(folder / "net.py", LINEAR)
    message = refused(UsageError, "net.py:Net", "[4]", wide=3)
    assert message.startswith("net.py:Net has no argument wide (did you mean width?)")


def test_a_module_takes_no_arguments(folder):
    written(folder / "net.py", LINEAR + "net = Net()\n")
    assert "is a module already" in refused(UsageError, "net.py:net", "[4]", width=3)


def test_a_file_may_have_a_dot_in_its_name(folder):
    written(folder / "my.models" / "net.v2.py", LINEAR)
    assert run("my.models/net.v2.py:Net", "[2,4]").report.macs == 32


def test_a_file_that_reads_the_programs_arguments_sees_none(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["convcost", "model", "net.py:make"])
    parser = (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', default=4)\n"
    )
    code = f"{LINEAR}{parser}parser.parse_args()\ndef make():\n    return Net(parser.parse_args().width)\n"
    written(folder / "net.py", code)
    assert run("net.py:make", "[2,4]").report.macs == 32
    assert sys.argv == ["convcost", "model", "net.py:make"]


def test_a_lazy_model_is_built_and_counted(folder):
    layers = "nn.LazyConv1d(4, 3, padding=1), nn.LazyBatchNorm1d(), nn.Flatten(), nn.LazyLinear(5)"
    written(folder / "net.py", f"def make(): return nn.Sequential({layers})\n")
    report = run("net.py:make", "[2,3,8]").report
    assert (report.macs, report.params) == (2 * 8 * 36 + 2 * 32 * 5, 40 + 8 + 165)


def test_a_lazy_model_that_fails_shows_its_own_error(folder):
    written(folder / "net.py", "def make(): return nn.Sequential(nn.LazyConv1d(4, 9), nn.LazyLinear(5))\n")
    assert "RuntimeError" in refused(TargetError, "net.py:make", "[2,3,4]")
