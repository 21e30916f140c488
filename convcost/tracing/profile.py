"""Profile a torch module: on shapes, or on data if control flow depends on it."""

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
from convcost.tracing.distributed.run import (
    is_distributed,
    profile_distributed,
    profile_on_mesh,
    with_collectives,
)
from convcost.tracing.generation import ForwardResult, run_forward
from convcost.tracing.given_inputs import GivenInputs, check_inputs, forward_names, given_inputs
from convcost.tracing.isolation.distributed_state import has_process_group
from convcost.tracing.isolation.isolated_call import isolated_copy, run_interruptibly
from convcost.tracing.isolation.tensor_copies import RunMode, tensor_copies
from convcost.tracing.isolation.virtual_devices import VirtualDevices
from convcost.tracing.memory_profile import memory_footprint
from convcost.tracing.mesh_request import MeshRequest, ParallelizeFunction, mesh_request
from convcost.tracing.module_call import ModuleCall, add_shape_notes, inputs_taken_as_zeros
from convcost.tracing.module_tree import module_tree
from convcost.tracing.recording.data_access import DataRunReads, ShapeRunReads
from convcost.tracing.recording.gradients import run_backward
from convcost.tracing.recording.modes import recording_modes
from convcost.tracing.recording.module_tracker import track, tracked_checkpoints
from convcost.tracing.recording.operator_runners import DataRunner, MetaRunner, OperatorRunner
from convcost.tracing.recording.recorder import Recorder
from convcost.tracing.recording.tape import Tape
from convcost.tracing.summarize import report_of
from convcost.tracing.tensors import bytes_of, tensors
from convcost.tracing.user_error import error_text, is_raised_by_user, lacks_data, may_lack_data

ASKS_FOR_GRADIENT = "grad"
"""A word in error messages: a run with gradients may succeed."""

OPEN_HINT = 'For open sizes, use convcost.cost(module, "f32[B,3,H,W]").'

Result = TypeVar("Result")

LAZY_RESULTS = (Generator, Coroutine, AsyncGenerator, map, filter)
"""Types of results whose code has not run yet."""

MEMORY_MODES: tuple[RunMode, ...] = ("gradients", "data")
"""The run modes to measure memory, in order."""

DEFAULT_MEMORY = 2**30
"""The most bytes of parameters and inputs for a run on data."""


