"""Ctrl-C at random moments of a profile, in a process that has only this to do.

`python -m tracing.interrupts COUNT SEED MEANS...` prints as JSON how often a profile was interrupted, and
what was wrong afterwards: something that was changed, another error, another count of the next profile.
"""

import _thread
import json
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import _GeneratorContextManager, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch import nn
from tracing.hostile import RUNS, outcome, warm
from tracing.process_state import process_restored
from tracing.snapshots import differences, snapshot

import convcost

PACKAGE = str(Path(convcost.__file__).parent)


class Convolutions(nn.Module):
    """Batch statistics, dropout, a list and a counter."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Dropout()) for _ in range(3))
        )
        self.seen: list[Any] = []
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.seen.append([x])
        return self.layers(x)


class Decoder(nn.Module):
    """Writes to a cache among its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.scale = nn.Parameter(torch.ones(8), requires_grad=False)

    def forward(self, x: torch.Tensor, cache: dict[str, list[torch.Tensor]]) -> torch.Tensor:
        cache["k"].append(x)
        self.scale.mul_(2)
        return self.layer(torch.cat(cache["k"], 1)) * self.scale


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[Any, ...]]]] = {
    "convolutions": lambda: (Convolutions(), (torch.ones(2, 3, 8, 8),)),
    "decoder": lambda: (Decoder(), (torch.ones(1, 2, 8), {"k": []})),
    "LSTM": lambda: (nn.LSTM(4, 4, 2), (torch.ones(3, 1, 4),)),
}

SILENT = tuple(run for run in RUNS if run != "counters")


def raise_interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@contextmanager
def by_alarm(delay: float) -> Iterator[None]:
    try:
        signal.setitimer(signal.ITIMER_REAL, max(delay, 1e-6))
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def by_thread(delay: float, interrupt: Callable[[], Any]) -> Iterator[None]:
    thread = threading.Thread(target=lambda: (time.sleep(delay), interrupt()))
    try:
        thread.start()
        yield
    finally:
        while thread.is_alive():
            with suppress(KeyboardInterrupt):
                thread.join()


@contextmanager
def by_line(moment: float, reached: list[tuple[str, int]]) -> Iterator[None]:
    """At the line of convcost that is the so-many-th to run; `reached` are those that did."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            reached.append((frame.f_code.co_filename, frame.f_lineno))
            if len(reached) == moment:
                signal.raise_signal(signal.SIGINT)
        return trace if frame.f_code.co_filename.startswith(PACKAGE) else None

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


@contextmanager
def by_context(moment: float, entered: list[None]) -> Iterator[None]:
    """As the so-many-th context has been entered, before its block begins; `entered` are those that were."""
    enter = _GeneratorContextManager.__enter__

    def interrupted_enter(manager: Any) -> Any:
        value = enter(manager)
        entered.append(None)
        if len(entered) == moment:
            signal.raise_signal(signal.SIGINT)
        return value

    with patch.object(_GeneratorContextManager, "__enter__", interrupted_enter):
        yield


class Means(NamedTuple):
    """A function that draws moments of a call, and an interrupt at such a moment."""

    moments: Callable[[Callable[[], Any]], Callable[[random.Random], float]]
    at: Callable[[float], Any]


def times(call: Callable[[], Any]) -> Callable[[random.Random], float]:
    """Seconds from its start."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return lambda source: source.uniform(0, 1.05 * min(found))


def lines(call: Callable[[], Any]) -> Callable[[random.Random], float]:
    """Each line is as likely as any other, however often it runs: what is put back is so once."""
    reached: list[tuple[str, int]] = []
    with by_line(0, reached):
        call()
    places: dict[tuple[str, int], list[int]] = {}
    for number, line in enumerate(reached, start=1):
        places.setdefault(line, []).append(number)
    return lambda source: source.choice(source.choice([*places.values()]))


def contexts(call: Callable[[], Any]) -> Callable[[random.Random], float]:
    """Each context is as likely as any other."""
    entered: list[None] = []
    with by_context(0, entered):
        call()
    return lambda source: source.randint(1, len(entered))


MEANS = {
    "alarm": Means(times, by_alarm),
    "kill": Means(times, lambda delay: by_thread(delay, lambda: os.kill(os.getpid(), signal.SIGINT))),
    "interrupt_main": Means(times, lambda delay: by_thread(delay, _thread.interrupt_main)),
    "line": Means(lines, lambda moment: by_line(moment, [])),
    "context": Means(contexts, lambda moment: by_context(moment, [])),
}


def interrupted(means: Means, moment: float, call: Callable[[], Any]) -> Any:
    """What `call` returned, or what was raised."""

    def attempt() -> Any:
        with means.at(moment):
            return call()

    return outcome(attempt)


def faults(means: str, model: str, run: str, random_source: random.Random, count: int) -> Iterator[str]:
    """What is wrong after each of `count` interrupts; an empty text where nothing is."""
    module, inputs = MODELS[model]()

    def call() -> Any:
        return RUNS[run](module, *inputs).macs

    before = snapshot(module, inputs)
    right = call()
    moments = MEANS[means].moments(call)
    for _ in range(count):
        moment = moments(random_source)
        with process_restored():
            found = interrupted(MEANS[means], moment, call)
            if isinstance(found, KeyboardInterrupt):
                found.__traceback__ = None  # what waits in it goes on now
            left = differences(before, snapshot(module, inputs))
            again = outcome(call)
            left += differences(before, snapshot(module, inputs))
        where = f"{means}, {model}, {run}, interrupted at {moment:.6g}"
        if not isinstance(found, KeyboardInterrupt) and found != right:
            yield f"{where}: {found!r}"
        elif again != right:
            yield f"{where}: then {again!r} instead of {right}"
        else:
            yield f"{where}: {left[:3]}" if left else "" if found != right else "not interrupted"
        if left:
            module, inputs = MODELS[model]()
            before = snapshot(module, inputs)


def main(count: int, seed: int, *means: str) -> None:
    """`count` interrupts by each of `means`, shared out among models and runs."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, raise_interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.manual_seed(seed)
    warm()
    random_source = random.Random(seed)
    pairs = [(model, run) for model in MODELS for run in SILENT]
    found = [
        fault
        for name in means
        for place, (model, run) in enumerate(pairs)
        for fault in faults(name, model, run, random_source, (count + place) // len(pairs))
    ]
    missed = found.count("not interrupted")
    wrong = [fault for fault in found if fault not in {"", "not interrupted"}]
    sys.stdout.write(json.dumps({"interrupted": len(found) - missed, "wrong": wrong}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
