"""Reading counters that patch torch's functions and sum up by module, FLOPs and MACs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.cost import FLOPS_PER_MAC
from convcost.counters.einsum import order_share
from convcost.counters.interface import Reading, Share, Unit, contracts
from convcost.counters.notes import Notes, Running, Shares, following, named
from convcost.counters.peers.recurrent import dot_products, hadamard, steps

if TYPE_CHECKING:
    import torch

Formula = Callable[..., tuple[int, int]]
"""Takes what a function of torch takes, and returns FLOPs and MACs."""


class Steps(NamedTuple):
    """How such a counter is driven: `start` and `end` patch torch and take the patches back."""

    start: Callable[[], None]
    flops: Callable[[], int]
    macs: Callable[[], int]
    params: Callable[[], int]
    end: Callable[[], None]


class Patched:
    """Notes what the formulas of such a counter return, in one of its two units."""

    def __init__(self, module: torch.nn.Module, unit: Unit) -> None:
        self._module = module
        self._unit = unit
        self._notes = Notes()

    def read(
        self, operations: Any, driven: Steps, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Reading:
        """The reading; `operations` is the module with the formulas, which `start` makes patches of."""
        with following(self._module) as running:
            self._note(operations, running)
            self._module.eval()
            driven.start()
            self._module(*args, **kwargs)
            total = driven.macs() if self._unit == "MACs" else driven.flops()
            params = driven.params()
            driven.end()
        return self._notes.reading(total, params)

    def _note(self, operations: Any, running: Running) -> None:
        wrap, hooks = operations.wrapFunc, operations.MODULE_HOOK_MAPPING

        def noting_wrap(function: Any, formula: Formula, *rest: Any) -> Any:
            return wrap(function, self._noting(running, f"aten::{function.__name__}", formula), *rest)

        operations.wrapFunc = noting_wrap
        for kind, hook in hooks.items():
            hooks[kind] = self._noting_hook(named(self._module), hook)

    def _noting(self, running: Running, name: str, formula: Formula) -> Formula:
        def noted(*args: Any, **kwargs: Any) -> tuple[int, int]:
            flops, macs = formula(*args, **kwargs)
            if self._unit == "MACs":
                self._notes.count(running.path, name, macs)
            else:
                self._notes.count(running.path, name, flops, _beside(name, flops, macs, args))
            return flops, macs

        return noted

    def _noting_hook(self, names: Mapping[int, str], hook: Any) -> Any:
        def noted(module: Any, given: Any, output: Any) -> None:
            before = module.__flops__
            hook(module, given, output)
            if self._unit == "FLOPs":
                path, kind = names.get(id(module), ""), type(module).__name__
                self._notes.count(path, kind, module.__flops__ - before, _shares(module, given[0]))

        return noted


def _beside(name: str, flops: int, macs: int, args: tuple[Any, ...]) -> Shares:
    """What the FLOPs of a function have beside twice its MACs; an einsum has FLOPs alone."""
    if name == "aten::einsum":
        return order_share(args[0], [operand.shape for operand in args[1:]], flops, FLOPS_PER_MAC)
    kind: Share = "bias adds" if "conv" in name else "elementwise"
    return ((kind, flops - FLOPS_PER_MAC * macs),) if contracts(name) else ()


def _shares(module: Any, given: Any) -> Shares:
    """A sum of k products counts as 2k − 1; biases and gates beside them."""
    cells = steps(module, given)
    sums = dot_products(module) * cells
    return (
        ("sums", -sums),
        ("bias adds", sums if module.bias else 0),
        ("elementwise", hadamard(module) * cells),
    )
