"""Reports with open sizes, and functions that map over all formulas of a report."""

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
from convcost.core.tensor_bytes import TensorBytes
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
    """The report of `network`, with formulas in its open sizes."""
    return evaluate_feasibly(lambda evaluator: _open_report(network, convention, dtype, evaluator, backward))


def _open_report(
    network: Network, convention: Convention, dtype: str, evaluator: SymbolicEvaluator, backward: bool
) -> Report:
    converted = {id(layer): map_layer(layer, from_sympy) for layer in network.layers}
    originals = {id(converted[id(layer)]): layer for layer in network.layers}
    divisions = (
        Divides(*map_formulas(cast("tuple[Size | str, ...]", division), from_sympy))  # type: ignore[arg-type]
        for division in network.divisions
    )
    open_network = replace(
        network,
        chain=_map_chain(network.chain, lambda layer: converted[id(layer)]),
        input=map_formulas(network.input, from_sympy),
        divisions=tuple(divisions),
    )
    report = open_network.report(convention, dtype, evaluator, backward)
    if convention.padding == "valid":
        _check_valid(report)

    def final_form(formula: Expr) -> Expr | Value:
        """The formula in sympy, simplified again: a later assumption may make a division exact."""
        simplified = evaluator.simplify(formula) if evaluator.assumptions.quotients else formula
        return to_sympy(simplified) if isinstance(simplified, Formula) else simplified

    def final_layer(layer: Layer) -> Layer:
        original = originals.get(id(layer))
        return map_layer(layer, final_form) if original is None else original

    final = map_report(report, final_form)
    rows = tuple(row._replace(layer=final_layer(cast("Layer", row.layer))) for row in final.rows)
    return replace(final, rows=rows, assumptions=evaluator.assumptions.assumed)


def _map_chain(chain: Chain, change: Callable[[Layer], Layer]) -> Chain:
    """`chain` with its layers changed, and the shapes of its inputs converted from sympy."""
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
    """`compute` on the rows and inputs of a report, in sympy, but computed with our faster formulas.

    Dimensions that are not a single size are opaque during the computation.
    """
    rows = [
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
    return map_formulas(compute(rows, inputs, maximum_under(report.assumptions)), as_sympy)


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
    """`report` with `change` applied to all sizes and costs of rows, inputs and trace."""
    return replace(
        report,
        rows=tuple(map_row(row, change) for row in report.rows),
        inputs=_map_inputs(report.inputs, change),
        trace=report.trace and map_trace(report.trace, change),
    )


def _map_inputs(inputs: tuple[InputShape, ...], change: Change) -> tuple[InputShape, ...]:
    return tuple(tensor._replace(shape=map_formulas(tensor.shape, change)) for tensor in inputs)


def map_row(row: Row, change: Change) -> Row:
    """`row` with `change` applied to its sizes and costs, but not to its layer."""
    return row._replace(
        input=map_formulas(row.input, change),
        output=map_formulas(row.output, change),
        further_inputs=_map_inputs(row.further_inputs, change),
        parameters={name: map_formulas(shape, change) for name, shape in row.parameters.items()},
        cost=_cost(row.cost, change),
        activations=map_formulas(row.activations, change),
        stored=row.stored and TensorBytes(*map_formulas(row.stored, change)),
        gradients=row.gradients and Gradients(*(_cost(cost, change) for cost in row.gradients)),
    )


def map_layer(layer: Item, change: Change) -> Item:
    """`layer` with `change` applied to formulas in its arguments; unchanged if it is not a Layer."""
    if not isinstance(layer, Layer):
        return layer
    names = [field.name for field in fields(layer)]  # type: ignore[arg-type]
    return replace(layer, **{name: map_formulas(getattr(layer, name), change) for name in names})  # type: ignore[type-var]


def map_formulas(value: Item, change: Change) -> Item:
    """`value`, or each item of a tuple, with `change` applied to formulas."""
    if isinstance(value, tuple):
        return cast("Item", tuple(map_formulas(part, change) for part in value))
    return value if value is None or isinstance(value, int | str | float) else cast("Item", change(value))


def map_trace(trace: Trace, change: Change) -> Trace:
    """`trace` with `change` applied to its sizes and costs."""
    modules = (
        module._replace(
            input=map_formulas(module.input, change),
            output=map_formulas(module.output, change),
            bytes=module.bytes and TensorBytes(*map_formulas(module.bytes, change)),
        )
        for module in trace.modules
    )
    uncounted = (call._replace(inputs=map_formulas(call.inputs, change)) for call in trace.uncounted)
    return trace._replace(
        inputs=_tensors(trace.inputs, change),
        outputs=_tensors(trace.outputs, change),
        operations=tuple(_operation(operation, change) for operation in trace.operations),
        uncounted=tuple(uncounted),
        modules=tuple(modules),
        held=None,
        conditionals=tuple(_conditional(call, change) for call in trace.conditionals),
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


def _conditional(call: CondCall, change: Change) -> CondCall:
    return call._replace(
        inputs=map_formulas(call.inputs, change),
        true=call.true and _cost(call.true, change),
        false=call.false and _cost(call.false, change),
    )


def _generation(run: PhaseRun, change: Change) -> PhaseRun:
    return run._replace(
        context=map_formulas(run.context, change),
        tokens=map_formulas(run.tokens, change),
        cache=tuple(tensor._replace(shape=map_formulas(tensor.shape, change)) for tensor in run.cache),
    )


def _cost(cost: Cost, change: Change) -> Cost:
    return Cost(*map_formulas((cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise), change))
