"""Signals at any moment: the exit code that a shell expects, nothing on stderr, and nothing left behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runner import COMMAND, FOUNDING, environment, interruptible

PROC = Path("/proc/self/status")
HEAD = "import os, signal, time, torch\n"
NET = "class Net(torch.nn.ReLU): pass\n"
SWALLOWING = {
    "an import that catches everything": "try:\n    {send}\nexcept BaseException:\n    pass\n",
    "a finalizer": "class Dying:\n    def __del__(self):\n        {send}\nDying()\n",
    "a weak reference's callback": "import weakref\nclass Dying: pass\ndying = Dying()\n"
    "reference = weakref.ref(dying, lambda _: ({send}))\ndel dying\n",
    "a key function's hash": "class Key:\n    def __hash__(self):\n        {send}\n        return 1\n"
    "try:\n    {{Key(): 1}}\nexcept BaseException:\n    pass\n",
}
ENDS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


def started(*arguments, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()}
    return subprocess.Popen([*COMMAND, *arguments], **pipes, **({"preexec_fn": interruptible} | options))


def finished(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def wait_until_it_handles_signals(process):
    """Before, the interpreter itself is still being set up."""
    status, term = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        caught = [line for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        if int(caught[0].split()[1], 16) & term:
            return
        time.sleep(0.002)


def model(folder, code):
    file = folder / "net.py"
    file.write_text(HEAD + code + NET)
    return ("model", f"{file}:Net", "--input", "f32[1,3]")


def sending(name, code):
    return code.format(send=f"os.kill(os.getpid(), signal.{name}), time.sleep(0.01)")


@pytest.mark.parametrize("place", SWALLOWING)
def test_an_interrupt_is_not_swallowed_by(place, tmp_path):
    process = started(*model(tmp_path, sending("SIGINT", SWALLOWING[place])))
    assert finished(process) == (130, b"", b"")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_signals_that_end_a_command_have_codes_of_their_own(name, tmp_path):
    process = started(*model(tmp_path, sending(name, "{send}\n")))
    assert finished(process) == (ENDS[name], b"", b"")


def test_a_signal_that_is_ignored_from_the_start_stays_ignored(tmp_path):
    def ignoring():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    code, out, err = finished(started(*model(tmp_path, sending("SIGINT", "{send}\n")), preexec_fn=ignoring))
    assert (code, err) == (0, b"")
    assert b"MACs" in out


MOMENTS = [
    *(("compare", *FOUNDING[1:], "--counters", "none", delay) for delay in (0, 0.05, 0.1)),
    *((*FOUNDING, delay) for delay in (0.2, 0.5, 0.9, 1.3, 1.7, 2.1)),
    *(("model", "torch.nn:ReLU", "--input", "f32[1,3]", delay) for delay in (0.4, 0.8, 1.4)),
    *(("check", "dense", "founding-convolutions", delay) for delay in (0.3, 0.7, 1.2, 1.9)),
]


@pytest.mark.skipif(not PROC.exists(), reason="needs /proc to see that it handles signals")
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[0]}-{moment[-1]}")
def test_an_interrupt_at_any_moment_ends_it_quietly(moment):
    *arguments, delay = moment
    process = started(*arguments, cwd=Path(__file__).parents[2])
    wait_until_it_handles_signals(process)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code in (0, 130)
    assert b"Traceback" not in err
    assert b"Interrupt" not in err


def in_a_process(script, folder):
    command = [sys.executable, "-c", f"from convcost.system.signals import exit_on_signals\n{script}"]
    result = subprocess.run(
        command, capture_output=True, env=environment(), cwd=folder, check=False, preexec_fn=interruptible
    )
    return result.returncode, result.stdout, result.stderr


def test_a_counter_in_a_process_of_its_own_ends_too(tmp_path):
    script = """
import os, signal, time, threading
from pathlib import Path
from convcost.counters.subprocess_runner import run_in_subprocess
exit_on_signals()
def work():
    Path("new").write_text(str(os.getpid()))
    Path("new").rename("process")
    time.sleep(60)
def end():
    while not Path("process").exists():
        time.sleep(0.01)
    print(Path("process").read_text(), flush=True)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=end, daemon=True).start()
run_in_subprocess(work, 60)
"""
    code, out, err = in_a_process(script, tmp_path)
    assert (code, err) == (130, b"")
    assert is_gone(int(out))


def is_gone(number):
    """Within a second: what was killed may be waiting for its parent to look."""
    for _ in range(100):
        status = Path(f"/proc/{number}/stat")
        if not status.exists() or ") Z " in status.read_text():
            return True
        time.sleep(0.01)
    return False


def test_no_temporary_file_is_left(tmp_path):
    script = """
import os, signal, time
from pathlib import Path
from convcost.system.files import write_text
exit_on_signals()
os.replace = lambda *paths: (os.kill(os.getpid(), signal.SIGINT), time.sleep(1))
write_text(Path("convcost.lock"), "text")
"""
    assert in_a_process(script, tmp_path) == (130, b"", b"")
    assert not [*tmp_path.iterdir()]


def test_a_library_leaves_signals_to_its_user(tmp_path):
    script = """
import signal
before = [signal.getsignal(number) for number in signal.valid_signals()]
import convcost
convcost.compare(E=128, L=10)
import convcost.cli
print(before == [signal.getsignal(number) for number in signal.valid_signals()])
"""
    assert in_a_process(script, tmp_path) == (0, b"True\n", b"")


def test_a_copy_of_the_process_has_nothing_to_undo(tmp_path):
    script = """
import os, signal, time
from pathlib import Path
from convcost.system.signals import cleanup
exit_on_signals()
with cleanup(lambda: Path("undone").touch()):
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert in_a_process(script, tmp_path) == (0, b"130\n", b"")
    assert not (tmp_path / "undone").exists()


@pytest.mark.slow
@pytest.mark.skipif(not PROC.exists(), reason="needs /proc to see that it handles signals")
@pytest.mark.parametrize("arguments", [FOUNDING, ("model", "torch.nn:ReLU", "--input", "f32[1,3]")])
def test_an_interrupt_at_every_fiftieth_of_a_second_ends_it_quietly(arguments):
    for moment in range(150):
        process = started(*arguments)
        wait_until_it_handles_signals(process)
        time.sleep(moment / 50)
        process.send_signal(signal.SIGINT)
        code, _, err = finished(process)
        assert (code, err) in ((0, b""), (130, b"")), moment
