"""Garbage collection beside a heap as large as that of torch."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fast_garbage_collection() -> Iterator[None]:
    """In the block, a collection leaves out what was there before, which takes it tenths of a second.

    A process that leaves out something already is left as it is.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
