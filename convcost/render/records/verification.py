"""The result of `convcost verify` as a record, without the individual cases that agree."""

from typing import Annotated, Any

from convcost.core.record_fields import describe
from convcost.counters import installed_version
from convcost.render.records.context import HEAD, Head, Versions, versions
from convcost.render.records.record import Record, field_values, record_from
from convcost.render.style import Style
from convcost.render.verify import command, reason
from convcost.verify.result import FindingGroup, VerificationResult


class ReferenceCheckRecord(Record):
    """A reference that formulas were checked against."""

    name: str
    title: str
    version: str | None


class TallyRecord(Record):
    """The number of cases that agree, hit a known blind spot, or newly disagree."""

    agrees: int
    known: int
    new: int


class LayerTalliesRecord(Record):
    """The results for one kind of layer, by the name of the check."""

    kind: str
    checks: dict[str, TallyRecord]


class FindingsRecord(Record):
    """Findings with the same reason; `spec` is the simplest layer that shows it."""

    check: str
    kinds: list[str]
    cases: int
    reason: str
    spec: str


class DisagreementRecord(FindingsRecord):
    """A new disagreement, with the command that reproduces it."""

    command: str


class VerificationRecord(Head):
    """The output of convcost verify --json."""

    versions: Versions
    agrees: Annotated[bool, describe("Whether there is no new disagreement.")]
    cases: Annotated[int, describe("The number of cases for each argument of a layer.")]
    seed: int
    checks: list[ReferenceCheckRecord]
    layers: list[LayerTalliesRecord]
    new: list[DisagreementRecord]
    known: list[FindingsRecord]
    cured: Annotated[list[FindingsRecord], describe("Known blind spots that no longer exist.")]


def record(result: VerificationResult) -> VerificationRecord:
    """All results of a verification, without the cases that agree."""
    return record_from(
        VerificationRecord,
        result,
        **HEAD,
        versions=versions(),
        checks=[
            record_from(ReferenceCheckRecord, reference, version=installed_version(reference.package))
            for reference in result.references
        ],
        layers=[LayerTalliesRecord(kind=kind, checks=_tallies(result, kind)) for kind in result.kinds],
        new=[
            DisagreementRecord(**field_values(_findings(group)), command=command(result, group))
            for group in result.new
        ],
        known=list(map(_findings, result.known)),
        cured=list(map(_findings, result.resolved)),
    )


def _tallies(result: VerificationResult, kind: str) -> dict[str, TallyRecord]:
    tallies = (
        (reference.name, result.outcome_counts[kind, reference.name]) for reference in result.references
    )
    return {
        name: TallyRecord(agrees=tally["agrees"], known=tally["known"], new=tally["new"])
        for name, tally in tallies
    }


def _findings(group: FindingGroup) -> FindingsRecord:
    return record_from(
        FindingsRecord, group, check=group.example.check, reason=reason(group), spec=group.example.spec
    )


def rows(result: VerificationResult, style: Style) -> list[dict[str, Any]]:
    """A row for each kind of layer and check."""
    return [
        {"kind": kind, "check": name, **field_values(tally)}
        for kind in result.kinds
        for name, tally in _tallies(result, kind).items()
    ]
