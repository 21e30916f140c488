"""What counters say of a model, and the causes of each difference to convcost's count. Pure data."""

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
    """Why a counter's figure is not 2 × MACs: the word that JSON has for it, and the phrase in tables."""

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
    COUNTED_TWICE = "again", "counted again inside another"
    NO_COMPUTATION = "free", "counted though nothing is computed"
    NO_FORMULA = "formula", "no formula for"
    ATTENTION = "attention", "attention missed"
    FUNCTION = "function", "functional call not seen"
    NO_MODULE_RULE = "rule", "no rule for"
    UNSEEN = "unseen", "not seen"
    REPEATED_CALL = "repeated", "called again, not counted again"
    SEVERAL_NAMES = "names", "counted once for each of its names"
    OUTPUT_POSITIONS = "output positions", "by output positions"
    GROUPS_IGNORED = "groups", "groups left out"
    GROUPS_TWICE = "groups twice", "divided by the groups twice"
    FIRST_DIMENSION = "first dimension", "by the first dimension alone"
    ONE_CONTRACTION = "one contraction", "one of two contractions"
    VECTOR_AS_MATRIX = "vector", "a vector taken for a matrix"
    BROADCASTING = "broadcast", "broadcasting not seen"
    ROUNDED = "rounded", "as numpy prints it, to four digits"
    OPERAND_ORDER = "order", "operands in another order"
    SAME_PADDING = "same padding", "padding='same' taken for symmetric"
    PROJECTION = "projection", "the projected hidden state"
    UNBATCHED = "unbatched", "one sample read as a batch"
    FEATURES_AS_POSITIONS = "width", "features taken for positions"
    COMPLEX_MACS = "complex", "a complex MAC counted as one"
    UNEXPLAINED = "unexplained", "unexplained"


MISSED = (CauseKind.NO_FORMULA, CauseKind.ATTENTION, CauseKind.FUNCTION, CauseKind.NO_MODULE_RULE)
"""Work that a counter is known not to see."""

EXTRAS = (CauseKind.BIAS_ADDS, CauseKind.ELEMENTWISE, CauseKind.NO_COMPUTATION)
"""What a counter may count beside products, by its own rule for the elements; it agrees all the same."""


class Cause(NamedTuple):
    """What `kind` adds to a counter's figure, in FLOPs, for one operator or kind of module, `subject`.

    `paths` are the submodules that it is about, `calls` how many calls.
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
        """Its figure as MACs; a counter of FLOPs may come to half a MAC."""
        return None if self.result.flops is None else Fraction(self.result.flops, FLOPS_PER_MAC)

    @property
    def unexplained(self) -> int:
        """The FLOPs that no cause accounts for."""
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
        """The result with the FLOPs of products alone, none where the counter is blind, and the reason."""
        flops = self.result.flops
        if flops is not None:
            extras = sum(cause.flops for cause in self.causes if cause.kind in EXTRAS)
            flops = None if self.result.verdict == "blind" else flops - extras
        return self.result._replace(flops=flops, reason=self.reason)


def verdict_of(causes: tuple[Cause, ...]) -> Verdict:
    """What a difference with these causes amounts to.

    A counter agrees if it counts the same products, beside which it may have known extras; it is blind if
    all it lacks is work that it does not see.
    """
    others = [cause for cause in causes if cause.kind not in EXTRAS]
    if sum(cause.flops for cause in others) == 0:
        return "agrees"
    return "blind" if all(cause.kind in MISSED for cause in others) else "differs"


@dataclass(frozen=True)
class DiagnosedReport:
    """A model's report, and the diagnosis of every counter by the counter's name."""

    report: Report
    diagnoses: Mapping[str, CounterDiagnosis]

    @property
    def macs(self) -> int:
        """The exact count of a forward."""
        return self.report.trace.total("forward").macs if self.report.trace else self.report.macs

    @property
    def differing(self) -> tuple[str, ...]:
        """The titles of the counters that differ for another reason than work that they do not see."""
        found = self.diagnoses.values()
        return tuple(diagnosis.title for diagnosis in found if diagnosis.result.verdict == "differs")

    def difference(self, diagnosis: CounterDiagnosis) -> Fraction | None:
        """The MACs that the counter counts more than the exact count."""
        return None if diagnosis.macs is None else diagnosis.macs - self.macs
