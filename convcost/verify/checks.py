"""Checks of a layer's formulas against torch's module, its operators, and the counters."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcost.core.cost import Shape
from convcost.core.diagnosis import EXTRAS
from convcost.core.errors import join_words
from convcost.core.report import Report
from convcost.counters.causes import diagnose
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.interface import Counter
from convcost.counters.subprocess_runner import error_line
from convcost.layers.network import Network
from convcost.tracing.module_tree import count_occurrences
from convcost.tracing.network_module import build_network, layer_modules, without_warnings
from convcost.tracing.profile import profile
from convcost.tracing.tensors import first_tensor
from convcost.tracing.torch_versions import UnsupportedByTorchError
from convcost.verify.blind_spots import UNEXPLAINED, blind_spots
from convcost.verify.cases import Case
from convcost.verify.result import Outcome

if TYPE_CHECKING:
    import torch


class CheckResult(NamedTuple):
    """The outcome of a check, the difference, and the operators or errors involved."""

    outcome: Outcome
    reason: str = ""
    subjects: Set[str] = frozenset()


AGREES = CheckResult("agrees")

REFUSED_BY_TORCH = frozenset(("refused",))
"""The subjects if torch does not accept the layer, so that no other check can run."""


class LayerCheck(Protocol):
    """A check of formulas against a reference."""

    name: str
    title: str
    package: str

    def check(self, case: Case) -> CheckResult:
        """Check the formulas for `case`."""


def check_result(check: LayerCheck, case: Case) -> CheckResult:
    """The result of a check; a layer that this torch version does not have is a known blind spot."""
    try:
        return check.check(case)
    except UnsupportedByTorchError as error:
        return CheckResult("known", str(error))


def compare_values(**pairs: tuple[Any, Any]) -> CheckResult:
    """Compare pairs of a reference value and the formula's value; report the first difference."""
    for name, (reference, formula) in pairs.items():
        if reference != formula:
            quantity = name.replace("_", " ").replace("macs", "MACs")
            return CheckResult("new", f"{quantity}: {_text(reference)}, but {_text(formula)} by the formula")
    return AGREES


