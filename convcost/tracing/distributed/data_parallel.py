"""DistributedDataParallel: each rank has the whole module, and gradients are averaged over ranks.

DDP's own forward is not run: it prepares the reducer that averages the user's gradients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

from convcost.core.distributed import Collective, CollectiveCall
from convcost.core.trace import Trace
from convcost.tracing.module_tree import ModuleTree, module_tree


def data_parallel_modules(tree: ModuleTree) -> dict[str, Any]:
    """The DistributedDataParallel modules by path."""
    kind = torch.nn.parallel.DistributedDataParallel
    return {path: module for path, module in tree.submodules.items() if isinstance(module, kind)}


def call_inner_module(module: Any) -> None:
    """Make a copy of a DistributedDataParallel module only call the module inside it."""
    if isinstance(module, torch.nn.parallel.DistributedDataParallel):
        vars(module)["forward"] = module.module


def data_parallel_collectives(modules: Mapping[str, Any], trace: Trace) -> Iterator[Collective]:
    """The collectives of the modules in this run: buffers before the forward, gradients in the backward.

    DDP sends gradients in several buckets; here they are one tensor for each dtype.
    """
    called = {module.path for module in trace.modules}
    for path, module in modules.items():
        if path not in called or module.process_group.size() == 1:
            continue
        tree = module_tree(module)
        if module.broadcast_buffers:
            for call in _calls("broadcast", module.process_group, tree.buffers.values()):
                yield Collective(path, "forward", call)
        if trace.has_backward and module.require_backward_grad_sync:
            prefix = f"{path}." if path else ""
            trained = (
                parameter
                for name, parameter in tree.parameters.items()
                if parameter.requires_grad and f"{prefix}{name}" not in trace.unused
            )
            for call in _calls("all_reduce", module.process_group, trained):
                yield Collective(path, "backward", call)


def _calls(kind: str, group: Any, tensors: Iterable[Any]) -> Iterator[CollectiveCall]:
    elements: Counter[torch.dtype] = Counter()
    for tensor in tensors:
        elements[tensor.dtype] += tensor.numel()
    for dtype, number in elements.items():
        name = str(dtype).removeprefix("torch.")
        yield CollectiveCall(kind, group.group_name, group.size(), (number,), name, dtype.itemsize)
