"""Parallelise a module on a mesh: by a function, by its own method, or by its own plan.

A plan, for the mesh dimension `tp`, maps paths of submodules (with `*` for any number) to styles: names as in
transformers' `tp_plan`, or style objects of torch. For the dimension `dp` or `fsdp`, `fully_shard` shards
the parameters: of each block in a ModuleList or Sequential, then of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import torch

from convcost.core.errors import UsageError, did_you_mean
from convcost.tracing.mesh_request import ParallelizeFunction
from convcost.tracing.module_tree import named_modules

SHARDED_DIMENSIONS = ("dp", "fsdp")

FORMS = (
    "Give the module a method parallelize(mesh) or an attribute tp_plan, or name a function of the module "
    "and the mesh: --parallelize net.py:function, in Python parallelize=function."
)


def parallelize(module: Any, mesh: Any, function: ParallelizeFunction | None = None) -> torch.nn.Module:
    """The module on `mesh`, usually the same object; UsageError if it has no plan."""
    own = getattr(module, "parallelize", None)
    made = module
    if function:
        made = function(module, mesh) or module
    elif callable(own):
        made = own(mesh) or module
    else:
        _apply_own_plan(module, mesh)
    if not isinstance(made, torch.nn.Module):
        name = type(made).__name__
        raise UsageError(
            f"the function that parallelizes the module returned {name}; it must return a module or None"
        )
    return made


def _apply_own_plan(module: Any, mesh: Any) -> None:
    names = mesh.mesh_dim_names
    unknown = next((name for name in names if name not in (*SHARDED_DIMENSIONS, "tp")), None)
    if unknown is not None:
        raise UsageError(f"the module has no plan for the mesh dimension {unknown}", hint=FORMS)
    if "tp" in names:
        plan = getattr(module, "tp_plan", None) or getattr(module, "_tp_plan", None)
        if not plan or not isinstance(plan, Mapping):
            raise UsageError(f"{type(module).__name__} has no tensor-parallel plan", hint=FORMS)
        _apply_plan(module, mesh["tp"], plan)
    sharded = tuple(name for name in SHARDED_DIMENSIONS if name in names)
    if sharded:
        _shard_fully(module, mesh[sharded if len(sharded) > 1 else sharded[0]])


def _shard_fully(module: Any, mesh: Any) -> None:
    from torch.distributed.fsdp import fully_shard

    for block in _blocks(module):
        fully_shard(block, mesh=mesh)
    fully_shard(module, mesh=mesh)


def _blocks(module: Any) -> Iterator[Any]:
    """The modules with parameters in the outermost ModuleLists and Sequentials."""
    is_list = isinstance(module, torch.nn.ModuleList | torch.nn.Sequential)
    for child in module.children():
        if not is_list or isinstance(child, torch.nn.ModuleList):
            yield from _blocks(child)
        elif any(True for _ in child.parameters()):
            yield child


def _apply_plan(module: Any, mesh: Any, plan: Mapping[str, Any]) -> None:
    """Apply a tensor-parallel plan. Models of transformers use its own function, which has more styles."""
    if hasattr(module, "_expand_parallel_plan"):
        from transformers.distributed.tensor_parallel import apply_tensor_parallelism

        apply_tensor_parallelism(module, mesh, module._expand_parallel_plan(dict(plan)))
        return
    from torch.distributed.tensor.parallel import parallelize_module

    paths = [path for path in named_modules(module) if path]
    styles = {pattern: _style(pattern, style) for pattern, style in plan.items()}
    for pattern in styles:
        if not any(fnmatchcase(path, pattern) for path in paths):
            near = did_you_mean(pattern, paths)
            raise UsageError(f"the plan has a style for {pattern[:80]}, which is not a submodule{near}")
    for pattern, style in styles.items():
        for path in paths:
            if fnmatchcase(path, pattern):
                parallelize_module(module.get_submodule(path), mesh, style)


def _style(pattern: str, style: Any) -> Any:
    """torch's style for a name; a style object is returned as it is."""
    from torch.distributed.tensor import Replicate
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, SequenceParallel
    from torch.distributed.tensor.parallel.style import ParallelStyle

    if isinstance(style, ParallelStyle):
        return style
    known: dict[str, Callable[[], Any]] = {
        "colwise": ColwiseParallel,
        "rowwise": RowwiseParallel,
        "sequence_parallel": SequenceParallel,
        **dict.fromkeys(
            ("colwise_rep", "colwise_gather_output"), lambda: ColwiseParallel(output_layouts=Replicate())
        ),
        **dict.fromkeys(
            ("rowwise_rep", "rowwise_split_input", "embedding_rowwise"),
            lambda: RowwiseParallel(input_layouts=Replicate()),
        ),
    }
    if style not in known:
        text = str(style)[:40]
        raise UsageError(
            f"the plan's style for {pattern[:80]} is {text}, which is unknown{did_you_mean(text, known)}",
            hint=f"Choose from {', '.join(known)}, or give a style of torch.distributed.tensor.parallel.",
        )
    return known[style]()