def _text(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case dict():
            return ", ".join(f"{name} {_text(part)}" for name, part in value.items()) or "none"
    return str(value)


class TorchCheck:
    """Runs the layer, and compares shapes; without elementwise work also valid MACs and bias adds."""

    name = "torch"
    title = "torch"
    package = "torch"

    def check(self, case: Case) -> CheckResult:
        """Compare shapes on the meta device, and counts from sums of products of ones."""
        [row] = case.report.rows
        try:
            output, parameters = _shapes(case.network)
            result = compare_values(
                output=(output, row.output), parameters=(parameters, dict(row.parameters))
            )
            if result != AGREES or not row.contracts or row.cost.elementwise:
                return result
            products, cost = _count_products(case.network), case.report.cost
            macs = {} if products is None else {"products_on_real_data": (products, cost.valid_macs)}
            return compare_values(**macs, bias_adds=(_count_bias_adds(case.network), cost.bias_adds))
        except UnsupportedByTorchError:
            raise
        except Exception as error:
            return CheckResult("new", f"torch does not accept it: {error_line(error)}", REFUSED_BY_TORCH)


def _shapes(network: Network) -> tuple[Shape, dict[str, Shape]]:
    """The shapes of the output, and of the parameters by name."""
    module, inputs = build_network(network, "meta")
    with no_gradients():
        output = first_tensor(module(*inputs))
    [layer] = layer_modules(module)
    return tuple(output.shape), {name: tuple(tensor.shape) for name, tensor in layer.named_parameters()}


def _count_products(network: Network) -> int | None:
    """The number of products in the outputs: their sum for inputs and weights of 1.

    None if the output is not linear in the input, as for Bilinear.
    """
    for_one, for_two = (_output_sum(network, weight=1, bias=0, data=data) for data in (1, 2))
    return for_one if for_two == 2 * for_one else None


def _count_bias_adds(network: Network) -> int:
    """The number of bias adds: the sum of the outputs for weights of 0 and biases of 1."""
    return _output_sum(network, weight=0, bias=1, data=1)


def _output_sum(network: Network, weight: int, bias: int, data: int) -> int:
    import torch

    module, inputs = build_network(network, "cpu")
    for name, tensor in module.double().named_parameters():
        torch.nn.init.constant_(tensor, bias if name.endswith("bias") else weight)
    with no_gradients():
        output: torch.Tensor = module(*(torch.full_like(each, data, dtype=torch.float64) for each in inputs))
    return int(output.sum())


class TracedCheck:
    """Compares with convcost's count of the layer's module by operator, as in convcost model."""

    name = "model"
    title = "model"
    package = "convcost"

    def check(self, case: Case) -> CheckResult:
        """Compare all quantities by the formulas of layers with those by the formulas of operators."""
        try:
            with no_gradients():
                module, inputs = build_network(case.network, "meta")
                traced = profile(module, *inputs)
        except UnsupportedByTorchError:
            raise
        except Exception as error:
            return CheckResult("new", f"the module can't be counted: {error_line(error)}")
        by_operator, by_layer = _quantities(traced), _quantities(case.report)
        spots = {spot.subject: spot for spot in blind_spots(self.name, case.layer, case.report.input)}
        results = {
            name: compare_values(**{name: (by_operator[name], by_layer[name])}) for name in by_operator
        }
        differing = {name: result for name, result in results.items() if result != AGREES}
        for name, result in differing.items():
            if name not in spots:
                return result
        return CheckResult("known", spots[min(differing)].where) if differing else AGREES


def _quantities(report: Report) -> dict[str, object]:
    uncounted = report.trace.uncounted if report.trace else ()
    return {
        "operators_without_a_formula": tuple(operator.operator for operator in uncounted),
        "output": report.output,
        "params": report.params,
        **asdict(report.cost),
        "activations": report.activations,
    }


class CounterCheck:
    """A check against a counter included in convcost."""

    def __init__(self, counter: Counter) -> None:
        self.name = counter.name
        self.title = counter.title
        self.package = counter.package
        self._counter = counter

    def check(self, case: Case) -> CheckResult:
        """Compare the counter's figure; a disagreement is known if it involves only known blind spots."""
        spots = {spot.subject: spot for spot in blind_spots(self.name, case.layer, case.report.input)}
        module, inputs = build_network(case.network, "cpu")
        result = self._compare(case, module, inputs)
        if result.outcome == "new" and result.subjects and result.subjects <= spots.keys():
            where = {spots[subject].where: None for subject in sorted(result.subjects)}
            return CheckResult("known", " ".join(filter(None, (result.reason.partition(": ")[0], *where))))
        unmet = [subject for subject in spots if subject != UNEXPLAINED]
        if result.outcome == "agrees" and unmet:
            return result._replace(reason=f"{unmet[0]} is no longer a blind spot")
        return result

    def _compare(self, case: Case, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> CheckResult:
        with no_gradients():
            trace = profile(module, *inputs).trace
            assert trace
            try:
                reading = self._counter.read(module, inputs, {})
            except Exception as error:
                return _failure(error_line(error))
        occurrences = count_occurrences(module)
        diagnosis = diagnose(trace, self._counter, reading, occurrences, case.report.macs)
        if diagnosis.result.verdict == "agrees":
            return AGREES
        if diagnosis.result.verdict == "blind":
            missed = {call.operator for call in reading.missed}
            return CheckResult("new", f"it has no formula for {join_words(sorted(missed))}", missed)
        unexplained = {UNEXPLAINED} if diagnosis.unexplained else set[str]()
        subjects = unexplained | {call.operator for call in reading.missed}
        return CheckResult("new", diagnosis.reason, subjects)


class PeerCounterCheck(CounterCheck):
    """A check against an optional counter: all differences must be explained exactly."""

    def _compare(self, case: Case, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> CheckResult:
        with no_gradients():
            report = profile(module, *inputs)
        [(_, diagnosis)] = crosscheck_model(module, inputs, {}, report, (self._counter,))
        if diagnosis.result.flops is None:
            return _failure(diagnosis.result.reason)
        if diagnosis.unexplained:
            return CheckResult("new", "its figure is unexplained", {UNEXPLAINED})
        if diagnosis.result.verdict == "agrees":
            return AGREES
        kinds = dict.fromkeys(cause.kind for cause in diagnosis.causes if cause.kind not in EXTRAS)
        return CheckResult("known", ", ".join(kinds))


def _failure(reason: str) -> CheckResult:
    """The result for a counter that failed; the subject is the exception's name."""
    name = reason.removeprefix("it raised ").partition(":")[0]
    return CheckResult("new", reason, {name})


@contextmanager
def no_gradients() -> Iterator[None]:
    """Disable gradients and warnings in the block."""
    import torch

    with torch.no_grad(), without_warnings():
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict torch to one thread in the block, which is faster for small layers."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
