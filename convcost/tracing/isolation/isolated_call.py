"""Run a copy of a call: the user's own objects never run, and the process is restored afterwards."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, _GeneratorContextManager, contextmanager, suppress
from inspect import GEN_SUSPENDED, getgeneratorstate, isgenerator
from threading import RLock
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import Any, TypeVar
from weakref import finalize

import torch

from convcost.tracing.isolation.copier import Copier
from convcost.tracing.isolation.distributed_state import preserved_distributed_state
from convcost.tracing.isolation.object_state import preserved_objects
from convcost.tracing.isolation.process_state import preserved_process_state
from convcost.tracing.isolation.tensor_copies import TensorCopy
from convcost.tracing.isolation.virtual_devices import virtual_autocast, virtual_checkpoint, virtual_cuda
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import original_module

SIGNAL_NAMES = (
    "SIGINT",
    "SIGALRM",
    "SIGTERM",
    "SIGHUP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGPROF",
    "SIGBREAK",
)

SIGNALS = [getattr(signal, name) for name in SIGNAL_NAMES if hasattr(signal, name)]

Result = TypeVar("Result")

Handler = Callable[[int, FrameType | None], Any]


def run_interruptibly(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Call `function`; signals are handled immediately while it runs."""
    return function(*args, **kwargs)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer signal handlers to the end of the block, except inside `run_interruptibly`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[tuple[Handler, int]] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def deferring(handler: Handler) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            if _is_interruptible(frame):
                handler(number, frame)
            else:
                pending.append((handler, number))

        return handle

    handlers = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        _set_handlers({number: deferring(handler) for number, handler in handlers.items()})
        yield
    finally:
        _set_handlers({number: handler for number, handler in before.items() if handler is not None})
        for handler, number in pending:
            handler(number, sys._getframe())


def _set_handlers(handlers: Mapping[int, Any]) -> None:
    """Set all handlers. If a signal arrives meanwhile and its handler raises, that is raised at the end."""
    raised: BaseException | None = None
    is_done = False
    while not is_done:
        try:
            for number, handler in handlers.items():
                if signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
            is_done = True
        except BaseException as error:  # a handler may raise anything
            raised = error
    if raised is not None:
        raise raised


def _is_interruptible(frame: FrameType | None) -> bool:
    """Whether the user's code is running. Not in a finalizer, where Python would ignore an exception."""
    while frame is not None:
        if frame.f_code is finalize.__call__.__code__:
            return False
        if frame.f_code is run_interruptibly.__code__:
            return True
        frame = frame.f_back
    return False


_lock = RLock()
"""Allows one run at a time, since a run changes settings of the process."""


def _renew_lock() -> None:
    """Make a new lock in a forked child, where the thread that holds the old one does not exist."""
    global _lock  # noqa: PLW0603
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


@contextmanager
def isolated_copy(
    call: ModuleCall, copy_parameter: TensorCopy, copy_input: TensorCopy
) -> Iterator[ModuleCall]:
    """A copy of `call` with other tensors in it. The process and the user's classes are restored afterwards.

    Signals interrupt the block only inside `run_interruptibly`.
    """
    with _lock, ExitStack() as stack:
        stack.enter_context(deferred_signals())
        stack.enter_context(preserved_process_state())
        stack.enter_context(preserved_distributed_state())
        stack.push(_close_interrupted_contexts)
        # Recording adds stack frames to each call of torch.
        sys.setrecursionlimit(2 * sys.getrecursionlimit())
        stack.enter_context(eager_execution())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(virtual_cuda())
        stack.enter_context(virtual_autocast())
        stack.enter_context(virtual_checkpoint())
        copied, copier = _copy_call(call, copy_parameter, copy_input)
        stack.enter_context(preserved_objects(copier.kinds, copier.functions, copier.uncopied))
        copier.forget()
        yield copied


def _close_interrupted_contexts(
    kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
) -> None:
    """Exit context managers that a signal interrupted on entry, so that their `with` does not exit them.

    Otherwise their generators would finish when the traceback is freed, after the process has been restored.
    Those of torch would then push a mode that has ended, or pop a wrong one.
    """
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for frame, _ in walk_tb(error.__traceback__):
            for value in [*frame.f_locals.values()]:
                if not isinstance(value, _GeneratorContextManager) or not isgenerator(value.gen):
                    continue
                if getgeneratorstate(value.gen) == GEN_SUSPENDED:
                    with suppress(Exception):
                        value.gen.close()
        error = error.__cause__ or error.__context__


def _copy_call(
    call: ModuleCall, copy_parameter: TensorCopy, copy_input: TensorCopy
) -> tuple[ModuleCall, Copier]:
    """Copy the call, without garbage collection, which would traverse all that torch has loaded."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copier = Copier(copy_parameter)
            model = copier.copy(original_module(call.model))
            copier.copy_tensor = copy_input
            return ModuleCall(model, copier.copy(call.args), copier.copy(dict(call.kwargs))), copier
    finally:
        if is_collecting:
            gc.enable()


@contextmanager
def eager_execution() -> Iterator[None]:
    """Run compiled functions eagerly in the block, without torch's warning on hooks of compiled modules."""
    with warnings.catch_warnings(), ExitStack() as stack:
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            warnings.filterwarnings("ignore", message="Using `torch.compile")
        yield
