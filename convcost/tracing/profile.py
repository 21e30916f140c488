"""What a torch module costs: run on shapes where that will do, on data where it decides what runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from convcost.core.arguments import instance, is_module, is_module_class, text, wrong_type
from convcost.core.cost import Cost
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.operators.interface import Operator
from convcost.tracing.backward import go_back
from convcost.tracing.data_access import DataFlow, ShapesAccess
from convcost.tracing.interrupts import interruptible
from convcost.tracing.isolation import Call, isolated
from convcost.tracing.memory_profile import held
from convcost.tracing.model_parts import anatomy, unused
from convcost.tracing.modes import recorded
from convcost.tracing.paths import followed
from convcost.tracing.recorder import Recorder
from convcost.tracing.run_failure import attempted, is_of_user, remaining
from convcost.tracing.shapes import Shapes
from convcost.tracing.storage_ownership import Runner, Values
from convcost.tracing.summarize import report_of
from convcost.tracing.tape import Tape
from convcost.tracing.target_call import has_other_arguments, named, with_values
from convcost.tracing.tensor_copies import Way, tensor_copies
from convcost.tracing.tensors import bytes_of, tensors
from convcost.tracing.virtual_devices import VirtualDevices

if TYPE_CHECKING:
    import torch

UNFINISHED = (Generator, Coroutine, AsyncGenerator, map, filter)
"""What is returned before the code in it runs."""

RERUNS: tuple[Way, ...] = ("gradients", "data")
"""How memory is measured."""

DEFAULT_MEMORY = 2**30
"""What parameters and inputs may take, in bytes, for a model to run on its data."""


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

    def profile(self, module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Report:
        """The cost of `module(*args, **kwargs)`; what runs is a copy.

        Raises what the module's forward raises, and WrongTypeError for what is no module.
        """
        self._check()
        check_module(module)
        return self.profile_call(Call(module, args, kwargs))

    def _check(self) -> None:
        """WrongTypeError for a setting of a wrong type."""
        hint = 'Such as {"mylib::scan": scan_cost}.'
        for name, formula in instance("formulas", self.formulas, Mapping, "a mapping", hint).items():
            instance("the name of an operator", name, str, "a text", hint)
            if not callable(formula):
                raise wrong_type(f"the formula of {name[:80]}", formula, "a function", hint)
        instance("backward", self.backward, bool, "True or False")
        instance("memory", self.memory, int, "a number of bytes")
        if self.footprint is not None:
            text("footprint", self.footprint, "float32")

    def profile_call(self, call: Call, device: str = "", failure: BaseException | None = None) -> Report:
        """As `profile`; tensors without data are on `device`, and a run on shapes may have failed already.

        Where that fails for inputs without data, integers get values, as a model reads a mask to choose a
        kernel, and it is run as on the CPU, where constants have data.
        """
        ways = remaining(failure, self._ways) or self._ways[-1:]
        try:
            return self._attempted(ways, call, device)
        except Exception as error:
            valued = with_values(call)
            if is_of_user(error) or not (has_other_arguments(valued, call) or self._is_meta(call, device)):
                raise
            with suppress(Exception):
                return self._attempted(ways, valued, "cpu")
            raise

    def _attempted(self, ways: tuple[Way, ...], call: Call, device: str) -> Report:
        report = attempted(ways, partial(self._run, call, device), partial(self._can_run, call))
        return self._with_footprint(report, call)

    def _is_meta(self, call: Call, device: str) -> bool:
        parts = anatomy(call.model)
        held = parts.parameters.values(), parts.buffers.values()
        given = chain(*held, tensors((call.args, call.kwargs)))
        return not device and all(tensor.is_meta for tensor in given)

    def _with_footprint(self, report: Report, call: Call) -> Report:
        if self.footprint is None:
            return report
        ways = filter(partial(self._can_run, call), RERUNS)
        dtype = dtype_named(self.footprint or report.dtype)
        found = held(call, ways, dtype if self.footprint else "")
        return replace(report, trace=report.trace and replace(report.trace, held=found._replace(dtype=dtype)))

    @property
    def _ways(self) -> tuple[Way, ...]:
        return ("gradients", "data") if self.backward else ("shapes", "gradients", "data")

    def _can_run(self, call: Call, way: Way) -> bool:
        """Whether there is data, and not too much of it, for a run that needs it."""
        if way != "data":
            return True
        given = [*anatomy(call.model).tensors, *tensors((call.args, call.kwargs))]
        return not any(tensor.is_meta for tensor in given) and bytes_of(given) <= self.memory

    def _run(self, call: Call, device: str, way: Way) -> tuple[Report, bool]:
        """The report of a run, and whether the model asked for what only data tells, and went on without."""
        import torch

        says_gradients = self.backward or (way == "gradients" and torch.is_grad_enabled())
        has_gradients = self.backward or torch.is_grad_enabled()
        with ExitStack() as stack:
            copies = tensor_copies(way)
            copied = stack.enter_context(isolated(call, copies, copies.of_input))
            home = copies.device or torch.device(device or "meta")
            parts = anatomy(copied.model)
            tape = Tape(followed(parts.submodules), self._operators(), way == "data")
            runs: Runner = stack.enter_context(closing(Values(self.memory) if way == "data" else Shapes()))
            access = (
                DataFlow(tape, (*parts.tensors, *parts.constants, *tensors(copied[1:])))
                if way == "data"
                else ShapesAccess(tape, says_gradients)
            )
            recorder = Recorder(tape, runs, VirtualDevices(home, way == "data"), access, says_gradients)
            stack.enter_context(torch.set_grad_enabled(has_gradients))
            with recorded(recorder):
                output = interruptible(self._forward_and_backward, tape, copied)
            access.close(output)
            left = unused(parts, tape.used)
            given = named(copied.model, copied.args, copied.kwargs)
            return report_of(parts, tape, given, output, way, left), access.is_lacking

    def _forward_and_backward(self, tape: Tape, call: Call) -> Any:
        output = call.model(*call.args, **call.kwargs)
        if isinstance(output, UNFINISHED):
            tape.note_uncounted(
                "python::forward", (), f"it returned a {type(output).__name__}, which has not run"
            )
        if self.backward:
            tape.paths.is_backward = True
            _watch_parameters(tape, call.model)
            has_tensors = go_back(output)
            tape.end_backward()
            if not has_tensors:
                tape.note_uncounted("python::backward", (), "the output holds no tensor to go back from")
        return output

    def _operators(self) -> dict[str, Operator]:
        return {name: of_user(formula) for name, formula in self.formulas.items()}


def _watch_parameters(tape: Tape, model: torch.nn.Module) -> None:
    """Tell `tape` of the gradient that each parameter gets."""
    import torch

    with torch._C.DisableTorchFunction():  # or it would count as a use of the parameter
        for parameter in anatomy(model).parameters.values():
            watch: Any = parameter.register_hook
            if parameter.requires_grad:
                watch(tape.note_weight_gradient)


def of_user(formula: Callable[..., Cost]) -> Operator:
    """An operator by the user's formula, in real MACs; all are on real data if it says nothing of them."""

    def cost(**arguments: Any) -> Cost:
        found = formula(**arguments)
        if not isinstance(found, Cost):
            name, kind = getattr(formula, "__name__", "formula"), type(found).__name__
            raise UsageError(f"the formula {name} returned {kind}; it has to return a convcost.Cost")
        return found if found.valid_macs else replace(found, valid_macs=found.macs)

    return Operator(cost, counts_real=True)


def profile(module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Report:
    """The cost of `module(*args, **kwargs)`, by submodule and operator; what runs is a copy.

    Inputs may be tensors on any device, the meta device included: their shapes are what counts.
    Raises what the module's forward raises, and WrongTypeError for what is no module.
    """
    return Profiler().profile(module, *args, **kwargs)


def check_module(module: Any) -> None:
    """WrongTypeError for what is no torch module, with what is done with it instead."""
    if isinstance(module, type) and is_module_class(module):
        hint = f"Make one of that class: {module.__name__}(...)"
        raise wrong_type("the module", module, "a torch module", hint)
    if not is_module(module):
        hint = f"convcost.cost({module[:40]!r}) tells a design's cost." if isinstance(module, str) else ""
        raise wrong_type("the module", module, "a torch module", hint)
