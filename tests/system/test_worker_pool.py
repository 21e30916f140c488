"""Tasks in several processes: answers in order, each failure with its own task, and no process left."""

import os
import pickle
import signal
import time
from fractions import Fraction

import pytest

from convcost.system.worker_pool import WorkerPool, unpickle_trusted
from convcost.system.workers import WorkerEndedError, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")


def serve(tasks, send):
    """Squares numbers; -1 ends the process, -2 takes forever, -3 answers and ends it then."""
    for task in tasks:
        if task == -1:
            os._exit(3)
        if task == -2:
            time.sleep(60)
        send(pickle.dumps((task * task, os.getpid())))
        if task == -3:
            os._exit(0)


def answers(tasks, jobs, seconds=20.0):
    pool = WorkerPool(tasks, serve, lambda task: seconds, jobs)
    return [
        (task, str(found) if isinstance(found, WorkerEndedError) else found[0])
        for task, found in pool.answers()
    ]


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
def test_each_task_has_its_own_answer_in_order(jobs):
    assert answers(range(10), jobs) == [(task, task * task) for task in range(10)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_ends_its_process_is_the_only_one_without_an_answer(jobs):
    found = answers([4, -1, 5, 6, -1, -1, 7], jobs)
    ended = "its process ended with 3 and gave no answer"
    assert found == [(4, 16), (-1, ended), (5, 25), (6, 36), (-1, ended), (-1, ended), (7, 49)]


def test_an_end_after_an_answer_is_not_blamed_on_the_next_task():
    assert answers([-3, 4, -3, 5], 1) == [(-3, 9), (4, 16), (-3, 9), (5, 25)]


def test_a_task_that_takes_too_long_is_ended_and_the_next_one_is_done():
    assert answers([4, -2, 5], 1, 0.5) == [(4, 16), (-2, "it did not finish within 0.5 seconds"), (5, 25)]


def test_tasks_are_spread_over_processes_which_end_with_the_loop():
    pool = WorkerPool(range(4), serve, lambda task: 20.0, 2)
    processes = [process for _, (_, process) in pool.answers()]
    assert processes[0] == processes[2] != processes[1] == processes[3]
    pool = WorkerPool([1, -2, -2], serve, lambda task: 20.0, 3)
    loop = pool.answers()
    next(loop)
    running = [queue.start().process for queue in pool._queues]
    loop.close()
    for process in running:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_no_task_starts_no_process():
    assert answers([], 3) == []


def test_an_answer_of_other_classes_is_not_trusted():
    assert unpickle_trusted(pickle.dumps(Fraction(1, 3))) == Fraction(1, 3)
    for data in (b"", b"noise", pickle.dumps(os.system), pickle.dumps(signal.SIGINT)):
        with pytest.raises(WorkerEndedError):
            unpickle_trusted(data)
