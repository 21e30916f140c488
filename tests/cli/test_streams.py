"""Pipes that close, streams that are not there, disks that are full, folders that cannot be written."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from cli_runner import COMMAND, FOUNDING, environment, interruptible, process, shell

PLAIN = "$convcost compare --E 128 --L 10 --counters none"
PROC = Path("/proc/self/maps")


def test_a_reader_that_leaves_early_is_no_error():
    assert shell(f"{PLAIN} | head -1") == (0, " dense  [B, S, L*E] -> Linear(L*E, E)\n", "")


def test_a_pipe_that_nobody_reads_is_no_error():
    ours, theirs = os.pipe()
    os.close(ours)
    command = [*COMMAND, *FOUNDING, "--counters", "none"]
    result = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment(), check=False)
    os.close(theirs)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("command", [PLAIN, "$convcost counters", "$convcost --help", "$convcost --version"])
def test_a_closed_stdout_is_no_error(command):
    assert shell(f"{command} >&-") == (0, "", "")


@pytest.mark.parametrize("command", [PLAIN, "$convcost counters", "$convcost --help", "$convcost --version"])
def test_a_full_disk_is_told_in_one_line(command):
    code, _, err = shell(f"{command} >/dev/full")
    assert (code, err) == (2, "convcost: the result could not be written: No space left on device\n")


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_refusal_exits_with_2_where_nobody_can_read_why(stderr):
    assert shell(f"$convcost compare --Q 3 {stderr}") == (2, "", "")


def test_the_counters_run_where_stderr_is_closed():
    code, out, err = shell("$convcost compare --E 128 --L 10 2>&-")
    assert (code, err) == (0, "")
    assert out.count("agrees") == 6


def test_not_even_a_warning_is_written_beside_the_result():
    assert process(*FOUNDING, PYTHONWARNINGS="always").err == ""


@pytest.mark.skipif(not PROC.exists(), reason="needs /proc to see torch being loaded")
def test_an_interrupt_while_torch_is_imported_ends_it_quietly_with_130():
    command = subprocess.Popen(
        [*COMMAND, *FOUNDING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=interruptible,
    )
    maps = Path(f"/proc/{command.pid}/maps")
    while "libtorch" not in maps.read_text():
        assert command.poll() is None
    command.send_signal(signal.SIGINT)
    out, err = command.communicate()
    assert (command.returncode, out, err) == (130, b"", b"")


@pytest.mark.skipif(not PROC.exists(), reason="needs a folder that not even root can write")
def test_a_folder_and_a_home_that_cannot_be_written_do_not_matter():
    result = shell("cd /proc && $convcost compare --E 128 --L 10", HOME="/proc")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("agrees") == 6
