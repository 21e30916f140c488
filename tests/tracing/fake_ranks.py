"""Ranks of torch's fake process group, and an independent count of what one of them really runs and sends."""

from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.distributed.device_mesh import init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

INPUTS = {
    **dict.fromkeys(("allgather_", "_allgather_base_", "_reduce_scatter_base_", "alltoall_base_"), 1),
    "allreduce_": 0,
}
"""The place of what a rank passes in among the arguments of c10d's operators; others have it first."""

KINDS = {
    "allgather": "all_gather",
    "allreduce": "all_reduce",
    "alltoall": "all_to_all",
    "reduce_scatter": "reduce_scatter",
}


NO_COLLECTIVES = ("wait_tensor", "_wrap_tensor_autograd", "barrier")


@contextmanager
def fake_ranks(sizes, names, rank=0):
    """A mesh of CPUs, of which this process is one."""
    world = 1
    for size in sizes:
        world *= size
    dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=world)
    try:
        yield init_device_mesh("cpu", sizes, mesh_dim_names=names)
    finally:
        dist.destroy_process_group()


class SentBytes(TorchDispatchMode):
    """The kind, phase and bytes of each collective that really runs, in order."""

    def __init__(self):
        super().__init__()
        self.sent, self.phase = [], "forward"

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if any(kind.__module__.startswith("torch.distributed") for kind in types):
            return NotImplemented
        namespace, _, name = func._schema.name.partition("::")
        if namespace in {"c10d", "_c10d_functional", "_dtensor"} and name not in NO_COLLECTIVES:
            given = tree_leaves(args[INPUTS.get(name, 0)])
            kind = next(usual for known, usual in KINDS.items() if known in name.replace("all_", "all"))
            self.sent.append((kind, self.phase, sum(each.nbytes for each in given)))
        return func(*args, **(kwargs or {}))


def really_sent(module, *inputs, backward=True):
    """What a forward, and a backward of it, really send."""
    with SentBytes() as mode:
        output = module(*inputs)
        mode.phase = "backward"
        if backward:
            output.sum().backward()
    return sorted(mode.sent)


class LocalFlops(TorchDispatchMode):
    """The FLOPs of operators on what this rank has, by the formulas of torch's FlopCounterMode."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if any(kind.__module__.startswith("torch.distributed") for kind in types):
            return NotImplemented
        output = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        is_fake = any(isinstance(value, FakeTensor) for value in tree_leaves(args))
        if formula is not None and not is_fake:
            self.total += formula(*args, **(kwargs or {}), out_val=output)
        return output


def really_computed(module, *inputs, backward=False):
    """The MACs that this rank's operators really compute."""
    with LocalFlops() as mode:
        output = module(*inputs)
        if backward:
            output.sum().backward()
    return mode.total // 2


def sent(report):
    """What the report says that a rank sends."""
    return sorted(
        (found.call.kind, found.phase, found.call.bytes)
        for found in report.collectives
        for _ in range(found.calls)
    )


class FeedForward(nn.Module):
    """Two linear layers of 64 and 256 features."""

    def __init__(self, width=64, hidden=256, bias=True):
        super().__init__()
        self.up = nn.Linear(width, hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x):
        return self.down(torch.relu(self.up(x)))
