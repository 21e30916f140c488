"""The modes that pass a model's calls of torch to a recorder, also in threads that the model starts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_unflatten

from convcost.tracing.isolation.isolated_call import eager_execution
from convcost.tracing.recording.gradients import batched_gradients
from convcost.tracing.recording.recorder import Recorder
from convcost.tracing.tensors import has_own_dispatch, is_user_class
from convcost.tracing.torch_versions import (
    OPERATOR_COMPILER,
    compiler_loaded_without_modes,
    show_higher_order_operators,
)

ModesFactory = Callable[[], AbstractContextManager[None]]

FLEX_SWITCH = "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG"

OPERATOR_MODULES = ("torch._higher_order_ops.", "torch.nn.attention.flex_attention")
"""Modules of torch with functions that higher-order operators pass to torch.compile."""


class _ThreadModes(threading.local):
    """The modes that this thread records with; None if it does not record."""

    modes: ModesFactory | None = None


_thread_modes = _ThreadModes()


def is_recording() -> bool:
    """Whether this thread is recording."""
    return _thread_modes.modes is not None


@contextmanager
def recorded_threads(modes: ModesFactory) -> Iterator[None]:
    """In the block, threads and pool tasks that this thread starts run inside `modes()`."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def recorded_start(thread: threading.Thread) -> None:
        modes = _thread_modes.modes
        # Threads of a pool outlive the task that started them, so each task is recorded by itself.
        if modes is not None and getattr(thread, "_target", None) is not pools._worker:
            vars(thread)["run"] = partial(_run_recorded, modes, thread)
        start(thread)

    def recorded_submit(pool: ThreadPoolExecutor, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if _thread_modes.modes is not None:
            function = partial(_call_recorded, _thread_modes.modes, function)
        return submit(pool, function, *args, **kwargs)

    setattr(threading.Thread, "start", recorded_start)  # noqa: B010
    setattr(ThreadPoolExecutor, "submit", recorded_submit)  # noqa: B010
    before, _thread_modes.modes = _thread_modes.modes, modes
    try:
        yield
    finally:
        _thread_modes.modes = before
        setattr(threading.Thread, "start", start)  # noqa: B010
        setattr(ThreadPoolExecutor, "submit", submit)  # noqa: B010


def _run_recorded(modes: ModesFactory, thread: threading.Thread) -> None:
    del vars(thread)["run"]
    _call_recorded(modes, thread.run)


def _call_recorded(modes: ModesFactory, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    before, _thread_modes.modes = _thread_modes.modes, modes
    try:
        with modes():
            return function(*args, **kwargs)
    finally:
        _thread_modes.modes = before


@contextmanager
def without_compilation() -> Iterator[None]:
    """In the block, functions that a model compiles run eagerly, and so do higher-order operators.

    A model may have imported `torch.cond` and the like under any name, so they can't be replaced. But all of
    them call one internal function of torch, or pass a function to torch.compile. flex_attention has its own
    switch, and checks for a device with a kernel.
    """
    utils: Any = torch._higher_order_ops.utils
    compiling, compiling_operator = torch.compile, getattr(utils, OPERATOR_COMPILER, None)

    def call(function: Any, args: Any, kwargs: Any = None) -> Any:
        if compiling_operator and not is_recording():
            return compiling_operator(function, args, kwargs)
        if function.__name__ == "_cond_op_wrapper":
            args = _with_flat_operands(*args)
        return function(*args, **(kwargs or {}))

    def compile_later(*args: Any, **options: Any) -> Any:
        if is_recording() and args and str(getattr(args[0], "__module__", "")).startswith(OPERATOR_MODULES):
            return lambda *given, **named: call(args[0], given, named)
        compiled = compiling(*args, **options)
        if is_recording():
            stack.enter_context(eager_execution())  # possible only now that torch has loaded its compiler
        return compiled

    with ExitStack() as stack:
        stack.enter_context(patch.object(torch, "compile", compile_later))
        if compiling_operator:
            stack.enter_context(patch.object(utils, OPERATOR_COMPILER, call))
        flex: Any = sys.modules.get("torch.nn.attention.flex_attention")
        if flex is not None:
            stack.enter_context(patch.object(flex, FLEX_SWITCH, True, create=True))
            stack.enter_context(patch.object(flex, "_validate_device", lambda *_: None))
        yield


def _with_flat_operands(predicate: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    """The arguments of torch.cond as Dynamo would pass them: operands are not nested."""
    leaves, spec = tree_flatten(operands)

    def flat(branch: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: branch(*tree_unflatten(given, spec))

    return predicate, flat(true_fn), flat(false_fn), tuple(leaves)


@contextmanager
def recording_modes(recorder: Recorder) -> Iterator[None]:
    """Pass all calls of torch in the block, and in threads that it starts, to `recorder`."""
    show_higher_order_operators(RecordingDispatchMode)
    with (
        without_compilation(),
        compiler_loaded_without_modes(),
        batched_gradients(),
        recorded_threads(lambda: _torch_modes(copy(recorder))),
        _torch_modes(recorder),
    ):
        yield


@contextmanager
def _torch_modes(recorder: Recorder) -> Iterator[None]:
    with RecordingDispatchMode(recorder):
        recorder.note_modes()
        with RecordingFunctionMode(recorder):
            yield


class RecordingFunctionMode(TorchFunctionMode):
    """Passes calls of torch's functions to a recorder. A user's tensor class handles a call first."""

    entered_functions: frozenset[Any] = frozenset()

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # If overrides are disabled, such a class has handled the call and is calling torch.
        if types and torch._C._is_torch_function_enabled() and any(map(is_user_class, types)):
            self._recorder.note_use((*args, *(kwargs or {}).values()))
            return NotImplemented  # the class then handles the call, under this mode
        return self._recorder.function(self, func, args, kwargs or {})

    @contextmanager
    def active_inside(self, function: Any) -> Iterator[None]:
        """Activate the mode again while the body of `function` runs."""
        before, self.entered_functions = self.entered_functions, self.entered_functions | {function}
        try:
            with self:
                yield
        finally:
            self.entered_functions = before


class RecordingDispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Passes operators that torch dispatches to a recorder."""

    supports_higher_order_operators = True

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recorder = recorder

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False, so that torch does not load its compiler at the first operator."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if types and any(map(has_own_dispatch, types)):
            return NotImplemented
        if self._recorder.is_distributed and (FakeTensor in types or _is_fake_mode_active()):
            return func(*args, **(kwargs or {}))  # DTensor infers the full shape
        if not torch._C._len_torch_function_stack():
            return self._recorder.operator(self, func, args, kwargs or {})
        # Reads of tensors in here are not the model's.
        with torch._C.DisableTorchFunction():
            return self._recorder.operator(self, func, args, kwargs or {})


def _is_fake_mode_active() -> bool:
    """Whether a FakeTensorMode is active, as when DTensor infers a shape."""
    return torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.FAKE) is not None
