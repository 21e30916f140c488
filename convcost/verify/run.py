"""Runs a verification of layers against references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.counters import COUNTERS, is_installed, select_model_counters
from convcost.counters.interface import Counter
from convcost.layers import FAMILIES, KINDS, find_layer
from convcost.verify.cases import Case, generate_cases, optional_arguments
from convcost.verify.checks import (
    REFUSED_BY_TORCH,
    CounterCheck,
    LayerCheck,
    PeerCounterCheck,
    TorchCheck,
    TracedCheck,
    check_result,
    one_thread,
)
from convcost.verify.result import Finding, Reference, VerificationResult
from convcost.verify.shrink import shrink

DEFAULT_CASES = 6


class VerificationPlan(NamedTuple):
    """Kinds of layers, counters besides torch, and the number of `cases` per optional argument.

    There are `cases` more per layer in which all arguments can have defaults.
    """

    kinds: tuple[str, ...] = KINDS
    counters: tuple[Counter, ...] = tuple(COUNTERS.values())
    cases: int = DEFAULT_CASES
    seed: int = 0

    @property
    def checks(self) -> tuple[LayerCheck, ...]:
        """The checks of each case."""
        return (TorchCheck(), TracedCheck(), *map(_counter_check, self.counters))

    def number_of_cases(self, kind: str) -> int:
        """The number of cases of `kind`."""
        return self.cases * (1 + len(optional_arguments(kind)))


def _counter_check(counter: Counter) -> LayerCheck:
    return CounterCheck(counter) if counter.name in COUNTERS else PeerCounterCheck(counter)


def run_checks(plan: VerificationPlan) -> Iterator[tuple[Finding, ...]]:
    """Yield the findings of each case. The first disagreement of a kind is reduced to a simple case."""
    checks = plan.checks
    for kind in plan.kinds:
        unshrunk = {check.name for check in checks}
        for case in generate_cases(kind, plan.number_of_cases(kind), plan.seed):
            with one_thread():
                findings = tuple(_check_case(case, kind, checks, unshrunk))
            unshrunk -= {finding.check for finding in findings if finding.outcome == "new"}
            yield findings


def _check_case(
    case: Case, kind: str, checks: tuple[LayerCheck, ...], unshrunk: set[str]
) -> Iterator[Finding]:
    for check in checks:
        result, example = check_result(check, case), case
        if result.outcome == "new" and check.name in unshrunk:
            example = shrink(case, check)
            result = check_result(check, example)
        yield Finding(kind, check.name, result.outcome, result.reason, example.spec)
        if result.subjects == REFUSED_BY_TORCH:
            return


def collect_result(plan: VerificationPlan, findings: Iterable[tuple[Finding, ...]]) -> VerificationResult:
    """Collect all findings into a result."""
    references = tuple(Reference(check.name, check.title, check.package) for check in plan.checks)
    collected = tuple(finding for each in findings for finding in each)
    return VerificationResult(references, plan.kinds, plan.cases, plan.seed, collected)


def select_kinds(names: str) -> tuple[str, ...]:
    """The kinds in a comma-separated list of layers and families, or `all`, in the order of the registry."""
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
        message = f"no layer or family of layers is called {name[:40] or '(nothing)'}{near}"
        raise UsageError(message, hint=f"The families are {', '.join(FAMILIES)}.")
    return FAMILIES[name.lower()]


def select_installed_counters(names: str) -> tuple[Counter, ...]:
    """The named counters, including peers; UsageError for one that is not installed."""
    counters = select_model_counters(names)
    for counter in counters:
        if not is_installed(counter):
            raise UsageError(f"{counter.name} is not installed", hint=f"Install it with: {counter.install}")
    return counters


def family_of(kind: str) -> str:
    """The family of `kind`."""
    return next(family for family, kinds in FAMILIES.items() if kind in kinds)
