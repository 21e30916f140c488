"""Run a model on fake tensors with open sizes. Sizes and costs of its operations are formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from typing import Any, NamedTuple

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._subclasses.fake_tensor import FakeTensorMode

from convcost.core.cost import Shape
from convcost.core.generation import GenerationPhase
from convcost.core.report import Report
from convcost.operators.interface import Operator, ShapeOperand
from convcost.operators.recurrent import GATES
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.generation import run_forward
from convcost.tracing.isolation.isolated_call import isolated_copy, run_interruptibly
from convcost.tracing.isolation.virtual_devices import VirtualDevices
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.recording.data_access import ShapeRunReads
from convcost.tracing.recording.index_ranges import IndexRanges
from convcost.tracing.recording.known_operators import KnownFunction
from convcost.tracing.recording.modes import recording_modes
from convcost.tracing.recording.module_tracker import track
from convcost.tracing.recording.operator_runners import OperatorRunner
from convcost.tracing.recording.recorded_operations import RecordedCall
from convcost.tracing.recording.recorder import Recorder
from convcost.tracing.recording.tape import Tape
from convcost.tracing.summarize import report_of
from convcost.tracing.symbolic_shapes.fake_tensors import FakeTensorKind, fake_copy
from convcost.tracing.symbolic_shapes.guards import TorchCall, to_specs
from convcost.tracing.symbolic_shapes.sizes import NoFormulaError, SymbolicSizes
from convcost.tracing.tensors import tensors

FAKE_TENSORS_LOG = "torch._subclasses.fake_tensor"


@contextmanager
def fake_mode(shape_env: Any) -> Iterator[FakeTensorMode]:
    """The mode in which new tensors are fake: they have shapes, but no data."""
    fakes = FakeTensorMode(allow_non_fake_inputs=True, shape_env=shape_env)
    with _new_tensors_on_cpu(), fakes, enable_python_dispatcher(), _without_log(FAKE_TENSORS_LOG):
        yield fakes


@contextmanager
def _new_tensors_on_cpu() -> Iterator[None]:
    """Make new tensors on the CPU, where the copies are reported, and not on the user's default device."""
    if torch.get_default_device().type == "cpu":
        yield
        return
    with torch.device("cpu"):
        yield


@contextmanager
def _without_log(name: str) -> Iterator[None]:
    """Disable a logger in the block: torch logs errors that it raises anyway."""
    logger = getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def in_formulas(value: Any, sizes: SymbolicSizes) -> Any:
    """`value` with formulas for sizes, and ShapeOperands for tensors."""
    if isinstance(value, torch.Tensor):
        return ShapeOperand(sizes.shape(value))
    if isinstance(value, torch.SymInt):
        return sizes.formula(value)
    if isinstance(value, list | tuple):
        return tuple(in_formulas(part, sizes) for part in value)
    return value


