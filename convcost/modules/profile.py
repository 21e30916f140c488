"""What a torch module costs: run on shapes where that will do, on data where it decides what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from convcost.dtypes import dtype_named
from convcost.modules.anatomy import Anatomy, anatomy, unused
from convcost.modules.backward import go_back
from convcost.modules.call import named
from convcost.modules.environment import deep
from convcost.modules.failure import attempted, remaining
from convcost.modules.guard import unchanged
from convcost.modules.kept import held
from convcost.modules.memory import Values
from convcost.modules.modes import recorded
from convcost.modules.paths import followed
from convcost.modules.prepare import Way, autocast_for_shapes, eager, given, in_place_of, ready
from convcost.modules.shapes import Shapes
from convcost.modules.tally import report_of
from convcost.modules.tape import Tape
from convcost.modules.tensors import bytes_of, tensors
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
    operator's arguments by name, and of `output`, that return a Cost. `footprint` is the dtype, or
    an empty text for the module's own, to measure in what memory it holds, for which it runs twice more.
    """

    backward: bool = False
    formulas: Mapping[str, Callable[..., Cost]] = field(default_factory=dict)
    memory: int = DEFAULT_MEMORY
    footprint: str | None = None

    def profile(self, module: torch.nn.Module, *args: Any, **kwargs: Any) -> Report:
        """The cost of `module(*args, **kwargs)`; the module is left as it was.

        Raises what the module's forward raises.
        """
        return self.profile_after(None, module, args, kwargs)

    def profile_after(
        self, failure: BaseException | None, module: torch.nn.Module, args: Any, kwargs: Any
    ) -> Report:
        """As `profile`, where a run of the same model without data ended with `failure`."""
        parts = [anatomy(ready(module))]
        ways = tuple(self._ways(parts[0], args, kwargs))

        def run(way: Way) -> Report:
            # A lazy module that has run is another: each further run needs a copy of its own.
            return self._run(way, parts.pop() if parts else anatomy(ready(module)), args, kwargs)

        with ONE_AT_A_TIME:
            report = attempted(remaining(failure, ways) or ways[-1:], run)
            return self._with_footprint(report, module, args, kwargs)

    def _with_footprint(self, report: Report, module: torch.nn.Module, args: Any, kwargs: Any) -> Report:
        if self.footprint is None:
            return report
        ways = (way for way in self._ways(anatomy(ready(module)), args, kwargs) if way != "shapes")
        dtype = dtype_named(self.footprint or report.dtype)
        found = held(module, args, kwargs, ways, dtype if self.footprint else "")
        return replace(report, trace=report.trace and replace(report.trace, held=found._replace(dtype=dtype)))

    def _ways(self, parts: Anatomy, args: Any, kwargs: Any) -> Iterator[Way]:
        if not self.backward:
            yield "shapes"
        yield "copies"
        held = [*parts.tensors, *tensors((args, kwargs))]
        has_data = not any(tensor.is_meta for tensor in held)
        if has_data and bytes_of(held) <= self.memory:
            yield "data"

    def _run(self, way: Way, parts: Anatomy, args: Any, kwargs: Any) -> Report:
        import torch

        with ExitStack() as stack:
            stack.enter_context(unchanged(parts))
            stack.enter_context(deep())
            stack.enter_context(eager())
            stack.enter_context(autocast_for_shapes())
            stack.enter_context(torch.inference_mode(False))
            paths = stack.enter_context(followed(parts.submodules))
            runs = stack.enter_context(closing(Values())) if way == "data" else Shapes()
            args, kwargs = given((args, kwargs), way)
            if way != "shapes":
                in_place_of(parts.submodules.values(), way)
            stack.enter_context(torch.set_grad_enabled(self._asks_gradients(way)))
            tape = Tape(paths, self._operators())
            stack.enter_context(recorded(tape, runs, self._says_gradients(way)))
            output = parts.submodules[""](*args, **kwargs)
            if self.backward:
                tape.is_backward = True
                go_back(output)
            left = unused(parts, anatomy(parts.submodules[""]), tape.used)
        return report_of(parts, tape, named(parts.submodules[""], args, kwargs), output, way, left)

    def _asks_gradients(self, way: Way) -> bool:
        import torch

        return self.backward or (way != "shapes" and torch.is_grad_enabled())

    def _says_gradients(self, way: Way) -> bool:
        """Whether contractions say what their gradients cost, which makes zeros of these."""
        import torch

        return self.backward if way == "data" else way == "copies" and torch.is_grad_enabled()

    def _operators(self) -> dict[str, Operator]:
        return {name: of_user(formula) for name, formula in self.formulas.items()}


def of_user(formula: Callable[..., Cost]) -> Operator:
    """An operator by the user's formula, in real MACs; all are on real data if it says nothing of them."""

    def cost(**arguments: Any) -> Cost:
        found = formula(**arguments)
        return found if found.valid_macs else replace(found, valid_macs=found.macs)

    return Operator(cost, counts_real=True)


def profile(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Report:
    """The cost of `module(*args, **kwargs)`, by submodule and operator; the module is left as it was.

    Inputs may be tensors on any device, the meta device included: their shapes are what counts.
    Raises what the module's forward raises.
    """
    return Profiler().profile(module, *args, **kwargs)
