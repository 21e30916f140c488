"""Work in a process of its own: what comes back, and what it can do without harm."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from convcost.counters.subprocess_runner import run_in_subprocess
from convcost.system.workers import WorkerEndedError, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")


def test_what_the_work_returns_comes_back():
    assert run_in_subprocess(lambda: {"a": [1, 2**100]}, 10) == {"a": [1, 2**100]}


def test_an_answer_larger_than_a_pipe_comes_back():
    assert run_in_subprocess(lambda: "x" * 10_000_000, 30) == "x" * 10_000_000


def test_what_the_work_changes_is_unchanged_here():
    found = []
    assert run_in_subprocess(lambda: found.append(1) or len(found), 10) == 1
    assert found == []


def test_what_the_work_prints_is_not_seen(capfd):
    run_in_subprocess(lambda: sys.stdout.write("out") and os.write(2, b"err"), 10)
    assert capfd.readouterr() == ("", "")


def test_what_was_not_printed_yet_here_is_printed_once(capfd):
    sys.stdout.write("once ")
    run_in_subprocess(lambda: None, 10)
    sys.stdout.write("more")
    assert capfd.readouterr().out == "once more"


def raising():
    raise ValueError("no room\nand more")


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (raising, "it raised ValueError: no room"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "it was ended by SIGSEGV"),
        (lambda: os._exit(3), "its process ended with 3 and gave no answer"),
        (sys.exit, "its process ended with 1 and gave no answer"),
        (lambda: lambda: None, "its process ended with 1 and gave no answer"),
    ],
)
def test_work_that_gives_no_answer_says_why(work, reason):
    with pytest.raises(WorkerEndedError) as error:
        run_in_subprocess(work, 10)
    assert str(error.value) == reason


def test_work_that_hangs_is_ended(tmp_path):
    pid = tmp_path / "pid"

    def hang():
        pid.write_text(str(os.getpid()))
        time.sleep(60)

    with pytest.raises(WorkerEndedError, match=r"it did not finish within 0\.5 seconds"):
        run_in_subprocess(hang, 0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_no_process_and_no_file_is_left():
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    run_in_subprocess(lambda: 1, 10)
    before = len(list(folder.iterdir()))
    run_in_subprocess(lambda: 1, 10)
    assert len(list(folder.iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_torch_computes_there_after_it_has_used_all_threads_here():
    import torch

    def product():
        return float((torch.ones(500, 500) @ torch.ones(500, 500)).sum())

    assert product() == run_in_subprocess(product, 60) == 500**3
