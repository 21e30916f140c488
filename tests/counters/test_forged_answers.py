"""Models that write to the pipe of a counter's answer, close it, or leave a process that holds it."""

import contextlib
import json
import os
import struct
import subprocess
import sys
import time

import pytest
import torch
from torch import nn

from convcost.counters import COUNTERS
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.subprocess_runner import run_in_subprocess
from convcost.system.workers import FORGED_ANSWER, Worker, WorkerEndedError, can_fork
from convcost.tracing.profile import profile

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")

MODE = (COUNTERS["flop_counter_mode"],)
HOME = os.getpid()


def everywhere(data):
    for number in range(3, 256):
        try:
            os.write(number, data)
        except OSError:
            continue


def closing():
    os.closerange(3, 256)


def answer(total):
    """An answer as a worker would frame it, but for the seal."""
    told = json.dumps([[[total, [["", "aten::addmm", total, [], 1, None]], [], [], None, ""], "", []], ""])
    return struct.pack("!Q", len(told)) + told.encode()


class Net(nn.Module):
    """A layer that does something else where a counter runs it."""

    def __init__(self, act):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.act = act

    def __deepcopy__(self, memo):
        return self

    def forward(self, x):
        if os.getpid() != HOME:
            self.act()
        return self.linear(x)


def diagnosis(act, seconds=20.0):
    module, x = Net(act), torch.ones(2, 4)
    report = profile(nn.Linear(4, 4), x)
    start = time.monotonic()
    [(_, diagnosis)] = crosscheck_model(module, (x,), {}, report, MODE, seconds=seconds)
    assert time.monotonic() - start < seconds
    return diagnosis.result


@pytest.mark.parametrize(
    "data",
    [b"x", b"\n", b"\0" * 8, b"\0" * 24, b"x" * 100_000, answer(64), answer(2 * 32), b"\xff" * 8],
    ids=[
        "a byte",
        "a line",
        "a length",
        "a header",
        "much",
        "an answer",
        "the right answer",
        "a large length",
    ],
)
def test_what_a_model_writes_to_the_pipe_is_noticed_and_named(data):
    found = diagnosis(lambda: everywhere(data))
    assert (found.verdict, found.flops, found.reason) == ("unavailable", None, FORGED_ANSWER)


def test_a_forged_answer_that_ends_the_process_is_not_believed():
    def forge():
        everywhere(answer(12345))
        os._exit(0)

    found = diagnosis(forge)
    assert (found.verdict, found.flops, found.reason) == ("unavailable", None, FORGED_ANSWER)


def test_a_model_that_closes_every_file_gives_no_answer_and_does_not_hang():
    found = diagnosis(closing)
    assert (found.verdict, found.flops) == ("unavailable", None)
    assert found.reason in ("it closed the pipe to convcost", "its process ended with 1 and gave no answer")


def test_the_answer_is_not_written_to_a_file_that_has_the_number_of_the_pipe_now(tmp_path):
    def replace():
        closing()
        for number in range(64):
            os.open(tmp_path / f"{number}", os.O_CREAT | os.O_WRONLY)

    assert diagnosis(replace).verdict == "unavailable"
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {0}


def test_a_process_that_holds_the_pipe_open_keeps_nobody_waiting():
    held = "import time; time.sleep(60)"

    def spawn():
        for number in map(int, os.listdir("/dev/fd")):
            with contextlib.suppress(OSError):
                os.set_inheritable(number, True)
        subprocess.Popen([sys.executable, "-c", held], close_fds=False)

    assert diagnosis(spawn).verdict == "agrees"


def test_a_copy_of_the_process_that_lives_on_keeps_nobody_waiting():
    def fork():
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)

    assert diagnosis(fork).verdict == "agrees"


def test_a_model_that_dies_while_another_process_holds_the_pipe_is_noticed():
    def fork():
        if os.fork() == 0:
            os.setsid()
            time.sleep(5)
            os._exit(0)
        os._exit(3)

    assert diagnosis(fork).reason == "its process ended with 3 and gave no answer"


def test_a_copy_of_the_process_that_goes_on_gives_no_second_answer():
    assert diagnosis(os.fork).verdict == "agrees"


def test_files_that_are_open_here_are_not_written_to(tmp_path):
    with (tmp_path / "mine").open("w") as mine:
        mine.write("before ")
        mine.flush()
        assert run_in_subprocess(lambda: os.write(mine.fileno(), b"intruder"), 10) == 8
        mine.write("after")
    assert (tmp_path / "mine").read_text() == "before after"


def test_of_several_answers_one_that_is_forged_in_between_is_noticed():
    def life(send):
        send(b"one")
        os.write(send.writer, struct.pack("!Q", 3) + b"two" + b"\0" * 40)
        send(b"three")

    worker = Worker(life)
    try:
        assert worker.answer(10) == b"one"
        with pytest.raises(WorkerEndedError, match="something wrote to convcost's pipe"):
            worker.answer(10)
    finally:
        worker.stop()
