"""`convcost sweep net.py:Net --over-arg`: counted in worker processes, whatever the module does there."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runner import COMMAND, convcost, environment, interruptible, process

from convcost.system.workers import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")

NET = """\
import os, time
from torch import nn


class Net(nn.Module):
    def __init__(self, width, kernel=3, act="relu", odd=""):
        super().__init__()
        print("made", width)
        exec(odd)
        self.first = nn.Conv1d(4, width, kernel, padding="same")
        self.act = {"relu": nn.ReLU, "gelu": nn.GELU}[act]()

    def forward(self, x):
        return self.act(self.first(x))
"""

TABLE = """\
 Net      {net}:Net
 over     width = 4:12:4; act = relu,gelu
 where    width > 4
 designs  6; the condition holds for 4
 shown    the Pareto front in elementwise work (smallest), width (largest): 2 of
          2, by elementwise work, smallest first

     width    act   FLOPs   parameters   elementwise work
──────────────────────────────────────────────────────────
 1       8   relu   1,920          104                 80
 2      12   relu   2,880          156                120

 Of designs that are equal in all of these quantities, only the first is shown.
 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).

"""

INPUT = ("--input", "f32[B,4,10]")


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    return str(tmp_path / "net.py")


def sweep(net, *options):
    return convcost("sweep", f"{net}:Net", *INPUT, *options)


def test_what_a_module_prints_is_no_part_of_the_table(net):
    options = ("--over-arg", "width=4:12:4", "--over-arg", "act=relu,gelu", "--B", "1")
    wanted = (*INPUT, *options, "--where", "width > 4", "--pareto", "elementwise,width:max")
    code, out, err = process("sweep", f"{net}:Net", *wanted)
    assert (code, err.count("made")) == (0, 6)
    heading, _, rest = out.partition("\n over")
    assert " over" + rest == TABLE.partition("\n")[2]
    assert heading.replace("\n", "").replace(" ", "") == f"Net{net}:NetsizesB=1"


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_rows_have_the_arguments_in_every_format_whatever_the_number_of_processes(net, jobs, tmp_path):
    grid = ("--over-arg", "width=4,8", "--over-arg", "kernel=1,3", "--over", "B=1,2", "--jobs", jobs)
    file = tmp_path / "all.jsonl"
    code, out, _ = sweep(net, *grid, "--format", "csv", "--out", str(file), "--by", "params")
    rows = [*csv.DictReader(out.splitlines())]
    expected = [
        (width, kernel, batch, 2 * batch * 10 * width * 4 * kernel, width * 4 * kernel + width)
        for width, kernel in ((4, 1), (8, 1), (4, 3), (8, 3))
        for batch in (1, 2)
    ]
    names = ("width", "kernel", "B", "flops", "params")
    assert code == 0
    assert [tuple(int(row[name]) for name in names) for row in rows] == expected
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(
        (*line["arguments"].values(), *line["sizes"].values(), line["flops"]) for line in lines
    ) == sorted(row[:4] for row in expected)
    found = json.loads(sweep(net, *grid, "--json").out)
    assert found["over_arguments"] == {"width": "4,8", "kernel": "1,3"}
    assert [*found["rows"][0]["arguments"]] == ["width", "kernel"]


def test_a_variant_that_ends_its_process_or_takes_too_long_is_left_out_by_its_reason(net):
    odd = "odd=pass,os._exit(3),while True: pass,raise ValueError('no')"
    code, out, _ = sweep(net, "--over-arg", odd, "--arg", "width=4", "--timeout", "4", "--B", "1", "--json")
    found = json.loads(out)
    assert (code, found["matching"]) == (0, 1)
    assert found["impossible"] == {
        "not counted: its process ended with 3 and gave no answer": 1,
        "not counted: it did not finish within 4 seconds": 1,
        "ValueError: no": 1,
    }


def test_where_no_variant_is_possible_the_exit_code_is_1(net):
    code, _, err = sweep(net, "--over-arg", "act=tanh,elu", "--arg", "width=4", "--B", "1")
    assert code == 1
    assert err.splitlines()[-1].startswith(
        "convcost: No design of the grid is possible: KeyError: 'tanh', KeyError"
    )


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--over-arg", "wide=1,2"), "has no argument wide (did you mean width?)"),
        (("--over-arg", "width=1", "--arg", "width=2"), "width is swept but also has a value"),
        (("--over-arg", "width=1", "--over-arg", "width=2"), "--over-arg width is given twice"),
        (("--over-arg", "width=1", "--jobs", "0"), "--jobs is 0; it must be at least 1"),
        (("--over-arg", "width=1:1000000"), "1,000,000 combinations of arguments; the limit is 100,000"),
        (("--over-arg", "width=a", "--where", "width < 3"), "width has values that are not numbers"),
        (("--over-arg", "width=1", "--where", "depth < 3"), "no quantity or size is called depth"),
        (("--over", "B=1", "--jobs", "2", "--arg", "width=2"), "--jobs needs --over-arg"),
        (("--over-arg", "B=1"), "has no argument B"),
    ],
)
def test_a_wrong_request_is_refused_with_nothing_on_stdout(net, options, error):
    code, out, err = sweep(net, *options)
    assert (code, out) == (2, "")
    assert error in err.replace("\n", " ")


def test_a_file_that_can_not_be_read_is_an_error_of_all(tmp_path):
    (tmp_path / "net.py").write_text("1 / 0\n")
    code, out, err = sweep(str(tmp_path / "net.py"), "--over-arg", "width=1,2")
    assert (code, out) == (2, "")
    assert "ZeroDivisionError" in err


def test_specs_have_no_arguments():
    code, out, err = convcost("sweep", "Linear(E, E)", "--over-arg", "E=1")
    assert (code, out) == (2, "")
    assert err.startswith("convcost: --over-arg needs a torch module as the last design")


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_processes_at_once_and_leaves_no_file(net, tmp_path, number):
    file = tmp_path / "all.csv"
    odd = f"odd=open('{tmp_path}/' + str(os.getpid()) + '.pid', 'w').close() or time.sleep(60)"
    command = [*COMMAND, "sweep", f"{net}:Net", *INPUT, "--over-arg", "width=1:8", "--arg", odd]
    started = subprocess.Popen(
        [*command, "--jobs", "2", "--B", "1", "--out", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        preexec_fn=interruptible,
    )
    end = time.monotonic() + 60
    while len(workers := [*tmp_path.glob("*.pid")]) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    started.send_signal(number)
    assert started.communicate(timeout=20)[0] == b""
    assert started.returncode == 128 + number
    time.sleep(0.2)
    assert len(workers) == 2
    assert [worker for worker in workers if is_running(int(worker.stem))] == []
    assert not file.exists()
    assert [path.suffix for path in tmp_path.iterdir() if path.suffix not in (".pid", ".py", "")] == []


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{number}/status").read_text()
