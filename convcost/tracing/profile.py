"""What a torch module costs: run on shapes where that will do, on data where it decides what runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import torch

from convcost.core.cost import Cost
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError
from convcost.core.generation import GenerationPhase
from convcost.core.report import Report
from convcost.core.type_checks import check_text, check_type, is_module, is_module_class, wrong_type_error
from convcost.operators.interface import Operator
from convcost.system.garbage_collection import fast_garbage_collection
from convcost.tracing.distributed.run import is_distributed, profile_distributed, with_collectives
from convcost.tracing.generation import ForwardRun, run_forward
from convcost.tracing.given_inputs import GivenInputs, forward_names, given_inputs
from convcost.tracing.isolation.distributed_state import has_process_group
from convcost.tracing.isolation.isolated_call import interruptible, isolated
from convcost.tracing.isolation.tensor_copies import RunMode, tensor_copies
from convcost.tracing.isolation.virtual_devices import VirtualDevices
from convcost.tracing.memory_profile import memory_footprint
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.recording.data_access import DataRunReads, ShapeRunReads
from convcost.tracing.recording.gradients import run_backward
from convcost.tracing.recording.modes import recording_modes
from convcost.tracing.recording.module_tracker import track
from convcost.tracing.recording.operator_runners import DataRunner, MetaRunner, OperatorRunner
from convcost.tracing.recording.recorder import Recorder
from convcost.tracing.recording.tape import Tape
from convcost.tracing.summarize import report_of
from convcost.tracing.tensors import bytes_of, tensors
from convcost.tracing.user_error import error_text, is_raised_by_user, lacks_data

ASKS_FOR_GRADIENT = "grad"
"""In messages of torch: gradients as the user has them may do."""

OPEN_HINT = 'With open sizes it is convcost.cost(module, "f32[B,3,H,W]").'

Result = TypeVar("Result")

LAZY_RESULTS = (Generator, Coroutine, AsyncGenerator, map, filter)
"""What is returned before the code in it runs."""

MEMORY_MODES: tuple[RunMode, ...] = ("gradients", "data")
"""How memory is measured."""

DEFAULT_MEMORY = 2**30
"""What parameters and inputs may take, in bytes, for a model to run on its data."""


def first_success(
    run_modes: tuple[RunMode, ...],
    run: Callable[[RunMode], tuple[Result, bool]],
    can_run: Callable[[RunMode], bool],
) -> Result:
    """What `run` returns for the first of `run_modes` with which it does, or the error of the last that may.

    Where it says that something was asked for that only data tells, and there is data, it is run on that.
    """
    run_mode, *others = run_modes
    try:
        result, lacks_data = run(run_mode)
    except Exception as error:
        left = tuple(filter(can_run, remaining_modes(error, tuple(others))))
        if not left:
            raise
        return first_success(left, run, can_run)
    if lacks_data and "data" in others and can_run("data"):
        return first_success(("data",), run, can_run)
    return result


def remaining_modes(error: BaseException | None, run_modes: tuple[RunMode, ...]) -> tuple[RunMode, ...]:
    """Those of `run_modes` that may succeed where one without data raised `error`, or all if there was none.

    Where shapes did not fit, data decides whether it is so, and there is nothing else to be tried.
    """
    if error is None:
        return run_modes
    if is_raised_by_user(error):
        return ()
    text = error_text(error).lower()
    if ASKS_FOR_GRADIENT in text:
        return run_modes
    return tuple(run_mode for run_mode in run_modes if run_mode == "data")


@dataclass(frozen=True)
class Profiler:
    """Counts what a module's forward runs, and its backward if asked.

    `formulas` are costs of the user's own operators, by full name (`"mylib::scan"`): functions of the
    operator's arguments by name, and of `output`, that return a Cost. `footprint` is the dtype, or
    an empty text for the module's own, to measure in what memory it holds, for which it runs twice more.

    >>> Profiler(backward=True).profile(torch.nn.Linear(8, 2), "f32[4,8]").training_flops
    256
    """

    backward: bool = False
    formulas: Mapping[str, Callable[..., Cost]] = field(default_factory=dict)
    memory: int = DEFAULT_MEMORY
    footprint: str | None = None
    phase: GenerationPhase | None = None

    def profile(self, module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Report:
        """The cost of `module(*args, **kwargs)`; what runs is a copy.

        Raises what the module's forward raises, and WrongTypeError for what is no module.
        """
        self._check()
        check_is_module(module)
        return self.profile_call(self.call(module, given_inputs(args, kwargs, forward_names(module))))

    def call(self, module: torch.nn.Module, inputs: GivenInputs) -> ModuleCall:
        """What is run; UsageError where a size is open."""
        if inputs.names:
            names = ", ".join(inputs.names)
            raise UsageError(f"profile needs a number for {names}", hint=OPEN_HINT)
        return ModuleCall(module, inputs.args, inputs.kwargs).with_tensors("meta")

    def _check(self) -> None:
        """WrongTypeError for a setting of a wrong type."""
        hint = 'For example, {"mylib::scan": scan_cost}.'
        for name, formula in check_type("formulas", self.formulas, Mapping, "a mapping", hint).items():
            check_type("the name of an operator", name, str, "a text", hint)
            if not callable(formula):
                raise wrong_type_error(f"the formula of {name[:80]}", formula, "a function", hint)
        check_type("backward", self.backward, bool, "True or False")
        check_type("memory", self.memory, int, "a number of bytes")
        if self.footprint is not None:
            check_text("footprint", self.footprint, "float32")

    def profile_call(
        self, call: ModuleCall, device: str = "", failure: BaseException | None = None
    ) -> Report:
        """As `profile`; tensors without data are on `device`, and a run on shapes may have failed already."""
        if is_distributed(call):
            return profile_distributed(call, lambda part: self.profile_part(part, device, failure))
        return with_collectives(self.profile_part(call, device, failure))

    def profile_part(
        self, call: ModuleCall, device: str = "", failure: BaseException | None = None
    ) -> Report:
        """As `profile_call`, of what runs in this process alone.

        Where that fails for inputs without data, integers get values, as a model reads a mask to choose a
        kernel, and it is run as on the CPU, where constants have data.
        """
        run_modes = remaining_modes(failure, self._run_modes) or self._run_modes[-1:]
        try:
            return self._attempted(run_modes, call, device)
        except Exception as error:
            valued = call.with_integer_values()
            is_hopeless = valued.has_arguments_of(call) and not self._is_meta(call, device)
            if is_hopeless or is_raised_by_user(error):
                raise
            try:
                return self._attempted(run_modes, valued, "cpu")
            except Exception as own_error:
                raise error from (None if lacks_data(own_error) else own_error)

    def _attempted(self, run_modes: tuple[RunMode, ...], call: ModuleCall, device: str) -> Report:
        report = first_success(run_modes, partial(self._run, call, device), partial(self._can_run, call))
        return self._with_footprint(report, call)

    def _is_meta(self, call: ModuleCall, device: str) -> bool:
        return not device and all(tensor.is_meta for tensor in call.tensors)

    def _with_footprint(self, report: Report, call: ModuleCall) -> Report:
        if self.footprint is None:
            return report
        run_modes = filter(partial(self._can_run, call), MEMORY_MODES)
        dtype = dtype_named(self.footprint or report.dtype)
        found = memory_footprint(call, run_modes, dtype if self.footprint else "")
        return replace(report, trace=report.trace and report.trace._replace(held=found._replace(dtype=dtype)))

    @property
    def _run_modes(self) -> tuple[RunMode, ...]:
        return ("gradients", "data") if self.backward else ("shapes", "gradients", "data")

    def _can_run(self, call: ModuleCall, run_mode: RunMode) -> bool:
        """Whether there is data, and not too much of it, for a run that needs it."""
        if run_mode != "data":
            return True
        given = [*module_tree(call.model).tensors, *tensors((call.args, call.kwargs))]
        return not any(tensor.is_meta for tensor in given) and bytes_of(given) <= self.memory

    def _run(self, call: ModuleCall, device: str, run_mode: RunMode) -> tuple[Report, bool]:
        """The report of a run, and whether the model asked for what only data tells, and went on without."""
        says_gradients = self.backward or (run_mode == "gradients" and torch.is_grad_enabled())
        has_gradients, has_data = self.backward or torch.is_grad_enabled(), run_mode == "data"
        with ExitStack() as stack:
            if not has_data:  # where it is, who reads data looks at all tensors that there are
                stack.enter_context(fast_garbage_collection())
            copies = tensor_copies(run_mode)
            copied = stack.enter_context(isolated(call, copies, copies.of_input))
            home = copies.device or torch.device(device or "meta")
            tree = module_tree(copied.model)
            operators = {name: user_operator(formula) for name, formula in self.formulas.items()}
            tape = Tape(track(tree.submodules, has_process_group()), operators, has_data)
            runner: OperatorRunner = DataRunner(self.memory) if has_data else MetaRunner()
            stack.enter_context(closing(runner))
            reads = (
                DataRunReads(tape, (*tree.tensors, *tree.constants, *tensors(copied[1:])))
                if has_data
                else ShapeRunReads(tape, says_gradients)
            )
            recorder = Recorder(tape, runner, VirtualDevices(home, has_data), reads, says_gradients)
            stack.enter_context(torch.set_grad_enabled(has_gradients))
            with recording_modes(recorder):
                ran, output, generation = interruptible(self._forward_and_backward, tape, copied)
            reads.close(output)
            report = report_of(tree, tape, ran.named_arguments, output, has_data, generation)
            return report, reads.lacks_data

    def _forward_and_backward(self, tape: Tape, call: ModuleCall) -> ForwardRun:
        run = run_forward(call, tape, self.phase)
        output = run.output
        if isinstance(output, LAZY_RESULTS):
            tape.note_uncounted(
                "python::forward", (), f"it returned a {type(output).__name__}, which has not run"
            )
        if self.backward:
            tape.tracker.is_backward = True
            _note_weight_gradients(tape, call.model)
            has_tensors = run_backward(output)
            tape.end_backward()
            if not has_tensors:
                tape.note_uncounted("python::backward", (), "the output holds no tensor to go back from")
        return run


def _note_weight_gradients(tape: Tape, model: torch.nn.Module) -> None:
    """Tell `tape` of the gradient that each parameter gets."""
    with torch._C.DisableTorchFunction():  # or it would count as a use of the parameter
        for parameter in module_tree(model).parameters.values():
            watch: Any = parameter.register_hook
            if parameter.requires_grad:
                watch(tape.note_weight_gradient)


def user_operator(formula: Callable[..., Cost]) -> Operator:
    """An operator by the user's formula, in real MACs; all are on real data if it says nothing of them."""

    def cost(**arguments: Any) -> Cost:
        found = formula(**arguments)
        if not isinstance(found, Cost):
            name, kind = getattr(formula, "__name__", "formula"), type(found).__name__
            raise UsageError(f"the formula {name} returned {kind}; it must return a convcost.Cost")
        return found if found.valid_macs else replace(found, valid_macs=found.macs)

    return Operator(cost, counts_real=True)


def profile(module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Report:
    """The cost of `module(*args, **kwargs)`, by submodule and operator; what runs is a copy.

    Inputs may be tensors on any device, the meta device included: their shapes are what counts. A text
    such as "f32[1,3,224,224]" stands for one. Raises what the module's forward raises, and WrongTypeError
    for what is no module.

    >>> profile(torch.nn.Linear(8, 2), torch.zeros(4, 8)).macs
    64
    """
    return Profiler().profile(module, *args, **kwargs)


def check_is_module(module: Any) -> None:
    """WrongTypeError for what is not a torch module, with what is done with it instead."""
    if isinstance(module, type) and is_module_class(module):
        hint = f"Make one of that class: {module.__name__}(...)"
        raise wrong_type_error("the module", module, "a torch module", hint)
    if not is_module(module):
        hint = f"convcost.cost({module[:40]!r}) counts a design." if isinstance(module, str) else ""
        raise wrong_type_error("the module", module, "a torch module", hint)
