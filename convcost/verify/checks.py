"""What the formulas of a layer are checked against: torch's module, its operators, and the counters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcost.core.cost import Shape, Size
from convcost.core.diagnosis import EXTRAS, CounterDiagnosis
from convcost.core.report import Report
from convcost.counters.causes import diagnose
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.interface import Counter
from convcost.counters.model_call import count_occurrences
from convcost.counters.subprocess_runner import error_line
from convcost.layers.network import Network
from convcost.tracing.build import build
from convcost.tracing.profile import profile
from convcost.tracing.tensors import first_tensor
from convcost.verify.blind_spots import UNEXPLAINED, known
from convcost.verify.cases import Case
from convcost.verify.result import Outcome

if TYPE_CHECKING:
    import torch


class Answer(NamedTuple):
    """Whether they hold, what is not as it should be, and the names of what that is about."""

    outcome: Outcome
    reason: str = ""
    about: Set[str] = frozenset()


AGREES = Answer("agrees")

REFUSED = frozenset(("refused",))
"""What an answer is about where torch does not take the layer at all, so that nothing else can look at it."""


class LayerCheck(Protocol):
    """One thing that formulas are checked against."""

    name: str
    title: str
    package: str

    def look(self, case: Case) -> Answer:
        """What comes of it for `case`."""


def compared(**pairs: tuple[Any, Any]) -> Answer:
    """Agreement if each pair, theirs and the formula's, is equal; or else the first that is not."""
    for name, (theirs, ours) in pairs.items():
        if theirs != ours:
            what = name.replace("_", " ").replace("macs", "MACs")
            return Answer("new", f"{what}: {_shown(theirs)}, the formula has {_shown(ours)}")
    return AGREES


