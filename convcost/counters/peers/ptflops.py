"""ptflops: MACs and bias adds by hooks on modules, and by patched functions of torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches
from convcost.counters.notes import Notes, Running, Shares, called, following, named
from convcost.counters.peers.recurrent import dot_products, hadamard, steps

if TYPE_CHECKING:
    import torch


class Ptflops:
    """Its default backend: hooks on the modules of torch, and patches of some functions."""

    name = "ptflops"
    title = "ptflops"
    package = "ptflops"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "functions"
    runs_on_meta = False
    counts = (
        "MACs, bias adds, activations, norms and poolings of torch's modules; matmul, bmm, addmm, mul, add"
    )
    blind_spots = "F.linear, F.conv2d, @, einsum, scaled_dot_product_attention, Bilinear"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Count a forward of the whole batch, which ptflops divides by where it sees it."""
        from ptflops import pytorch_ops

        notes, hooks = Notes(), pytorch_ops.MODULES_MAPPING
        whole = frozenset(path for path, part in module.named_modules() if type(part) in hooks)
        with following(module) as running:
            _note_modules(notes, named(module), hooks)
            for functions in (pytorch_ops.FUNCTIONAL_MAPPING, pytorch_ops.TENSOR_OPS_MAPPING):
                _note_functions(notes, running, whole, functions)
            return complexity(notes, called(module, args, kwargs), "pytorch")


def complexity(notes: Notes, model: torch.nn.Module, backend: str) -> Reading:
    """Ptflops' own count; what the model raised, where ptflops has only printed it."""
    from ptflops import get_model_complexity_info

    total, params = get_model_complexity_info(
        model,
        (1,),
        as_strings=False,
        print_per_layer_stat=False,
        input_constructor=lambda _: {},
        backend=backend,
    )
    if total is None:
        raise getattr(model, "failure", None) or RuntimeError("it gave no figure")
    return notes.reading(total, params)


Hook = Callable[[Any, Any, Any], None]


def _note_modules(notes: Notes, names: Mapping[int, str], hooks: dict[Any, Hook]) -> None:
    for kind, hook in hooks.items():
        hooks[kind] = _noting(notes, names, hook)


def _noting(notes: Notes, names: Mapping[int, str], hook: Hook) -> Hook:
    def noted(module: Any, given: Any, output: Any) -> None:
        before = module.__flops__
        hook(module, given, output)
        path, kind = names.get(id(module), ""), type(module).__name__
        notes.count(path, kind, module.__flops__ - before, _shares(module, given, output))

    return noted


Formula = Callable[..., Any]


def _note_functions(
    notes: Notes, running: Running, whole: frozenset[str], functions: dict[Any, Formula]
) -> None:
    """What a module does that is counted `whole` counts again where a patched function does it."""

    def noting(name: str, formula: Formula) -> Formula:
        def noted(*args: Any, **kwargs: Any) -> Any:
            amount = formula(*args, **kwargs)
            notes.count(running.path, name, amount, (("again", amount if running.path in whole else 0),))
            return amount

        return noted

    for function, formula in functions.items():
        functions[function] = noting(f"aten::{function.__name__}", formula)


def _shares(module: Any, given: Any, output: Any) -> Shares:
    import torch

    if isinstance(module, torch.nn.MultiheadAttention):
        return _attention_shares(module, *given[:2])
    if isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase):
        cells = steps(module, given[0])
        bias_adds = dot_products(module) if module.bias else 0
        return (("bias adds", bias_adds * cells), ("elementwise", hadamard(module) * cells))
    if isinstance(module, torch.nn.modules.conv._ConvNd) and module.bias is not None:
        return (("bias adds", given[0].shape[0] * prod(output.shape[1:])),)
    return ()


def _attention_shares(module: Any, query: Any, key: Any) -> Shares:
    """Queries scaled and scores normalised, at one operation each; biases of four projections."""
    batch, width = query.shape[0 if module.batch_first else 1], query.shape[2]
    queries, keys = (tensor.shape[1 if module.batch_first else 0] for tensor in (query, key))
    inside = (queries + 2 * keys) * width if module.in_proj_bias is not None else 0
    scores = module.num_heads * queries * keys
    return (
        ("bias adds", batch * (inside + queries * width)),
        ("elementwise", batch * (queries * width + scores)),
    )
