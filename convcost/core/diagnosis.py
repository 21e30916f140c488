"""Counters' figures for a model, and the causes of their differences from convcost's count. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, Self

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.report import CounterResult, Report, Verdict
from convcost.core.units import in_full


class CauseKind(StrEnum):
    """Why a counter's figure is not 2 × MACs. The value is the word in JSON, `phrase` the text in tables."""

    phrase: str

    def __new__(cls, word: str, phrase: str = "") -> Self:
        """A member that equals `word`."""
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.phrase = phrase
        return kind

    BIAS_ADDS = "bias adds", "bias adds counted"
    ELEMENTWISE = "elementwise", "elementwise counted"
    LAST_ADDITIONS = "sums", "sums of k products as 2k − 1"
    COUNTED_TWICE = "again", "counted twice, inside another operator"
    NO_COMPUTATION = "free", "counted without computation"
    NO_FORMULA = "formula", "no formula for"
    ATTENTION = "attention", "attention missed"
    FUNCTION = "function", "functional call not seen"
    NO_MODULE_RULE = "rule", "no rule for"
    UNSEEN = "unseen", "not seen"
    REPEATED_CALL = "repeated", "repeated calls not counted"
    SEVERAL_NAMES = "names", "counted once per name"
    OUTPUT_POSITIONS = "output positions", "by output positions"
    GROUPS_IGNORED = "groups", "groups ignored"
    GROUPS_TWICE = "groups twice", "divided by the groups twice"
    FIRST_DIMENSION = "first dimension", "by the first dimension only"
    ONE_CONTRACTION = "one contraction", "one of two contractions"
    VECTOR_AS_MATRIX = "vector", "vector treated as a matrix"
    BROADCASTING = "broadcast", "broadcasting not seen"
    ROUNDED = "rounded", "rounded to four digits by numpy"
    OPERAND_ORDER = "order", "different order of operands"
    SAME_PADDING = "same padding", "padding='same' treated as symmetric"
    PROJECTION = "projection", "projection of the hidden state"
    UNBATCHED = "unbatched", "unbatched input treated as a batch"
    FEATURES_AS_POSITIONS = "width", "features treated as positions"
    COMPLEX_MACS = "complex", "complex MACs counted as one"
    UNEXPLAINED = "unexplained", "unexplained"


MISSED = (CauseKind.NO_FORMULA, CauseKind.ATTENTION, CauseKind.FUNCTION, CauseKind.NO_MODULE_RULE)
"""Causes for work that a counter cannot see."""

EXTRAS = (CauseKind.BIAS_ADDS, CauseKind.ELEMENTWISE, CauseKind.NO_COMPUTATION)
"""Work that a counter may count besides products. It agrees nevertheless."""


class Cause(NamedTuple):
    """The FLOPs that a cause of `kind` adds to a counter's figure.

    `subject` is an operator or a class of modules, `paths` the submodules affected, and `calls` the number of
    calls.
    """

    kind: CauseKind
    subject: str
    flops: int
    calls: int
    paths: tuple[str, ...]

    @property
    def description(self) -> str:
        """`bias adds counted: Conv2d ×53`: the number of modules, or of calls of an operator."""
        return f"{self.kind.phrase}{self.link}{self.counted_subject}"

    @property
    def link(self) -> str:
        """What is between the phrase and the subject."""
        return "" if not self.subject else " " if self.kind.phrase.endswith(" for") else ": "

    @property
    def counted_subject(self) -> str:
        """`Conv2d ×53`."""
        number = len(self.paths) if self.subject[:1].isupper() else self.calls
        times = f" ×{number:,}" if number > 1 and self.subject else ""
        return f"{self.subject.replace('aten::', '')}{times}"

    @property
    def amount(self) -> str:
        """`(+1,600 FLOPs)`."""
        return f"({'+' if self.flops > 0 else '−'}{in_full(abs(self.flops))} FLOPs)"


class CounterDiagnosis(NamedTuple):
    """A counter's figure for a model, the causes of its difference, and remarks on the run."""

    title: str
    result: CounterResult
    causes: tuple[Cause, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def macs(self) -> Fraction | None:
        """The figure as MACs. For a counter of FLOPs it may be half an integer."""
        return None if self.result.flops is None else Fraction(self.result.flops, FLOPS_PER_MAC)

    @property
    def unexplained(self) -> int:
        """The FLOPs that no known cause explains."""
        return sum(cause.flops for cause in self.causes if cause.kind == CauseKind.UNEXPLAINED)

    @property
    def reason(self) -> str:
        """Its difference in one line, in FLOPs: bias adds counted: Conv2d ×53 (+1,600 FLOPs)."""
        alike: dict[CauseKind, list[Cause]] = {}
        for cause in self.causes:
            alike.setdefault(cause.kind, []).append(cause)
        parts = (
            ", ".join(
                f"{cause.counted_subject if number else cause.description} {cause.amount}"
                for number, cause in enumerate(causes)
            )
            for causes in alike.values()
        )
        result = (self.result.reason,) if self.result.reason else ()
        return "; ".join((*result, *parts, *self.remarks))

    @property
    def summary(self) -> CounterResult:
        """The result with the FLOPs of products only (None if the counter is blind), and the reason."""
        flops = self.result.flops
        if flops is not None:
            extras = sum(cause.flops for cause in self.causes if cause.kind in EXTRAS)
            flops = None if self.result.verdict == "blind" else flops - extras
        return self.result._replace(flops=flops, reason=self.reason)


def verdict_of(causes: tuple[Cause, ...]) -> Verdict:
    """The verdict for a difference with these causes.

    A counter agrees if it counts the same products, with or without known extras. It is blind if all work
    that it misses is work that it cannot see.
    """
    others = [cause for cause in causes if cause.kind not in EXTRAS]
    if sum(cause.flops for cause in others) == 0:
        return "agrees"
    return "blind" if all(cause.kind in MISSED for cause in others) else "differs"


@dataclass(frozen=True)
class DiagnosedReport:
    """A model's report, and the diagnosis of each counter, by the counter's name."""

    report: Report
    diagnoses: Mapping[str, CounterDiagnosis]

    @property
    def macs(self) -> int:
        """The exact MACs of a forward pass."""
        return self.report.trace.total("forward").macs if self.report.trace else self.report.macs

    @property
    def differing(self) -> tuple[str, ...]:
        """The titles of the counters with the verdict "differs"."""
        diagnoses = self.diagnoses.values()
        return tuple(diagnosis.title for diagnosis in diagnoses if diagnosis.result.verdict == "differs")

    def difference(self, diagnosis: CounterDiagnosis) -> Fraction | None:
        """The counter's MACs minus the exact count; None without a figure."""
        return None if diagnosis.macs is None else diagnosis.macs - self.macs