def _shown(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case dict():
            return ", ".join(f"{name} {_shown(part)}" for name, part in value.items()) or "none"
    return str(value)


class Torch:
    """Runs the layer, and compares shapes, taps on real data and bias adds."""

    name = "torch"
    title = "torch"
    package = "torch"

    def look(self, case: Case) -> Answer:
        """Shapes on the meta device; sums of products of ones, which count them."""
        [row] = case.report.rows
        try:
            output, parameters = shapes(case.network)
            answer = compared(output=(output, row.output), parameters=(parameters, dict(row.parameters)))
            if answer == AGREES and row.contracts:
                return compared(**_sums(case))
        except Exception as error:
            return Answer("new", f"torch does not take it: {error_line(error)}", REFUSED)
        return answer


def _sums(case: Case) -> dict[str, tuple[int, Size | None]]:
    cost = case.report.cost
    products = multiplied(case.network)
    macs = {} if products is None else {"products_on_real_data": (products, cost.valid_macs)}
    return {**macs, "bias_adds": (added(case.network), cost.bias_adds)}


def shapes(network: Network) -> tuple[Shape, dict[str, Shape]]:
    """The output's shape, and each parameter's by its name."""
    module, example = build(network, "meta")
    with quiet():
        output = first_tensor(module(example))
    named = module.named_parameters()
    return tuple(output.shape), {name.rpartition(".")[2]: tuple(tensor.shape) for name, tensor in named}


def multiplied(network: Network) -> int | None:
    """How many products of an input and a weight the outputs are made of: with all of them 1, their sum.

    None where the output is not linear in the input, as that of Bilinear.
    """
    once, twice = (_sum(network, weight=1, bias=0, data=data) for data in (1, 2))
    return once if twice == 2 * once else None


def added(network: Network) -> int:
    """How many additions of a bias the outputs are made of: with weights of 0 and biases of 1, their sum."""
    return _sum(network, weight=0, bias=1, data=1)


def _sum(network: Network, weight: int, bias: int, data: int) -> int:
    import torch

    module, example = build(network, "cpu")
    for name, tensor in module.double().named_parameters():
        torch.nn.init.constant_(tensor, bias if name.endswith("bias") else weight)
    with quiet():
        output: torch.Tensor = module(torch.full_like(example, data, dtype=torch.float64))
    return int(output.sum())


class Traced:
    """Profiles the module, as convcost model does."""

    name = "model"
    title = "model"
    package = "convcost"

    def look(self, case: Case) -> Answer:
        """Every quantity of the formulas for layers against that of the formulas for operators."""
        try:
            with quiet():
                found = profile(*build(case.network, "meta"))
        except Exception as error:
            return Answer("new", f"as a module it can't be counted: {error_line(error)}")
        theirs, ours = _quantities(found), _quantities(case.report)
        return compared(**{name: (theirs[name], ours[name]) for name in theirs})


def _quantities(report: Report) -> dict[str, object]:
    uncounted = report.trace.uncounted if report.trace else ()
    return {
        "operators_without_a_formula": tuple(found.operator for found in uncounted),
        "output": report.output,
        "params": report.params,
        **asdict(report.cost),
        "activations": report.activations,
    }


class _OfCounter:
    """A check against one counter."""

    def __init__(self, counter: Counter) -> None:
        self.name = counter.name
        self.title = counter.title
        self.package = counter.package
        self.counter = counter

    def look(self, case: Case) -> Answer:
        """Known is only what is known of that counter, and such a layer."""
        spots = {spot.what: spot for spot in known(self.name, case.layer, case.report.input)}
        answer = self.answer(case)
        if answer.outcome == "new" and answer.about and answer.about <= spots.keys():
            where = {spots[what].where: None for what in sorted(answer.about)}
            return Answer("known", " ".join(filter(None, (answer.reason.partition(": ")[0], *where))))
        gone = [what for what in spots if what != UNEXPLAINED]
        if answer.outcome == "agrees" and gone:
            return answer._replace(reason=f"{gone[0]} is no blind spot any more")
        return answer

    def answer(self, case: Case) -> Answer:
        """Agreement or disagreement, and what it is about."""
        raise NotImplementedError


class CounterCheck(_OfCounter):
    """A counter that comes with convcost: it counts contractions, or names the operator it is blind to."""

    def answer(self, case: Case) -> Answer:
        """By its reading."""
        module, example = build(case.network, "cpu")
        with quiet():
            trace = profile(module, example).trace
            assert trace
            try:
                reading = self.counter.read(module, (example,), {})
            except Exception as error:
                return _raised(error_line(error))
        opinion = diagnose(trace, self.counter, reading, count_occurrences(module), case.report.macs)
        if opinion.result.verdict == "agrees":
            return AGREES
        if opinion.result.verdict == "blind":
            missed = {found.operator for found in reading.missed}
            return Answer("new", f"it has no formula for {' and '.join(sorted(missed))}", missed)
        return Answer("new", opinion.reason)


class PeerCounterCheck(_OfCounter):
    """A counter that is installed on request: each difference has to be explained, to the last FLOP."""

    def answer(self, case: Case) -> Answer:
        """By its verdict; where that is none of agreement, causes that add up are known."""
        module, example = build(case.network, "cpu")
        with quiet():
            report = profile(module, example)
        [(_, opinion)] = crosscheck_model(module, (example,), {}, report, (self.counter,))
        return _answer(opinion)


def _answer(opinion: CounterDiagnosis) -> Answer:
    if opinion.result.flops is None:
        return _raised(opinion.result.reason)
    if opinion.unexplained:
        return Answer("new", "its figure is not explained", {UNEXPLAINED})
    if opinion.result.verdict == "agrees":
        return AGREES
    kinds = dict.fromkeys(cause.kind for cause in opinion.causes if cause.kind not in EXTRAS)
    return Answer("known", ", ".join(kinds))


def _raised(reason: str) -> Answer:
    """`it raised AssertionError: …`, which is about an AssertionError."""
    name = reason.removeprefix("it raised ").partition(":")[0]
    return Answer("new", reason, {name})


@contextmanager
def quiet() -> Iterator[None]:
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
