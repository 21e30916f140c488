"""ultralytics-thop: MACs by rules for modules, and for functions that no rule's module runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches
from convcost.counters.notes import Notes, Running, Shares, called, following, named
from convcost.counters.peers.recurrent import GATES, is_cell, layers, steps

if TYPE_CHECKING:
    import torch


class Thop:
    """Counts what its rules know, in eval mode."""

    name = "ultralytics_thop"
    title = "ultralytics-thop"
    package = "ultralytics-thop"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "functions"
    runs_on_meta = True
    counts = "MACs of modules and of matmul, bmm, einsum, linear and attention; norms, softmax, poolings"
    blind_spots = "functional convolutions, baddbmm, einsum of three operands"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Count a forward, each rule's figure noted."""
        from thop import profile as thop

        notes, names = Notes(), named(module)
        rules = thop.__globals__["register_hooks"]
        functions = thop.__globals__["functional_hooks"]
        with following(module) as running:
            for kind, rule in rules.items():
                if rule is not thop.__globals__["zero_ops"]:
                    rules[kind] = _noting(notes, names, rule)
            for function, rule in functions.items():
                functions[function] = _noting_function(notes, running, f"aten::{function.__name__}", rule)
            total, params = thop(called(module, args, kwargs), (), verbose=False)
        return notes.reading(total, params)


Rule = Callable[[Any, Any, Any], Any]


def _noting(notes: Notes, names: Mapping[int, str], rule: Rule) -> Rule:
    def noted(module: Any, given: Any, output: Any) -> None:
        before = module.total_ops
        rule(module, given, output)
        path, kind = names.get(id(module), ""), type(module).__name__
        notes.count(path, kind, module.total_ops - before, _shares(module, given, output))

    return noted


def _noting_function(notes: Notes, running: Running, name: str, rule: Rule) -> Rule:
    def noted(args: Any, kwargs: Any, output: Any) -> Any:
        amount = rule(args, kwargs, output)
        notes.count(running.path, name, amount)
        return amount

    return noted


def _shares(module: Any, given: Any, output: Any) -> Shares:
    import torch

    if isinstance(module, torch.nn.MultiheadAttention):
        return _attention_shares(module, given, output)
    if isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase):
        return _recurrent_shares(module, given[0])
    return ()


def _attention_shares(module: Any, given: Any, output: Any) -> Shares:
    """The softmax: exp, sum and quotient of each row of scores, one sum less."""
    out, weights = output
    along = -2 if module.batch_first or out.dim() == 2 else 0
    queries = out.shape[along]
    samples = 1 if out.dim() == 2 else out.shape[0 if module.batch_first else 1]
    appended = (module.bias_k is not None) + module.add_zero_attn
    keys = weights.shape[-1] if weights is not None else given[1].shape[along] + appended
    return (("elementwise", samples * module.num_heads * queries * (3 * keys - 1)),)


ELEMENTWISE = {"RNN": 1, "GRU": 7, "LSTM": 8}
"""Sums and products of each element of the hidden state at a step."""


def _steps(module: Any, given: Any) -> int:
    """As `steps`, of one sample too."""
    if given.dim() == 3 or is_cell(module):
        return steps(module, given) if given.dim() > 1 else 1
    return int(given.shape[0]) * (2 if module.bidirectional else 1)


def _recurrent_shares(module: Any, given: Any) -> Shares:
    kind = type(module).__name__.removesuffix("Cell")
    elements = int(module.hidden_size) * layers(module) * _steps(module, given)
    bias_adds = 2 * GATES[kind] * elements if module.bias else 0
    return (("bias adds", bias_adds), ("elementwise", ELEMENTWISE[kind] * elements))
