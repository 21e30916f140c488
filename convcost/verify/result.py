"""What came of a verification: agreements, known blind spots, new disagreements. Pure data."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

Outcome = Literal["agrees", "known", "new"]


class Reference(NamedTuple):
    """What formulas are checked against: its name, what people call it, the package it is part of."""

    name: str
    title: str
    package: str


class Finding(NamedTuple):
    """What one check says of one layer; `spec` reproduces it, `reason` says what differs.

    An agreement has a reason where a blind spot was expected.
    """

    kind: str
    check: str
    outcome: Outcome
    reason: str
    spec: str


class FindingGroup(NamedTuple):
    """Findings that are alike: the one with the shortest spec, how many there are, of which kinds."""

    example: Finding
    cases: int
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class VerificationResult:
    """All findings of a run over `kinds`, with `cases` for each of their arguments, drawn by `seed`."""

    references: tuple[Reference, ...]
    kinds: tuple[str, ...]
    cases: int
    seed: int
    findings: tuple[Finding, ...]

    @cached_property
    def outcome_counts(self) -> Mapping[tuple[str, str], Tally[Outcome]]:
        """How many findings of each outcome there are, by kind of layer and check."""
        counts: dict[tuple[str, str], Tally[Outcome]] = defaultdict(Tally)
        for finding in self.findings:
            counts[finding.kind, finding.check][finding.outcome] += 1
        return counts

    @cached_property
    def known(self) -> tuple[FindingGroup, ...]:
        """The known blind spots that were met, each once."""
        found = [finding for finding in self.findings if finding.outcome == "known"]
        return self._groups(found, lambda finding: finding.reason)

    @cached_property
    def resolved(self) -> tuple[FindingGroup, ...]:
        """The known blind spots that are none any more."""
        found = [finding for finding in self.findings if finding.outcome == "agrees" and finding.reason]
        return self._groups(found, lambda finding: finding.reason)

    @cached_property
    def new(self) -> tuple[FindingGroup, ...]:
        """The new disagreements, one for each check and kind of layer."""
        found = [finding for finding in self.findings if finding.outcome == "new"]
        return self._groups(found, lambda finding: finding.kind)

    @property
    def agrees(self) -> bool:
        """Whether nothing new was found."""
        return not self.new

    def _groups(self, found: list[Finding], key: Callable[[Finding], str]) -> tuple[FindingGroup, ...]:
        """Those of one check and key together, in the order of the checks."""
        alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for reference in self.references:
            for finding in found:
                if finding.check == reference.name:
                    alike[finding.check, key(finding)].append(finding)
        return tuple(map(_group, alike.values()))


def _group(alike: list[Finding]) -> FindingGroup:
    shortest = min(alike, key=lambda finding: (len(finding.spec), finding.spec))
    return FindingGroup(shortest, len(alike), tuple(dict.fromkeys(finding.kind for finding in alike)))
