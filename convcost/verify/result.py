"""Results of a verification: agreements, known blind spots, new disagreements. Pure data."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

Outcome = Literal["agrees", "known", "new"]


class Reference(NamedTuple):
    """A reference for formulas: its name, title, and package."""

    name: str
    title: str
    package: str


class Finding(NamedTuple):
    """The result of one check of a layer; `spec` reproduces it, and `reason` describes the difference.

    An agreement has a reason if a blind spot was expected.
    """

    kind: str
    check: str
    outcome: Outcome
    reason: str
    spec: str


class FindingGroup(NamedTuple):
    """Similar findings: the one with the shortest spec, the number of cases, and the kinds of layers."""

    example: Finding
    cases: int
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class VerificationResult:
    """All findings of a run over `kinds`, with `cases` per argument, generated from `seed`."""

    references: tuple[Reference, ...]
    kinds: tuple[str, ...]
    cases: int
    seed: int
    findings: tuple[Finding, ...]

    @cached_property
    def outcome_counts(self) -> Mapping[tuple[str, str], Tally[Outcome]]:
        """The number of findings by outcome, for each kind of layer and check."""
        counts: dict[tuple[str, str], Tally[Outcome]] = defaultdict(Tally)
        for finding in self.findings:
            counts[finding.kind, finding.check][finding.outcome] += 1
        return counts

    @cached_property
    def known(self) -> tuple[FindingGroup, ...]:
        """The known blind spots that were found, without duplicates."""
        known = [finding for finding in self.findings if finding.outcome == "known"]
        return self._groups(known, lambda finding: finding.reason)

    @cached_property
    def resolved(self) -> tuple[FindingGroup, ...]:
        """Known blind spots that no longer exist."""
        resolved = [finding for finding in self.findings if finding.outcome == "agrees" and finding.reason]
        return self._groups(resolved, lambda finding: finding.reason)

    @cached_property
    def new(self) -> tuple[FindingGroup, ...]:
        """The new disagreements, grouped by check and kind of layer."""
        new = [finding for finding in self.findings if finding.outcome == "new"]
        return self._groups(new, lambda finding: finding.kind)

    @property
    def agrees(self) -> bool:
        """Whether there are no new disagreements."""
        return not self.new

    def _groups(self, findings: list[Finding], key: Callable[[Finding], str]) -> tuple[FindingGroup, ...]:
        """Findings grouped by check and key, in the order of the checks."""
        groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for reference in self.references:
            for finding in findings:
                if finding.check == reference.name:
                    groups[finding.check, key(finding)].append(finding)
        return tuple(map(_group, groups.values()))


def _group(findings: list[Finding]) -> FindingGroup:
    shortest = min(findings, key=lambda finding: (len(finding.spec), finding.spec))
    return FindingGroup(shortest, len(findings), tuple(dict.fromkeys(each.kind for each in findings)))
