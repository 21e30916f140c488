"""The result of a check as data: each entry's checks, and its comparison with its baseline."""

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
"""No lock file; not in it; in it with the same cost; in it with another cost."""


class EntryCheck(NamedTuple):
    """The check of `key`: the value found and wanted, whether it passed, and the `reason` if not.

    `found` and `wanted` are numbers, formulas or texts.
    For a counter, `metric` is its name and `found` its verdict.
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
    """An entry with its report and checks, its baseline `before`, and the `changes` from it.

    `accepted` says that its current costs replace the baseline in the lock file.
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
        """The current costs as a baseline."""
        return baseline_of(self.entry, self.report)

    @property
    def keeps_baseline(self) -> bool:
        """Whether every total is within the entry's tolerance of its baseline."""
        entry = self.entry
        return (
            self.changes is None
            or self.accepted
            or self.changes.is_within(entry.tolerance, entry.growth_only)
        )

    @property
    def passed(self) -> bool:
        """Whether every check passed, including the baseline's."""
        return self.keeps_baseline and all(check.passed for check in self.checks)


@dataclass(frozen=True)
class GateResult(RenderMethods):
    """The results of the selected entries; `stale` are baselines without an entry.

    `written` says that the lock file was updated. `problems` are about the `uncounted` entries, which could
    not be counted or checked; `skipped` names the entries that were left out on request.
    """

    config: Config
    lock: str
    entries: tuple[EntryResult, ...]
    stale: tuple[str, ...] = ()
    written: bool = False
    problems: tuple[ConfigProblem, ...] = ()
    uncounted: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[EntryResult, ...]:
        """The entries that did not pass."""
        return tuple(result for result in self.entries if not result.passed)

    @property
    def passed(self) -> bool:
        """Whether every entry passed or was skipped, and there are no problems."""
        return not self.failed and not self.problems
