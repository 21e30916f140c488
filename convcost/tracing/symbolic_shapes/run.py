"""A run of a model on fake tensors with open sizes: operations whose sizes and costs are formulas."""

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
from convcost.tracing.isolation.isolated_call import interruptible, isolated
from convcost.tracing.isolation.virtual_devices import VirtualDevices
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.recording.data_access import ShapeRunReads
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
from convcost.tracing.symbolic_shapes.index_ranges import IndexRanges
from convcost.tracing.symbolic_shapes.sizes import NoFormulaError, SymbolicSizes
from convcost.tracing.tensors import tensors

FAKE_TENSORS_LOG = "torch._subclasses.fake_tensor"


@contextmanager
def fake_mode(shape_env: Any) -> Iterator[FakeTensorMode]:
    """The mode in which tensors have shapes alone, whichever device they are said to be on."""
    fakes = FakeTensorMode(allow_non_fake_inputs=True, shape_env=shape_env)
    with _new_tensors_on_cpu(), fakes, enable_python_dispatcher(), _without_log(FAKE_TENSORS_LOG):
        yield fakes


@contextmanager
def _new_tensors_on_cpu() -> Iterator[None]:
    """New tensors are where the copies are said to be, whatever the user's default device is."""
    if torch.get_default_device().type == "cpu":
        yield
        return
    with torch.device("cpu"):
        yield


@contextmanager
def _without_log(name: str) -> Iterator[None]:
    """Torch writes down what it raises in any case."""
    logger = getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def in_formulas(value: Any, sizes: SymbolicSizes) -> Any:
    """`value` with its sizes as formulas, and its tensors as nothing but theirs."""
    if isinstance(value, torch.Tensor):
        return ShapeOperand(sizes.shape(value))
    if isinstance(value, torch.SymInt):
        return sizes.formula(value)
    if isinstance(value, list | tuple):
        return tuple(in_formulas(part, sizes) for part in value)
    return value


@dataclass(kw_only=True)
class SymbolicTape(Tape):
    """Keeps formulas, of no torch symbol."""

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
        """`rule` on formulas; NoFormulaError where it needs a number."""

        def on_formulas(**arguments: Any) -> Any:
            given = {label: in_formulas(value, self.sizes) for label, value in arguments.items()}
            try:
                return rule(**given)
            except (TypeError, AttributeError) as error:
                message = f"what {name} costs has no formula while a size that it works on is open"
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
        """As of any tape; what torch asked is noted unless the same call by the model has been."""
        guard_log = self.sizes.guard_log
        if not recorded.is_outermost or guard_log.depth > 1:
            guard_log.recent.extend(recorded.expressions)
        super().repeat(recorded)


class SymbolicRecorder(Recorder):
    """Runs everything on torch's fake tensors; what comes out has simple sizes."""

    def __init__(self, tape: SymbolicTape) -> None:
        devices = VirtualDevices(torch.device("cpu"), has_data=True)
        self._indices = IndexRanges()
        super().__init__(
            tape, OperatorRunner(), devices, ShapeRunReads(tape), kind=FakeTensorKind(self._indices)
        )
        self._sizes = tape.sizes
        self.calls: list[TorchCall] = []

    def function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        self._ask_for_asserted(function, (*args, *kwargs.values()))
        with self._sizes.guard_log.inside_torch():
            output = super().function(mode, function, args, kwargs)
        self._note(function, args, kwargs, output)
        return output

    def operator(self, mode: Any, overload: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        with self._sizes.guard_log.of_model():
            self._indices.check(overload._schema.name, args)
        with self._sizes.guard_log.inside_torch():
            if overload.namespace == "prim":
                return overload(*args, **kwargs)
            output = self._simplified(super().operator(mode, overload, args, kwargs), args)
            changes = self._indices.changes
            self._indices.follow(overload, args, kwargs, output)
            if self._indices.changes != changes:
                self._tape.note_unrepeatable()
        self._note(overload, args, kwargs, output)
        return output

    def _ask_for_asserted(self, function: Any, given: tuple[Any, ...]) -> None:
        """What a model hands to torch._assert it asks itself, as by a plain assert."""
        if function is torch._assert:
            with self._sizes.guard_log.of_model():
                any(condition for condition in given if isinstance(condition, torch.SymBool))

    def _note(self, function: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Keep a call by the model that asked about sizes."""
        guard_log = self._sizes.guard_log
        if not guard_log.depth and guard_log.recent:
            shapes = tuple(map(self._sizes.shape, tensors((output,))))
            args, kwargs = to_specs((args, dict(kwargs)), self._sizes.formula)
            self.calls.append(TorchCall(function, args, kwargs, shapes, tuple(guard_log.recent)))

    def _output_of_known_shape(self, known: KnownFunction, arguments: dict[str, Any]) -> Any:
        """Torch takes norms apart and runs recurrent layers step by step: what they yield is said instead."""
        rule, first = known.operator.output, next(iter(arguments.values()))
        if rule is None or not (known.operator.is_like_input or known.name in GATES):
            return None
        shapes = rule(**arguments)
        if shapes is None or known.in_place:
            return None if shapes is None else first
        return self._new_tensors(shapes, first.dtype, arguments.values())

    def _new_tensor(self, shape: Any, dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype)

    def _simplified(self, output: Any, args: Any) -> Any:
        """An output of its own that has simple sizes instead: its strides and memory matter to no cost."""
        if isinstance(output, list | tuple):
            return type(output)(self._simplified(part, args) for part in output)
        if not isinstance(output, torch.Tensor) or any(output is given for given in args):
            return output
        shape = tuple(map(self._sizes.simple, output.shape))
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
    """What `module` costs on `inputs`: costs are our formulas, sizes may still be torch's.

    Raises what the model raises, and ConcreteSizeNeededError where it needs the value of an open size.
    """
    with ExitStack() as stack:
        copy = partial(fake_copy, stack.enter_context(fake_mode(sizes.shape_env)))
        model, _, _ = stack.enter_context(isolated(ModuleCall(module), copy, copy))
        stack.enter_context(torch.no_grad())
        with sizes.guard_log.inside_torch():
            args, kwargs = symbolic_inputs(inputs, sizes)
        tree = module_tree(model)
        tape = SymbolicTape(track(tree.submodules, shape_of=sizes.shape), formulas, sizes=sizes)
        recorder = SymbolicRecorder(tape)
        with recording_modes(recorder):
            call, output, generation = interruptible(
                run_forward, ModuleCall(model, args, kwargs), tape, phase
            )
    report = report_of(tree, tape, call.named_arguments, output, generation=generation)
    return SymbolicRun(report, tuple(recorder.calls))


def symbolic_inputs(inputs: DeclaredInputs, sizes: SymbolicSizes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a forward is called with, its sizes open."""

    def tensor(declared: DeclaredTensor) -> torch.Tensor:
        dtype = getattr(torch, declared.dtype) if declared.dtype else torch.get_default_dtype()
        return torch.empty(tuple(map(sizes.named, declared.shape)), dtype=dtype, device="cpu")

    args = tuple(map(tensor, inputs.args))
    return args, {name: tensor(declared) for name, declared in inputs.kwargs.items()}
