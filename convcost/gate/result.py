"""The result of a check: each entry's checks, and how it compares with its baseline. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from convcost.core.late_binding import RenderMethods
from convcost.gate.baseline import Baseline, BaselineChanges, baseline_of

if TYPE_CHECKING:
    from convcost.core.report import Report
    from convcost.gate.config import Config
    from convcost.gate.config_file import ConfigProblem
    from convcost.gate.entry import Entry
    from convcost.gate.limit import Relation

BaselineStatus = Literal["unlocked", "new", "same", "changed"]
"""There is no lock file; the entry is not in it; or it is, and the cost is the same or has changed."""


class EntryCheck(NamedTuple):
    """What the key called `key` asks, what was found, and whether it passed; `reason` where it did not.

    `found` and `wanted` are numbers, formulas or their texts; of a counter called `metric`, its verdict.
    """

    key: str
    metric: str
    passed: bool
    found: Any
    relation: Relation | None = None
    wanted: Any = None
    ratio_to: str = ""
    reason: str = ""
    tolerance: Fraction = Fraction(0)


class EntryResult(NamedTuple):
    """An entry with its report and checks; `before` is its baseline, and `changes` what is different now.

    `accepted` says that what it costs now replaces its baseline in the lock file.
    """

    entry: Entry
    report: Report
    checks: tuple[EntryCheck, ...]
    status: BaselineStatus
    before: Baseline | None = None
    changes: BaselineChanges | None = None
    accepted: bool = False

    @property
    def now(self) -> Baseline:
        """The baseline that it would have today."""
        return baseline_of(self.entry, self.report)

    @property
    def keeps_baseline(self) -> bool:
        """Whether no total is off by more than the entry tolerates."""
        entry = self.entry
        return (
            self.changes is None
            or self.accepted
            or self.changes.is_within(entry.tolerance, entry.growth_only)
        )

    @property
    def passed(self) -> bool:
        """Whether every check passed, the baseline's among them."""
        return self.keeps_baseline and all(check.passed for check in self.checks)


@dataclass(frozen=True)
class GateResult(RenderMethods):
    """The results of all entries that were asked for; `stale` are baselines without an entry.

    `written` says that the lock file was updated. `problems` are about entries that could not be counted;
    `skipped` names the entries that were left out on request.
    """

    config: Config
    lock: str
    entries: tuple[EntryResult, ...]
    stale: tuple[str, ...] = ()
    written: bool = False
    problems: tuple[ConfigProblem, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[EntryResult, ...]:
        """The entries that did not pass."""
        return tuple(result for result in self.entries if not result.passed)

    @property
    def passed(self) -> bool:
        """Whether every entry passed that was not skipped."""
        return not self.failed and not self.problems
