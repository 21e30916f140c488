"""What counters say of the layer's module, and whether that was known."""

from __future__ import annotations

from convcost.core.diagnosis import EXTRAS, Opinion
from convcost.counters.interface import Counter
from convcost.counters.parts import places
from convcost.counters.phrases import reason
from convcost.counters.reconcile import judge
from convcost.counters.referee import opinions
from convcost.counters.run import first_line
from convcost.tracing.build import build
from convcost.tracing.profile import profile
from convcost.verify.cases import Case
from convcost.verify.interface import AGREES, Answer
from convcost.verify.known_blind_spots import UNEXPLAINED, known
from convcost.verify.run_settings import quiet


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


class CounterFinding(_OfCounter):
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
                return _raised(first_line(error))
        opinion = judge(trace, self.counter, reading, places(module), case.report.macs)
        if opinion.result.verdict == "agrees":
            return AGREES
        if opinion.result.verdict == "blind":
            missed = {found.operator for found in reading.missed}
            return Answer("new", f"it has no formula for {' and '.join(sorted(missed))}", missed)
        return Answer("new", reason(opinion))


class Refereed(_OfCounter):
    """A counter that is installed on request: each difference has to be explained, to the last FLOP."""

    def answer(self, case: Case) -> Answer:
        """By its verdict; where that is none of agreement, causes that add up are known."""
        module, example = build(case.network, "cpu")
        with quiet():
            report = profile(module, example)
        [(_, opinion)] = opinions(module, (example,), {}, report, (self.counter,))
        return _answer(opinion)


def _answer(opinion: Opinion) -> Answer:
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
