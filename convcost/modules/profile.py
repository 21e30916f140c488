"""What a torch module costs: run on shapes where that will do, on data where it decides what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from inspect import signature
from threading import RLock
from typing import TYPE_CHECKING, Any

from convcost.modules.anatomy import Anatomy, anatomy, unused
from convcost.modules.guard import unchanged
from convcost.modules.modes import recorded
from convcost.modules.paths import followed
from convcost.modules.prepare import Way, autocast_for_shapes, eager, given, in_place_of, ready
from convcost.modules.shapes import Shapes
from convcost.modules.tally import report_of
from convcost.modules.tape import Tape
from convcost.modules.tensors import tensors
from convcost.operators.interface import Operator
from convcost.quantities import Cost
from convcost.report import Report

if TYPE_CHECKING:
    import torch

DEFAULT_MEMORY = 2**30
"""What parameters and inputs may take, in bytes, for a model to run on its data."""

ONE_AT_A_TIME = RLock()
"""Which module is running is known from torch's global hooks."""


@dataclass(frozen=True)
class Profiler:
    """Counts what a module's forward runs, and its backward if asked.

    `formulas` are costs of the user's own operators, by full name (`"mylib::scan"`): functions of the
    operator's arguments by name, and of `output`, that return a Cost.
    """

    backward: bool = False
    formulas: Mapping[str, Callable[..., Cost]] = field(default_factory=dict)
    memory: int = DEFAULT_MEMORY

    def profile(self, module: torch.nn.Module, *args: Any, **kwargs: Any) -> Report:
        """The cost of `module(*args, **kwargs)`; the module is left as it was.

        Raises what the module's forward raises.
        """
        parts = anatomy(ready(module))
        failures: list[Exception] = []
        with ONE_AT_A_TIME:
            for way in self._ways(parts, args, kwargs):
                try:
                    return self._run(way, parts, args, kwargs)
                except Exception as error:
                    failures.append(error)
        raise failures[-1]

    def _ways(self, parts: Anatomy, args: Any, kwargs: Any) -> Iterator[Way]:
        if not self.backward:
            yield "shapes"
        yield "copies"
        held = [*parts.tensors, *tensors((args, kwargs))]
        has_data = not any(tensor.is_meta for tensor in held)
        if has_data and sum(tensor.numel() * tensor.element_size() for tensor in held) <= self.memory:
            yield "data"

    def _run(self, way: Way, parts: Anatomy, args: Any, kwargs: Any) -> Report:
        import torch

        with ExitStack() as stack:
            stack.enter_context(unchanged(parts))
            stack.enter_context(eager())
            stack.enter_context(autocast_for_shapes())
            stack.enter_context(torch.inference_mode(False))
            paths = stack.enter_context(followed(parts.submodules))
            shapes = None if way == "data" else Shapes([*parts.tensors, *tensors((args, kwargs))])
            args, kwargs = given((args, kwargs), way)
            if way != "shapes":
                in_place_of(parts.submodules.values(), way)
            stack.enter_context(torch.set_grad_enabled(self._asks_gradients(way)))
            tape = Tape(paths, self._operators())
            stack.enter_context(recorded(tape, shapes, way == "copies" and torch.is_grad_enabled()))
            output = parts.submodules[""](*args, **kwargs)
            if self.backward:
                _go_back(tape, output)
            left = unused(parts, anatomy(parts.submodules[""]), tape.used)
        return report_of(parts, tape, named(parts.submodules[""], args, kwargs), output, way, left)

    def _asks_gradients(self, way: Way) -> bool:
        import torch

        return self.backward or (way != "shapes" and torch.is_grad_enabled())

    def _operators(self) -> dict[str, Operator]:
        return {name: of_user(formula) for name, formula in self.formulas.items()}


def of_user(formula: Callable[..., Cost]) -> Operator:
    """An operator by the user's formula; all its MACs are on real data if it says nothing of them."""

    def cost(**arguments: Any) -> Cost:
        found = formula(**arguments)
        return found if found.valid_macs else replace(found, valid_macs=found.macs)

    return Operator(cost)


def named(module: torch.nn.Module, args: Any, kwargs: Any) -> dict[str, Any]:
    """The inputs by the names that forward gives them."""
    try:
        return dict(signature(module.forward).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return {**dict(enumerate(args)), **kwargs}


def _go_back(tape: Tape, output: Any) -> None:
    """Backward from every output that has a gradient."""
    import torch

    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    tape.is_backward = True
    if ends:
        torch.autograd.backward(ends, [torch.ones_like(end) for end in ends])


def profile(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Report:
    """The cost of `module(*args, **kwargs)`, by submodule and operator; the module is left as it was.

    Inputs may be tensors on any device, the meta device included: their shapes are what counts.
    Raises what the module's forward raises.
    """
    return Profiler().profile(module, *args, **kwargs)
