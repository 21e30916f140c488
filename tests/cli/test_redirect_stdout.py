"""What a model prints, whichever way, never gets among the results."""

import json
import subprocess
import sys

import pytest

NET = """
import os, sys
from torch import nn
class Net(nn.Linear):
    def __init__(self): super().__init__(4, 4)
    def forward(self, x):
        os.system("echo child")
        os.write(1, b"descriptor\\n")
        sys.__stdout__.write("dunder\\n")
        print("print")
        {end}
"""


def ran(folder, end):
    (folder / "net.py").write_text(NET.format(end=end))
    command = [sys.executable, "-m", "convcost", "model", "net.py:Net", "--input", "[2,4]", "--json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_a_model_prints_goes_to_stderr_by_whatever_way(tmp_path):
    done = ran(tmp_path, "return super().forward(x)")
    assert json.loads(done.stdout)["macs"] == 32
    assert sorted(done.stderr.split()) == ["child", "descriptor", "dunder", "print"]


@pytest.mark.parametrize("end", ["raise ValueError", "sys.exit(0)"])
def test_nothing_is_on_stdout_where_the_model_fails(tmp_path, end):
    done = ran(tmp_path, end)
    assert (done.returncode, done.stdout) == (2, "")
