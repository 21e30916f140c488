"""Make the report of a run, with a row for each submodule that computes or has parameters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import torch

from convcost.core.cost import Cost, Shape
from convcost.core.dtypes import ITEMSIZES
from convcost.core.generation import PhaseRun
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.trace import Operation, SubmoduleRun, TensorInfo, Trace
from convcost.tracing.experts import embedding_params, expert_routings
from convcost.tracing.module_tree import ModuleTree, tied_parameters, unused_parameters
from convcost.tracing.recording.module_tracker import SubmoduleVisit
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import local_tensor, named_tensors, shape_of, tensor_bytes


class ExtraRepr(str):
    """A submodule's arguments as torch prints them. As a layer of a row, it has no formulas."""

    __slots__ = ()

    def length_formulas(self, shape: Shape) -> tuple[Any, ...]:
        """Empty."""
        return ()

    def loops(self, shape: Shape) -> tuple[Any, ...]:
        """Empty."""
        return ()


def report_of(
    tree: ModuleTree,
    tape: Tape,
    given: Any,
    output: Any,
    has_data: bool = False,
    generation: PhaseRun | None = None,
    reads_zeros: bool = False,
) -> Report:
    """The report of a run of a model, given its tree, the tape, its arguments and its output."""
    submodules = tree.submodules
    visits = {"": SubmoduleVisit(calls=1), **tape.tracker.visits}
    modules = tuple(
        SubmoduleRun(
            path, type(submodules[path]).__name__, visit.input, visit.output, visit.calls, visit.bytes
        )
        for path, visit in visits.items()
    )
    trace = Trace(
        _traced_tensors(given),
        _traced_tensors(output),
        tape.operations,
        tape.uncounted,
        modules,
        "data" if has_data else "shapes",
        unused_parameters(tree, tape.used),
        tied_parameters(tree),
        conditionals=tape.conditionals,
        unused_formulas=tape.unused_formulas,
        has_backward=tape.tracker.is_backward,
        collectives=tape.collectives,
        routings=expert_routings(tree),
        embedding_params=embedding_params(tree),
        generation=generation,
        training=submodules[""].training,
        reads_zeros=reads_zeros,
    )
    texts = {path: _extra_repr(submodules[path]) for path in visits}
    name = type(submodules[""]).__name__
    return Report(
        name=name,
        spec=name,
        rows=_rows(trace, texts, _owned_parameters(tree.parameters, visits), visits),
        dtype=_dtype(tree.parameters),
        trace=trace,
    )


def _extra_repr(module: torch.nn.Module) -> ExtraRepr:
    """The module's extra_repr; empty if a user's class fails in it."""
    try:
        return ExtraRepr(module.extra_repr())
    except Exception:
        return ExtraRepr()


def _rows(
    trace: Trace,
    texts: Mapping[str, ExtraRepr],
    owned: Mapping[str, dict[str, torch.nn.Parameter]],
    visits: Mapping[str, SubmoduleVisit],
) -> tuple[Row, ...]:
    operations: dict[str, list[Operation]] = defaultdict(list)
    for operation in trace.operations:
        if operation.phase == "forward":
            operations[operation.path].append(operation)
    rows = [
        _row(
            module,
            texts[module.path],
            owned.get(module.path, {}),
            operations[module.path],
            visits[module.path],
        )
        for module in trace.modules
        if module.path in owned or operations[module.path]
    ]
    return tuple(rows) or (_row(trace.modules[0], texts[""], {}, [], visits[""]),)


def _row(
    module: SubmoduleRun,
    text: ExtraRepr,
    parameters: dict[str, torch.nn.Parameter],
    operations: list[Operation],
    visit: SubmoduleVisit,
) -> Row:
    return Row(
        module.path,
        module.kind,
        text,
        module.input or (),
        module.output or (),
        {name: tuple(local_tensor(parameter).shape) for name, parameter in parameters.items()},
        sum((operation.cost for operation in operations), Cost()),
        sum(operation.activations for operation in operations),
        visit.input_type,
        module.calls,
        visit.output_type,
        tensor_bytes(map(local_tensor, parameters.values())),
        tuple(name for name, parameter in parameters.items() if not parameter.requires_grad),
    )


def _owned_parameters(
    parameters: Mapping[str, torch.nn.Parameter], visits: Mapping[str, SubmoduleVisit]
) -> dict[str, dict[str, torch.nn.Parameter]]:
    """The parameters of each submodule that ran, including those of submodules inside it that did not run."""
    owned: dict[str, dict[str, torch.nn.Parameter]] = defaultdict(dict)
    for name, parameter in parameters.items():
        path = name.rpartition(".")[0]
        while path not in visits:
            path = path.rpartition(".")[0]
        owned[path][name.removeprefix(f"{path}.") if path else name] = parameter
    return owned


def _traced_tensors(value: Any) -> tuple[TensorInfo, ...]:
    return tuple(
        TensorInfo(name, str(tensor.dtype).removeprefix("torch."), shape_of(tensor), tensor.element_size())
        for name, tensor in named_tensors(value)
    )


def _dtype(parameters: Mapping[str, torch.nn.Parameter]) -> str:
    """The most frequent dtype of the parameters, by elements."""
    counts: Counter[str] = Counter()
    for parameter in parameters.values():
        counts[str(parameter.dtype).removeprefix("torch.")] += parameter.numel()
    known = (dtype for dtype, _ in counts.most_common() if dtype in ITEMSIZES)
    return next(known, "float32")
