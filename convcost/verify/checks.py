"""What the formulas of a layer are checked against: torch's module, its operators, and the counters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcost.core.cost import Shape
from convcost.core.diagnosis import EXTRAS
from convcost.core.report import Report
from convcost.counters.causes import diagnose
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.interface import Counter
from convcost.counters.subprocess_runner import error_line
from convcost.layers.network import Network
from convcost.tracing.module_tree import count_occurrences
from convcost.tracing.network_module import build_network, layer_modules
from convcost.tracing.profile import profile
from convcost.tracing.tensors import first_tensor
from convcost.tracing.torch_versions import UnsupportedByTorchError
from convcost.verify.blind_spots import UNEXPLAINED, blind_spots
from convcost.verify.cases import Case
from convcost.verify.result import Outcome

if TYPE_CHECKING:
    import torch


class CheckResult(NamedTuple):
    """Whether the formulas hold, what differs, and the names of the operators or errors it is about."""

    outcome: Outcome
    reason: str = ""
    subjects: Set[str] = frozenset()


AGREES = CheckResult("agrees")

REFUSED_BY_TORCH = frozenset(("refused",))
"""The subjects where torch does not take the layer at all, so that no other check can run."""


class LayerCheck(Protocol):
    """One thing that formulas are checked against."""

    name: str
    title: str
    package: str

    def check(self, case: Case) -> CheckResult:
        """Whether the formulas hold for `case`."""


def check_result(check: LayerCheck, case: Case) -> CheckResult:
    """What a check says of a case; that this torch has no such layer is known, and the rest not compared."""
    try:
        return check.check(case)
    except UnsupportedByTorchError as error:
        return CheckResult("known", str(error))


def compare_values(**pairs: tuple[Any, Any]) -> CheckResult:
    """Agreement if each pair, theirs and the formula's, is equal; or else the first that is not."""
    for name, (theirs, ours) in pairs.items():
        if theirs != ours:
            what = name.replace("_", " ").replace("macs", "MACs")
            return CheckResult("new", f"{what}: {_text(theirs)}, the formula has {_text(ours)}")
    return AGREES


def _text(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case dict():
            return ", ".join(f"{name} {_text(part)}" for name, part in value.items()) or "none"
    return str(value)


class TorchCheck:
    """Runs the layer, and compares shapes; taps on real data and bias adds where it does nothing else."""

    name = "torch"
    title = "torch"
    package = "torch"

    def check(self, case: Case) -> CheckResult:
        """Compare shapes on the meta device, and sums of products of ones, which count them."""
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
            return CheckResult("new", f"torch does not take it: {error_line(error)}", REFUSED_BY_TORCH)


def _shapes(network: Network) -> tuple[Shape, dict[str, Shape]]:
    """The output's shape, and each parameter's by its name in the layer's own module."""
    module, inputs = build_network(network, "meta")
    with no_gradients():
        output = first_tensor(module(*inputs))
    [layer] = layer_modules(module)
    return tuple(output.shape), {name: tuple(tensor.shape) for name, tensor in layer.named_parameters()}


def _count_products(network: Network) -> int | None:
    """How many products of an input and a weight the outputs are made of: with all of them 1, their sum.

    None where the output is not linear in the input, as that of Bilinear.
    """
    once, twice = (_output_sum(network, weight=1, bias=0, data=data) for data in (1, 2))
    return once if twice == 2 * once else None


def _count_bias_adds(network: Network) -> int:
    """With weights of 0 and biases of 1, the sum of the outputs."""
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
    """Profiles the layer's module, as convcost model does: what convcost counts operator by operator."""

    name = "model"
    title = "model"
    package = "convcost"

    def check(self, case: Case) -> CheckResult:
        """Compare every quantity of the formulas for layers with that of the formulas for operators."""
        try:
            with no_gradients():
                module, inputs = build_network(case.network, "meta")
                traced = profile(module, *inputs)
        except UnsupportedByTorchError:
            raise
        except Exception as error:
            return CheckResult("new", f"as a module it can't be counted: {error_line(error)}")
        theirs, ours = _quantities(traced), _quantities(case.report)
        spots = {spot.subject: spot for spot in blind_spots(self.name, case.layer, case.report.input)}
        results = {name: compare_values(**{name: (theirs[name], ours[name])}) for name in theirs}
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
    """A counter that comes with convcost: it counts contractions, or is blind to an operator."""

    def __init__(self, counter: Counter) -> None:
        self.name = counter.name
        self.title = counter.title
        self.package = counter.package
        self._counter = counter

    def check(self, case: Case) -> CheckResult:
        """Compare its figure; a disagreement is known if all it is about is a blind spot on such a layer."""
        spots = {spot.subject: spot for spot in blind_spots(self.name, case.layer, case.report.input)}
        module, inputs = build_network(case.network, "cpu")
        result = self._compare(case, module, inputs)
        if result.outcome == "new" and result.subjects and result.subjects <= spots.keys():
            where = {spots[subject].where: None for subject in sorted(result.subjects)}
            return CheckResult("known", " ".join(filter(None, (result.reason.partition(": ")[0], *where))))
        unmet = [subject for subject in spots if subject != UNEXPLAINED]
        if result.outcome == "agrees" and unmet:
            return result._replace(reason=f"{unmet[0]} is no blind spot any more")
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
            missed = {missed.operator for missed in reading.missed}
            return CheckResult("new", f"it has no formula for {' and '.join(sorted(missed))}", missed)
        unexplained = {UNEXPLAINED} if diagnosis.unexplained else set[str]()
        subjects = unexplained | {missed.operator for missed in reading.missed}
        return CheckResult("new", diagnosis.reason, subjects)


class PeerCounterCheck(CounterCheck):
    """A counter that is installed on request: each difference has to be explained, to the last FLOP."""

    def _compare(self, case: Case, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> CheckResult:
        with no_gradients():
            report = profile(module, *inputs)
        [(_, diagnosis)] = crosscheck_model(module, inputs, {}, report, (self._counter,))
        if diagnosis.result.flops is None:
            return _failure(diagnosis.result.reason)
        if diagnosis.unexplained:
            return CheckResult("new", "its figure is not explained", {UNEXPLAINED})
        if diagnosis.result.verdict == "agrees":
            return AGREES
        kinds = dict.fromkeys(cause.kind for cause in diagnosis.causes if cause.kind not in EXTRAS)
        return CheckResult("known", ", ".join(kinds))


def _failure(reason: str) -> CheckResult:
    """`it raised AssertionError: …`, whose subject is AssertionError."""
    name = reason.removeprefix("it raised ").partition(":")[0]
    return CheckResult("new", reason, {name})


@contextmanager
def no_gradients() -> Iterator[None]:
    """Inside the block torch keeps no gradients, and what it warns of is not the user's concern."""
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside the block torch computes on one thread: for small layers, others only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
