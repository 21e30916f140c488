"""A run of a copy in the user's place: nothing of the user's runs, and the process is left as it was."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.tracing.copying import Copier
from convcost.tracing.interrupts import deferred_signals
from convcost.tracing.model_parts import uncompiled
from convcost.tracing.object_state import preserved_objects
from convcost.tracing.process_state import preserved_process_state
from convcost.tracing.tensor_copies import TensorCopy
from convcost.tracing.virtual_backends import virtual_autocast, virtual_checkpoint, virtual_cuda

if TYPE_CHECKING:
    import torch


_lock = RLock()
"""A run changes settings of the process, and puts them back: one at a time."""


def _unlock() -> None:
    """In the child of a fork nothing runs, whichever thread held the lock."""
    global _lock  # noqa: PLW0603
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


class Call(NamedTuple):
    """A model and what it is called with."""

    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@contextmanager
def isolated(call: Call, copy_parameter: TensorCopy, copy_input: TensorCopy) -> Iterator[Call]:
    """A copy of `call` with other tensors in it; the process and the user's classes are put back after it.

    Signals end the block only inside `interruptible`.
    """
    import torch

    with _lock, ExitStack() as stack:
        stack.enter_context(deferred_signals())
        stack.enter_context(preserved_process_state())
        # What torch would just run does so with recording on top of it, which calls more functions.
        sys.setrecursionlimit(2 * sys.getrecursionlimit())
        stack.enter_context(eager())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(virtual_cuda())
        stack.enter_context(virtual_autocast())
        stack.enter_context(virtual_checkpoint())
        copied, copier = _copied(call, copy_parameter, copy_input)
        stack.enter_context(preserved_objects(copier.kinds, copier.functions, copier.uncopied))
        copier.forget()
        yield copied


def _copied(call: Call, copy_parameter: TensorCopy, copy_input: TensorCopy) -> tuple[Call, Copier]:
    """Garbage is not collected meanwhile: that looks at everything that torch has loaded."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copier = Copier(copy_parameter)
            model = copier.copy(uncompiled(call.model))
            copier.copy_tensor = copy_input
            return Call(model, copier.copy(call.args), copier.copy(dict(call.kwargs))), copier
    finally:
        if is_collecting:
            gc.enable()


@contextmanager
def eager() -> Iterator[None]:
    """What is compiled runs as it was written; torch need not warn that hooks see the wrapper, too."""
    with warnings.catch_warnings(), ExitStack() as stack:
        if "torch._dynamo" in sys.modules:
            import torch

            stack.enter_context(torch.compiler.set_stance("force_eager"))
            warnings.filterwarnings("ignore", message="Using `torch.compile")
        yield