@dataclass(kw_only=True)
class SymbolicTape(Tape):
    """A tape whose sizes and costs are our formulas, not torch's symbols."""

    sizes: SymbolicSizes

    def record(self, name: str, operator: Operator | None, arguments: dict[str, Any], output: Any) -> None:
        known = operator and operator._replace(
            cost=self._rule(name, operator.cost),
            activations=operator.activations and self._rule(name, operator.activations),
            estimated=self._rule(name, operator.estimated)
            if callable(operator.estimated)
            else operator.estimated,
            sparse=None,
        )
        super().record(name, known, arguments, output)

    def _rule(self, name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        """`rule` on formulas; NoFormulaError if it needs a number."""

        def on_formulas(**arguments: Any) -> Any:
            given = {label: in_formulas(value, self.sizes) for label, value in arguments.items()}
            try:
                return rule(**given)
            except (TypeError, AttributeError) as error:
                message = f"the cost of {name} has no formula while one of its sizes is open"
                raise NoFormulaError(message) from error

        return on_formulas

    def shape_of(self, tensor: Any) -> Shape:
        return self.sizes.shape(tensor)

    @contextmanager
    def record_call(self) -> Iterator[RecordedCall]:
        guard_log = self.sizes.guard_log
        recent, asked_by_model = len(guard_log.recent), guard_log.asked_by_model
        with super().record_call() as recorded:
            yield recorded
        recorded.is_outermost = guard_log.depth == 1
        recorded.expressions = tuple(guard_log.recent[recent:])
        recorded.is_repeatable &= guard_log.asked_by_model == asked_by_model

    def repeat(self, recorded: RecordedCall) -> None:
        """Repeat a call, and its questions about sizes if it ran inside another call."""
        guard_log = self.sizes.guard_log
        if not recorded.is_outermost or guard_log.depth > 1:
            guard_log.recent.extend(recorded.expressions)
        super().repeat(recorded)


class SymbolicRecorder(Recorder):
    """Runs everything on torch's fake tensors, and simplifies the sizes of results."""

    def __init__(self, tape: SymbolicTape) -> None:
        devices = VirtualDevices(torch.device("cpu"), has_data=True)
        indices = IndexRanges()
        kind = FakeTensorKind(indices)
        super().__init__(tape, OperatorRunner(), devices, ShapeRunReads(tape), kind=kind, indices=indices)
        self._sizes = tape.sizes
        self.calls: list[TorchCall] = []

    def function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        self._ask_for_asserted(function, (*args, *kwargs.values()))
        with self._sizes.guard_log.inside_torch():
            output = super().function(mode, function, args, kwargs)
        self._note(function, args, kwargs, output)
        return output

    def operator(self, mode: Any, overload: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        with self._sizes.guard_log.inside_model():
            super()._check_indices(overload._schema.name, args)
        with self._sizes.guard_log.inside_torch():
            if overload.namespace == "prim":
                return overload(*args, **kwargs)
            output = self._simplify_output(super().operator(mode, overload, args, kwargs), args)
            super()._follow_indices(overload, args, kwargs, output)
        self._note(overload, args, kwargs, output)
        return output

    def _check_indices(self, name: str, args: Any) -> None:
        """Done before, where its questions are the model's."""

    def _follow_indices(self, overload: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Done afterwards, for the simplified output."""

    def _ask_for_asserted(self, function: Any, given: tuple[Any, ...]) -> None:
        """Evaluate the condition of torch._assert as a question of the model, like a plain assert."""
        if function is torch._assert:
            with self._sizes.guard_log.inside_model():
                any(condition for condition in given if isinstance(condition, torch.SymBool))

    def _note(self, function: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Note a call by the model that asked about sizes."""
        guard_log = self._sizes.guard_log
        if not guard_log.depth and guard_log.recent:
            shapes = tuple(map(self._sizes.shape, tensors((output,))))
            args, kwargs = to_specs((args, dict(kwargs)), self._sizes.formula)
            self.calls.append(TorchCall(function, args, kwargs, shapes, tuple(guard_log.recent)))

    def _output_of_known_shape(self, known: KnownFunction, arguments: dict[str, Any]) -> Any:
        """The output of norms and recurrent layers, which torch would decompose or run step by step."""
        rule, first = known.operator.output, next(iter(arguments.values()))
        if rule is None or not (known.operator.is_like_input or known.name in GATES):
            return None
        shapes = rule(**arguments)
        if shapes is None or known.in_place:
            return None if shapes is None else first
        return self._new_tensors(shapes, first.dtype, arguments.values())

    def _new_tensor(self, shape: Any, dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype)

    def _simplify_output(self, output: Any, args: Any) -> Any:
        """A new tensor with simplified sizes for each output. No cost depends on its strides and memory."""
        if isinstance(output, list | tuple):
            return type(output)(self._simplify_output(part, args) for part in output)
        if not isinstance(output, torch.Tensor) or any(output is given for given in args):
            return output
        shape = tuple(map(self._sizes.simplify, output.shape))
        return torch.empty(shape, dtype=output.dtype, device=output.device)


class SymbolicRun(NamedTuple):
    """The report of a run, and the calls of torch that asked about sizes."""

    report: Report
    calls: tuple[TorchCall, ...]


def run(
    module: torch.nn.Module,
    inputs: DeclaredInputs,
    sizes: SymbolicSizes,
    formulas: Mapping[str, Operator],
    phase: GenerationPhase | None = None,
) -> SymbolicRun:
    """Run `module` on `inputs`. In the report, costs are our formulas, but sizes may still be torch's.

    Raises:
        ConcreteSizeNeededError: The model needs the value of an open size.
        Exception: What the model raises.
    """
    with ExitStack() as stack:
        copy = partial(fake_copy, stack.enter_context(fake_mode(sizes.shape_env)))
        model, _, _ = stack.enter_context(isolated_copy(ModuleCall(module), copy, copy))
        stack.enter_context(torch.no_grad())
        with sizes.guard_log.inside_torch():
            args, kwargs = symbolic_inputs(inputs, sizes)
        tree = module_tree(model)
        tape = SymbolicTape(track(tree.submodules, shape_of=sizes.shape), formulas, sizes=sizes)
        recorder = SymbolicRecorder(tape)
        with recording_modes(recorder):
            call, output, generation = run_interruptibly(
                run_forward, ModuleCall(model, args, kwargs), tape, phase
            )
    report = report_of(tree, tape, call.named_arguments, output, generation=generation)
    return SymbolicRun(report, tuple(recorder.calls))


def symbolic_inputs(inputs: DeclaredInputs, sizes: SymbolicSizes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of forward, with open sizes."""

    def tensor(declared: DeclaredTensor) -> torch.Tensor:
        dtype = getattr(torch, declared.dtype) if declared.dtype else torch.get_default_dtype()
        return torch.empty(tuple(map(sizes.to_torch, declared.shape)), dtype=dtype, device="cpu")

    args = tuple(map(tensor, inputs.args))
    return args, {name: tensor(declared) for name, declared in inputs.kwargs.items()}
