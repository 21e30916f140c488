"""What `convcost sweep` gives to go on with: a command, files, columns of a device."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from cli_runner import convcost, environment, interruptible, record, refused
from pyarrow import parquet

BLOCK = "[B,C,L] -> Conv1d(C, M, 3, padding=1) -> ReLU -> Conv1d(M, C, 1)"
GRID = ("--over", "C=8:64:8", "--over", "M=2C,4C,C/3", "--L", "16")


def swept(*arguments):
    """What the command says as JSON."""
    code, out, err = convcost("sweep", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_command_below_the_table_shows_the_first_design_with_the_same_costs():
    options = (
        "--device",
        "h100",
        "--dtype",
        "bf16",
        "--count",
        "all",
        "--taps",
        "valid",
        "--by",
        "seconds:max",
    )
    _, out, _ = convcost("sweep", BLOCK, *GRID, *options)
    [row, *_] = swept(BLOCK, *GRID, *options)["rows"]
    command = out.strip().splitlines()[-1].strip()
    found = record(*shlex.split(command)[1:])
    assert (
        command.startswith('convcost cost "[1,64,16] -> Conv1d(64, 4*64, 3, padding=1)')
        or "Conv1d(64, 256" in command
    )
    assert row["spec"] in command
    assert (found["flops"], found["params"]) == (row["quantities"]["flops"], row["quantities"]["params"])
    assert found["roofline"]["seconds"] == row["quotients"]["seconds"]


def test_seconds_are_those_of_compare():
    sizes = ("--C", "64", "--M", "128", "--L", "16", "--B", "1")
    compared = record("compare", BLOCK, "[B,C] -> Linear(C, M)", *sizes, "--device", "a100")
    found = swept(BLOCK, *sizes[2:], "--over", "C=64", "--device", "a100")
    assert found["rows"][0]["quotients"]["seconds"] == compared["candidates"][0]["roofline"]["seconds"]
    assert found["devices"] == {"seconds": "a100-sxm-80gb"}


def test_several_devices_have_a_column_each():
    where = "seconds_h100_sxm < 20ns and seconds_a100_sxm_80gb > 10ns"
    code, out, _ = convcost("sweep", BLOCK, *GRID, "--device", "h100,a100", "--where", where, "--top", "1")
    assert code == 0
    assert "on h100-sxm   on a100-sxm-80gb" in out
    assert "h100-sxm (seconds_h100_sxm), a100-sxm-80gb (seconds_a100_sxm_80gb)" in out.replace("\n", "")


def test_columns_are_those_that_are_named_in_their_order():
    options = ("--columns", "bytes,arithmetic_intensity,macs", "--top", "1", "--format", "csv")
    code, out, _ = convcost("sweep", BLOCK, *GRID, *options)
    assert code == 0
    assert out.splitlines()[0] == "design,C,M,bytes,arithmetic_intensity,macs,spec"


def test_a_parquet_file_is_written_with_all_rows_and_replaces_one_that_is_there(tmp_path):
    file = tmp_path / "designs.parquet"
    file.write_text("before")
    code, _, err = convcost("sweep", BLOCK, *GRID, "--where", "C > 24", "--top", "1", "--out", str(file))
    assert (code, err) == (0, "")
    assert parquet.read_table(file).column_names == ["design", "C", "M", "flops", "params", "spec"]
    assert parquet.read_table(file)["C"].to_pylist() == [32, 32, 40, 40, 48, 48, 48, 56, 56, 64, 64]
    assert [path.name for path in tmp_path.iterdir()] == ["designs.parquet"]


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_an_interrupt_leaves_no_file(ending, tmp_path):
    grid = [word for name in "CML" for word in ("--over", f"{name}=1:400")]
    arguments = ("sweep", "[B,C,L] -> Conv1d(C, M, 1)", *grid, "--out", str(tmp_path / f"x.{ending}"))
    command = [sys.executable, "-m", "convcost", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), stdout=pipe, stderr=pipe, preexec_fn=interruptible
    ) as run:
        end = time.monotonic() + 60
        while not any(tmp_path.iterdir()) and time.monotonic() < end:
            time.sleep(0.05)
        assert any(tmp_path.iterdir())
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
    assert (run.returncode, out) == (130, b"")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--device", "h1000"), "no device is called h1000"),
        (("--device", "h100,,a100"), "--device h100,,a100: a name is missing"),
        (("--device", "h100,H-100"), "names h100-sxm twice"),
        (("--device", "this"), "--device this: this machine has several bandwidths"),
        (("--device", "h100", "--dtype", "int64"), "h100-sxm has no peak for int64"),
        (("--columns", "flops,speed"), "no quantity is called speed"),
        (("--by", "seconds"), "no quantity or size is called seconds\nIt needs --device h100;"),
        (("--columns", "seconds"), "no quantity is called seconds\nIt needs --device h100;"),
        (("--where", "flops"), 'For example, --where "flops <= 1G and (params < 2M or C >= 64)".\n'),
        (("--where", "flops < 1GFLOP"), "\nWrite an amount as 1G and a time as 2ms: without spaces, and"),
        (("--where", "flops < 1 GFLOP"), "\nWrite an amount as 1G and a time as 2ms: without spaces, and"),
        (("--where", "params < 2ms"), "Write seconds <= 2ms, with --device h100.\n"),
        (("--where", "params < 2ms"), "2ms is a time, but nothing here is in seconds"),
    ],
)
def test_a_wrong_request_is_refused(options, error):
    assert error in refused("sweep", BLOCK, *GRID, *options)


MODULES = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.embedding, self.linear = nn.Embedding(10, width), nn.Linear(width, 3)

    def forward(self, ids, mask, *more):
        return self.linear(self.embedding(ids)) * mask[..., None]
"""


def test_the_spec_of_a_module_has_its_inputs_with_the_sizes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(MODULES)
    module = "(mask=bf16[B,T], ids=i64[B,T]) -> net.py:Net(width=8)"
    [row] = swept(module, "--over", "T=5", "--B", "2", "--device", "h100")["rows"]
    assert row["spec"] == "(ids=i64[2,5], mask=bf16[2,5]) -> net.py:Net(width=8)"
    found = record("cost", row["spec"], "--device", "h100")
    assert found["flops"] == row["quantities"]["flops"] > 0
    assert found["roofline"]["seconds"] == row["quotients"]["seconds"]
    twice = "(mask=f32[2*B,T], ids=i64[2*B,T]) -> net.py:Net"
    assert [row["spec"] for row in swept(twice, "--over", "B=2", "--T", "5")["rows"]] == [""]
