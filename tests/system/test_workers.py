"""A worker's end is noticed, named, and waited for no longer than allowed."""

import faulthandler
import os
import signal
import time

import pytest

from convcost.system.workers import Worker, WorkerEndedError, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")


def answers(life, number=1, seconds=20.0):
    worker = Worker(life)
    try:
        return [worker.answer(seconds) for _ in range(number)]
    finally:
        worker.stop()


def ended(life, seconds=20.0):
    with pytest.raises(WorkerEndedError) as error:
        answers(life, seconds=seconds)
    return str(error.value)


def forked_sleeper():
    if os.fork() == 0:
        time.sleep(120)
        os._exit(0)


def test_answers_come_in_order_whatever_their_length():
    def life(send):
        for answer in (b"", b"a", b"x" * 3_000_000):
            send(answer)

    assert answers(life, 3) == [b"", b"a", b"x" * 3_000_000]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda: os._exit(0), "its process ended with 0 and gave no answer"),
        (lambda: os._exit(7), "its process ended with 7 and gave no answer"),
        (os.abort, "it was ended by SIGABRT"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "it was ended by SIGKILL (out of memory?)"),
        (lambda: os.closerange(3, 1000), "its process ended with 1 and gave no answer"),
        (lambda: 1 / 0, "its process ended with 1 and gave no answer"),
    ],
)
def test_an_end_is_named(end, message):
    def life(send):
        faulthandler.disable()  # pytest's, which would tell of it
        end()
        send(b"answer")

    assert ended(life) == message


def test_an_end_is_noticed_though_a_child_holds_the_pipe():
    def life(_):
        forked_sleeper()
        os._exit(3)

    start = time.monotonic()
    assert ended(life) == "its process ended with 3 and gave no answer"
    assert time.monotonic() - start < 60


def test_what_a_worker_started_ends_with_it():
    def life(send):
        child = os.fork()
        if child == 0:
            time.sleep(120)
            os._exit(0)
        send(str(child).encode())

    [answer] = answers(life)
    for _ in range(400):
        try:
            os.kill(int(answer), 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{int(answer)}/stat") as file:
            if file.read().split()[2] == "Z":
                return
        time.sleep(0.05)
    pytest.fail("it goes on")


def test_a_second_process_that_comes_back_gives_no_answer():
    def life(send):
        os.fork()
        send(b"one")
        send(b"two")

    assert answers(life, 2) == [b"one", b"two"]


def test_no_more_time_is_given_than_allowed():
    start = time.monotonic()
    assert ended(lambda _: time.sleep(120), 0.3) == "it did not finish within 0.3 seconds"
    assert time.monotonic() - start < 60


def test_a_worker_ends_with_the_program_that_is_killed():
    reader, writer = os.pipe()
    program = os.fork()
    if program == 0:
        worker = Worker(lambda _: time.sleep(120))
        os.write(writer, f"{worker.process}\n".encode())
        time.sleep(120)
    process = int(os.read(reader, 100))
    time.sleep(0.2)
    os.kill(program, signal.SIGKILL)
    os.waitpid(program, 0)
    for _ in range(400):
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat") as file:
                if file.read().split()[2] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.05)
    pytest.fail("it goes on")
