"""The two modes that put a recorder between a model and torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import cache
from typing import Any

from convcost.tracing.gradients import batched_gradients
from convcost.tracing.higher_order import uncompiled
from convcost.tracing.recorder import Recorder
from convcost.tracing.subclasses import has_own_dispatch, is_of_user
from convcost.tracing.threads import recorded_threads


@contextmanager
def recorded(recorder: Recorder) -> Iterator[None]:
    """Everything of torch that the block calls, in threads that it starts too, is left to `recorder`."""
    with (
        uncompiled(),
        batched_gradients(),
        recorded_threads(lambda: _through(copy(recorder))),
        _through(recorder),
    ):
        yield


@contextmanager
def _through(recorder: Recorder) -> Iterator[None]:
    with ExitStack() as modes:
        modes.enter_context(_dispatch_mode()(recorder))
        modes.enter_context(_function_mode()(recorder))
        yield


@cache
def _function_mode() -> Any:
    import torch
    from torch.overrides import TorchFunctionMode

    class Functions(TorchFunctionMode):
        opened: frozenset[Any] = frozenset()

        def __init__(self, recorder: Recorder) -> None:
            super().__init__()
            self._recorder = recorder

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            # Where classes are switched off, one of them has had its turn and asks torch.
            if types and torch._C._is_torch_function_enabled() and any(map(is_of_user, types)):
                self._recorder.note_use((*args, *(kwargs or {}).values()))
                return NotImplemented  # the class then does what it does, under this mode
            return self._recorder.function(self, func, args, kwargs or {})

        @contextmanager
        def inside(self, function: Any) -> Iterator[None]:
            """The mode goes on while `function`, taken apart, runs."""
            before, self.opened = self.opened, self.opened | {function}
            try:
                with self:
                    yield
            finally:
                self.opened = before

    return Functions


@cache
def _dispatch_mode() -> Any:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
        supports_higher_order_operators = True

        def __init__(self, recorder: Recorder) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self._recorder = recorder

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            """False keeps torch from loading its compiler for the first operator that is dispatched."""
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if types and any(map(has_own_dispatch, types)):
                return NotImplemented
            if not torch._C._len_torch_function_stack():
                return self._recorder.operator(self, func, args, kwargs or {})
            # What is asked of tensors in here is not asked by the model.
            with torch._C.DisableTorchFunction():
                return self._recorder.operator(self, func, args, kwargs or {})

    return Operators