def first_success(
    run_modes: tuple[RunMode, ...],
    run: Callable[[RunMode], tuple[Result, bool]],
    can_run: Callable[[RunMode], bool],
) -> Result:
    """The result of `run` for the first of `run_modes` that succeeds; the error of the last one otherwise.

    `run` also tells whether the model lacked data. If so, and if a run on data is possible, that counts.
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
    """The `run_modes` that may succeed after a run without data raised `error`; all if it is None.

    For most errors, such as shapes that don't fit, only a run on data can tell more.
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
    """Profiles a module's forward, and on request its backward.

    Attributes:
        backward: Whether to count the backward.
        formulas: Costs of the user's own operators, by full name (`"mylib::scan"`): functions of the
            operator's arguments by name, and of `output`, that return a Cost.
        memory: The most bytes of parameters and inputs for a run on data.
        footprint: The dtype to measure memory in, or "" for the module's own; None to skip that. It takes two
            more runs.
        phase: The phase of a language model.

    >>> Profiler(backward=True).profile(torch.nn.Linear(8, 2), "f32[4,8]").training_flops
    256
    """

    backward: bool = False
    formulas: Mapping[str, Callable[..., Cost]] = field(default_factory=dict)
    memory: int = DEFAULT_MEMORY
    footprint: str | None = None
    phase: GenerationPhase | None = None

    def profile(self, module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Report:
        """The cost of `module(*args, **kwargs)`. A copy of the module runs.

        Raises:
            WrongTypeError: `module` is not a torch module.
            Exception: What the module's forward raises.
        """
        self._check()
        check_is_module(module)
        return self.profile_call(self.call(module, given_inputs(args, kwargs, forward_names(module))))

    def call(self, module: torch.nn.Module, inputs: GivenInputs) -> ModuleCall:
        """The call to run; UsageError if a size is open."""
        if inputs.names:
            names = ", ".join(inputs.names)
            raise UsageError(f"profile needs a number for {names}", hint=OPEN_HINT)
        check_inputs(module, inputs.args, inputs.kwargs)
        return ModuleCall(module, inputs.args, inputs.kwargs).with_tensors("meta")

    def _check(self) -> None:
        """WrongTypeError if a setting has a wrong type."""
        hint = 'For example, {"mylib::scan": scan_cost}.'
        for name, formula in check_type("formulas", self.formulas, Mapping, "a mapping", hint).items():
            check_type("the name of an operator", name, str, "a string", hint)
            if not callable(formula):
                raise wrong_type_error(f"the formula of {name[:80]}", formula, "a function", hint)
        check_type("backward", self.backward, bool, "True or False")
        check_type("memory", self.memory, int, "a number of bytes")
        if self.footprint is not None:
            check_text("footprint", self.footprint, "float32")

    def profile_call(
        self, call: ModuleCall, device: str = "", failure: BaseException | None = None
    ) -> Report:
        """Like `profile`. Meta tensors are reported on `device`; `failure` is that of an earlier run."""
        if is_distributed(call):
            return profile_distributed(call, lambda part: self.profile_part(part, device, failure))
        return with_collectives(self.profile_part(call, device, failure))

    def add_rank(self, call: ModuleCall, whole: Report, mesh: MeshRequest) -> Report:
        """The report `whole` of the call, with the run of rank 0 of the mesh.

        Raises:
            UsageError: The module has no plan, or the plan parallelises nothing.
            Exception: What the mesh's function raises.
        """
        rank_profiler = replace(self, footprint=None)
        return profile_on_mesh(
            call, whole, mesh.dimensions, mesh.function, lambda part: rank_profiler.profile_part(part, "cpu")
        )

    def profile_part(
        self, call: ModuleCall, device: str = "", failure: BaseException | None = None
    ) -> Report:
        """Like `profile_call`, but without the rest of a distributed module.

        If that fails for inputs without data, it is repeated with values in integer inputs, since models read
        masks to choose a kernel, and as on the CPU, where constants have data.
        """
        run_modes = remaining_modes(failure, self._run_modes) or self._run_modes[-1:]
        try:
            return self._run_first_success(run_modes, call, device)
        except Exception as error:
            add_shape_notes(error, call)
            valued = call.with_integer_values()
            is_hopeless = valued.has_arguments_of(call) and not self._is_meta(call, device)
            if is_hopeless or is_raised_by_user(error):
                raise
            try:
                return self._run_first_success(run_modes, valued, "cpu", call)
            except Exception as own_error:
                if may_lack_data(error):
                    error.add_note("Inputs given by shape have no values: give tensors with values.")
                raise error from (None if lacks_data(own_error) else own_error)

    def _run_first_success(
        self, run_modes: tuple[RunMode, ...], call: ModuleCall, device: str, given: ModuleCall | None = None
    ) -> Report:
        """The report of the first run that succeeds; `call` may have values that `given` does not have."""
        run = partial(self._run, call, device, given=given)
        report = first_success(run_modes, run, partial(self._can_run, call))
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
        """Whether a run is possible: one on data needs all data, within the memory limit."""
        if run_mode != "data":
            return True
        given = [*module_tree(call.model).tensors, *tensors((call.args, call.kwargs))]
        return not any(tensor.is_meta for tensor in given) and bytes_of(given) <= self.memory

    def _run(
        self, call: ModuleCall, device: str, run_mode: RunMode, given: ModuleCall | None = None
    ) -> tuple[Report, bool]:
        """The report of a run, and whether the model lacked data but continued."""
        says_gradients = self.backward or (run_mode == "gradients" and torch.is_grad_enabled())
        has_gradients, has_data = self.backward or torch.is_grad_enabled(), run_mode == "data"
        with ExitStack() as stack:
            if not has_data:  # a run on data looks for tensors by gc.get_objects
                stack.enter_context(fast_garbage_collection())
            copies = tensor_copies(run_mode)
            copied = stack.enter_context(isolated_copy(call, copies, copies.of_input))
            home = copies.device or torch.device(device or "meta")
            tree = module_tree(copied.model)
            operators = {name: user_operator(formula) for name, formula in self.formulas.items()}
            tape = Tape(track(tree.submodules, self.backward), operators, has_data)
            runner: OperatorRunner = DataRunner(self.memory) if has_data else MetaRunner()
            stack.enter_context(closing(runner))
            reads = (
                DataRunReads(tape, (*tree.tensors, *tree.constants, *tensors(copied[1:])))
                if has_data
                else ShapeRunReads(tape, says_gradients, inputs_taken_as_zeros(copied, call, given or call))
            )
            devices = VirtualDevices(home, has_data)
            recorder = Recorder(tape, runner, devices, reads, says_gradients, has_process_group())
            stack.enter_context(torch.set_grad_enabled(has_gradients))
            with tracked_checkpoints(tape.tracker), recording_modes(recorder):
                called, output, generation = run_interruptibly(self._forward_and_backward, tape, copied)
            reads.close(output)
            report = report_of(
                tree, tape, called.named_arguments, output, has_data, generation, reads.reads_zeros
            )
            return report, reads.lacks_data

    def _forward_and_backward(self, tape: Tape, call: ModuleCall) -> ForwardResult:
        run = run_forward(call, tape, self.phase)
        output = run.output
        if isinstance(output, LAZY_RESULTS):
            tape.note_uncounted(
                "python::forward", (), f"it returned a {type(output).__name__}, which has not run"
            )
        if self.backward:
            tape.tracker.is_backward = True
            _note_weight_gradients(tape, call.model)
            has_tensors = run_backward(output, tape.tracker)
            tape.end_backward()
            tape.tracker.uses.clear()
            if not has_tensors:
                tape.note_uncounted(
                    "python::backward", (), "the output has no tensor to run the backward from"
                )
        return run


def _note_weight_gradients(tape: Tape, model: torch.nn.Module) -> None:
    """Pass the gradient of each parameter to `tape`."""
    with torch._C.DisableTorchFunction():  # else this would count as a use of the parameter
        for parameter in module_tree(model).parameters.values():
            watch: Any = parameter.register_hook
            if parameter.requires_grad:
                watch(tape.note_weight_gradient)


def user_operator(formula: Callable[..., Cost]) -> Operator:
    """An operator with the user's formula, in real MACs; valid MACs default to MACs."""

    def cost(**arguments: Any) -> Cost:
        found = formula(**arguments)
        if not isinstance(found, Cost):
            name, kind = getattr(formula, "__name__", "formula"), type(found).__name__
            raise UsageError(f"the formula {name} returned {kind}; it must return a convcost.Cost")
        return found if found.valid_macs else replace(found, valid_macs=found.macs)

    return Operator(cost, counts_real=True)


def profile(
    module: torch.nn.Module,
    /,
    *args: Any,
    mesh: str | None = None,
    parallelize: ParallelizeFunction | None = None,
    **kwargs: Any,
) -> Report:
    """The cost of `module(*args, **kwargs)`, by submodule and operator. A copy of the module runs.

    Inputs may be tensors on any device, including the meta device, since only their shapes matter, or texts
    such as "f32[1,3,224,224]". `mesh="tp=8"` adds what one rank computes, holds and sends, as for
    convcost.cost. If forward has an argument called mesh or parallelize, both are passed to it.

    Raises:
        WrongTypeError: `module` is not a torch module.
        Exception: What the module's forward raises.

    >>> profile(torch.nn.Linear(8, 2), torch.zeros(4, 8)).macs
    64
    """
    check_is_module(module)
    names = forward_names(module)
    if "mesh" in names or "parallelize" in names:
        own = {"mesh": mesh, "parallelize": parallelize}
        kwargs |= {name: value for name, value in own.items() if value is not None}
        mesh = parallelize = None
    request, profiler = mesh_request(mesh, parallelize), Profiler()
    call = profiler.call(module, given_inputs(args, kwargs, names))
    report = profiler.profile_call(call)
    return profiler.add_rank(call, report, request) if request else report


def check_is_module(module: Any) -> None:
    """WrongTypeError if it is not a torch module; the hint says what to give instead."""
    if isinstance(module, type) and is_module_class(module):
        hint = f"Create an instance: {module.__name__}(...)"
        raise wrong_type_error("the module", module, "a torch module", hint)
    if not is_module(module):
        hint = f"For a design as text, use convcost.cost({module[:40]!r})." if isinstance(module, str) else ""
        raise wrong_type_error("the module", module, "a torch module", hint)
