"""A verification: which kinds of layers are checked against what, and the findings as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.counters import COUNTERS, is_installed, select_model_counters
from convcost.counters.interface import Counter
from convcost.layers import FAMILIES, KINDS, find_layer
from convcost.verify.cases import Case, cases, optional
from convcost.verify.checks import (
    REFUSED,
    CounterCheck,
    LayerCheck,
    PeerCounterCheck,
    Torch,
    Traced,
    one_thread,
)
from convcost.verify.result import Finding, Heading, Verified
from convcost.verify.shrink import simplest

DEFAULT_CASES = 6


class Plan(NamedTuple):
    """Kinds of layers, counters beside torch itself, and `cases` for each argument of a layer.

    A layer has as many again in which all arguments may be torch's defaults.
    """

    kinds: tuple[str, ...] = KINDS
    counters: tuple[Counter, ...] = tuple(COUNTERS.values())
    cases: int = DEFAULT_CASES
    seed: int = 0

    @property
    def checks(self) -> tuple[LayerCheck, ...]:
        """What each case is checked against."""
        return (Torch(), Traced(), *map(_of_counter, self.counters))

    def number(self, kind: str) -> int:
        """How many cases of `kind` there are."""
        return self.cases * (1 + len(optional(kind)))


def _of_counter(counter: Counter) -> LayerCheck:
    return CounterCheck(counter) if counter.name in COUNTERS else PeerCounterCheck(counter)


def findings(plan: Plan) -> Iterator[tuple[Finding, ...]]:
    """What the checks say of one case after the other; the first disagreement of a kind is made simple."""
    checks = plan.checks
    for kind in plan.kinds:
        unseen = {check.name for check in checks}
        for case in cases(kind, plan.number(kind), plan.seed):
            with one_thread():
                found = tuple(_looked(case, kind, checks, unseen))
            unseen -= {finding.check for finding in found if finding.outcome == "new"}
            yield found


def _looked(case: Case, kind: str, checks: tuple[LayerCheck, ...], unseen: set[str]) -> Iterator[Finding]:
    for check in checks:
        answer, shown = check.look(case), case
        if answer.outcome == "new" and check.name in unseen:
            shown = simplest(case, check)
            answer = check.look(shown)
        yield Finding(kind, check.name, answer.outcome, answer.reason, shown.spec)
        if answer.about == REFUSED:
            return


def verified(plan: Plan, found: Iterable[tuple[Finding, ...]]) -> Verified:
    """All findings together."""
    headings = tuple(Heading(check.name, check.title, check.package) for check in plan.checks)
    together = tuple(finding for each in found for finding in each)
    return Verified(headings, plan.kinds, plan.cases, plan.seed, together)


def chosen_kinds(names: str) -> tuple[str, ...]:
    """The kinds of a comma-separated list of layers and families, in the order of the registry; or `all`."""
    if names == "all":
        return KINDS
    wanted = {kind for name in names.split(",") for kind in _kinds(name.strip())}
    return tuple(kind for kind in KINDS if kind in wanted)


def _kinds(name: str) -> tuple[str, ...]:
    layer = find_layer(name)
    if layer is not None:
        return (layer.__name__,)
    if name.lower() not in FAMILIES:
        near = did_you_mean(name, (*KINDS, *FAMILIES))
        message = f"no layer and no family of layers is called {name[:40] or '(nothing)'}{near}"
        raise UsageError(message, hint=f"The families are {', '.join(FAMILIES)}.")
    return FAMILIES[name.lower()]


def chosen_counters(names: str) -> tuple[Counter, ...]:
    """The counters named, peers among them; UsageError for one that is not installed."""
    counters = select_model_counters(names)
    for counter in counters:
        if not is_installed(counter):
            raise UsageError(f"{counter.name} is not installed", hint=f"It comes with: {counter.install}")
    return counters


def family_of(kind: str) -> str:
    """The family of layers that `kind` is of."""
    return next(family for family, kinds in FAMILIES.items() if kind in kinds)
