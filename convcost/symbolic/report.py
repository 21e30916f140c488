"""Reports with open sizes: formulas and their assumptions, and functions that map over all formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TypeAlias, TypeVar, cast

from sympy import Expr

from convcost.core.constraints import Divides
from convcost.core.cost import NO_VALID_MACS, NUMBERS_NEEDED, Convention, Cost, Gradients, Size
from convcost.core.errors import RequirementError
from convcost.core.generation import PhaseRun
from convcost.core.report import Report
from convcost.core.row import InputShape, LayerLike, Row
from convcost.core.trace import CondCall, Operation, TensorInfo, Trace
from convcost.layers.interface import Layer, MultipleInputLayer
from convcost.layers.network import Chain, InputTensor, Network
from convcost.symbolic.bounds import MaximumFunction, as_sympy, maximum_under
from convcost.symbolic.evaluator import SymbolicEvaluator, evaluate_feasibly
from convcost.symbolic.formula import Formula, Value, formula_of
from convcost.symbolic.sympy_bridge import from_sympy, to_sympy
from convcost.symbolic.terms import Atom

Item = TypeVar("Item")

Change: TypeAlias = Callable[[Expr], Expr | Value]


def open_report(network: Network, convention: Convention, dtype: str, backward: bool = False) -> Report:
    """The report of `network`, with formulas in the sizes that have no number."""
    return evaluate_feasibly(lambda evaluator: _open_report(network, convention, dtype, evaluator, backward))


def _open_report(
    network: Network, convention: Convention, dtype: str, evaluator: SymbolicEvaluator, backward: bool
) -> Report:
    ours = {id(layer): map_layer(layer, from_sympy) for layer in network.layers}
    originals = {id(ours[id(layer)]): layer for layer in network.layers}
    divisions = (
        Divides(*map_formulas(cast("tuple[Size | str, ...]", division), from_sympy))  # type: ignore[arg-type]
        for division in network.divisions
    )
    opened = replace(
        network,
        chain=_map_chain(network.chain, lambda layer: ours[id(layer)]),
        input=map_formulas(network.input, from_sympy),
        divisions=tuple(divisions),
    )
    report = opened.report(convention, dtype, evaluator, backward)
    if convention.padding == "valid":
        _check_valid(report)

    def final_form(formula: Expr) -> Expr | Value:
        """Simplified again, as a later layer may have added an assumption that makes a division exact."""
        settled = evaluator.simplify(formula) if evaluator.assumptions.quotients else formula
        return to_sympy(settled) if isinstance(settled, Formula) else settled

    def final_layer(layer: Layer) -> Layer:
        original = originals.get(id(layer))
        return map_layer(layer, final_form) if original is None else original

    final = map_report(report, final_form)
    rows = tuple(row._replace(layer=final_layer(cast("Layer", row.layer))) for row in final.rows)
    return replace(final, rows=rows, assumptions=evaluator.assumptions.assumed)


def _map_chain(chain: Chain, change: Callable[[Layer], Layer]) -> Chain:
    """`chain` with its layers changed, and the shapes of its inputs in our own formulas."""
    return tuple(
        call._replace(shape=map_formulas(call.shape, from_sympy))
        if isinstance(call, InputTensor)
        else call._replace(
            layer=change(call.layer),
            branches=tuple(_map_chain(branch, change) for branch in call.branches),
        )
        for call in chain
    )


def _check_valid(report: Report) -> None:
    for step, row in enumerate(report.rows):
        if row.cost.valid_macs is None:
            raise RequirementError(NO_VALID_MACS, hint=NUMBERS_NEEDED, step=step)


def compute_rows(
    report: Report,
    compute: Callable[[Sequence[Row], Sequence[InputShape], MaximumFunction], tuple[Item, ...]],
) -> tuple[Item, ...]:
    """`compute` of the report's rows and inputs in our own formulas, which are faster; it yields sympy's.

    Each dimension that is not a single size is an opaque positive one meanwhile.
    """
    ours = [
        map_row(row, from_sympy)._replace(
            layer=_with_dimensions(
                map_layer(row.layer, from_sympy), _map_inputs(row.further_inputs, _dimension)
            ),
            input=map_formulas(row.input, _dimension),
            output=map_formulas(row.output, _dimension),
            further_inputs=_map_inputs(row.further_inputs, _dimension),
        )
        for row in report.rows
    ]
    inputs = _map_inputs(report.inputs, _dimension)
    return map_formulas(compute(ours, inputs, maximum_under(report.assumptions)), as_sympy)


def _with_dimensions(layer: LayerLike, further_inputs: tuple[InputShape, ...]) -> LayerLike:
    shapes = tuple(tensor.shape for tensor in further_inputs)
    return replace(layer, further_inputs=shapes) if isinstance(layer, MultipleInputLayer) else layer


def _dimension(size: Expr) -> Value:
    formula = from_sympy(size)
    is_plain = not isinstance(formula, Formula) or (
        len(formula.terms) == 1 and all(atom.kind == "name" for atom in formula.atoms)
    )
    return formula if is_plain else formula_of(Atom("positive", formula))


def map_report(report: Report, change: Change) -> Report:
    """`report` with the sizes and costs of its rows, inputs and trace changed."""
    return replace(
        report,
        rows=tuple(map_row(row, change) for row in report.rows),
        inputs=_map_inputs(report.inputs, change),
        trace=report.trace and map_trace(report.trace, change),
    )


def _map_inputs(inputs: tuple[InputShape, ...], change: Change) -> tuple[InputShape, ...]:
    return tuple(tensor._replace(shape=map_formulas(tensor.shape, change)) for tensor in inputs)


def map_row(row: Row, change: Change) -> Row:
    """`row` with its sizes and costs changed, but not its layer."""
    return row._replace(
        input=map_formulas(row.input, change),
        output=map_formulas(row.output, change),
        further_inputs=_map_inputs(row.further_inputs, change),
        parameters={name: map_formulas(shape, change) for name, shape in row.parameters.items()},
        cost=_cost(row.cost, change),
        activations=map_formulas(row.activations, change),
        gradients=row.gradients and Gradients(*(_cost(cost, change) for cost in row.gradients)),
    )


def map_layer(layer: Item, change: Change) -> Item:
    """`layer` with the formulas among its arguments changed; anything but a Layer stays as it is."""
    if not isinstance(layer, Layer):
        return layer
    names = [field.name for field in fields(layer)]  # type: ignore[arg-type]
    return replace(layer, **{name: map_formulas(getattr(layer, name), change) for name in names})  # type: ignore[type-var]


def map_formulas(value: Item, change: Change) -> Item:
    """`value`, or each item of a tuple, changed if it is a formula."""
    if isinstance(value, tuple):
        return cast("Item", tuple(map_formulas(part, change) for part in value))
    return value if value is None or isinstance(value, int | str | float) else cast("Item", change(value))


def map_trace(trace: Trace, change: Change) -> Trace:
    """`trace` with its sizes and costs changed."""
    modules = (
        module._replace(
            input=map_formulas(module.input, change),
            output=map_formulas(module.output, change),
            bytes=map_formulas(module.bytes, change),
        )
        for module in trace.modules
    )
    uncounted = (found._replace(inputs=map_formulas(found.inputs, change)) for found in trace.uncounted)
    return trace._replace(
        inputs=_tensors(trace.inputs, change),
        outputs=_tensors(trace.outputs, change),
        operations=tuple(_operation(operation, change) for operation in trace.operations),
        uncounted=tuple(uncounted),
        modules=tuple(modules),
        held=None,
        conditionals=tuple(_conditional(found, change) for found in trace.conditionals),
        generation=trace.generation and _generation(trace.generation, change),
    )


def _tensors(tensors: tuple[TensorInfo, ...], change: Change) -> tuple[TensorInfo, ...]:
    return tuple(tensor._replace(shape=map_formulas(tensor.shape, change)) for tensor in tensors)


def _operation(operation: Operation, change: Change) -> Operation:
    return operation._replace(
        inputs=map_formulas(operation.inputs, change),
        output=map_formulas(operation.output, change),
        cost=_cost(operation.cost, change),
        activations=map_formulas(operation.activations, change),
    )


def _conditional(found: CondCall, change: Change) -> CondCall:
    return found._replace(
        inputs=map_formulas(found.inputs, change),
        true=found.true and _cost(found.true, change),
        false=found.false and _cost(found.false, change),
    )


def _generation(found: PhaseRun, change: Change) -> PhaseRun:
    return found._replace(
        context=map_formulas(found.context, change),
        tokens=map_formulas(found.tokens, change),
        cache=tuple(tensor._replace(shape=map_formulas(tensor.shape, change)) for tensor in found.cache),
    )


def _cost(cost: Cost, change: Change) -> Cost:
    return Cost(*map_formulas((cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise), change))
