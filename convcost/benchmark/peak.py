"""The memory that a call takes at most, where the device says: on a GPU."""

from __future__ import annotations

from collections.abc import Callable

from convcost.counters.subject import Subject, held


def peak_of(call: Callable[[], object], found: Subject) -> int | None:
    """Run `call` once: the most bytes that torch had for it, with what `found` holds; None on a CPU.

    What else is on the GPU is not in it. Gradients that the call makes are; an optimizer has no part.
    """
    import torch

    if not any(tensor.is_cuda for tensor in held(found)):
        call()
        return None
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before + _own_bytes(found)


def _own_bytes(found: Subject) -> int:
    """Of its tensors, each once."""
    storages = {
        storage.data_ptr(): storage.nbytes() for storage in (each.untyped_storage() for each in held(found))
    }
    return sum(storages.values())
