"""What comes of a check: each entry's checks, and how it stands to its baseline. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from convcost.core.hooks import RenderMethods

if TYPE_CHECKING:
    from convcost.core.report import Report
    from convcost.gate.changes import Changes
    from convcost.gate.check import LimitCheck
    from convcost.gate.config import Config
    from convcost.gate.config_file import Problem
    from convcost.gate.entry import Entry
    from convcost.gate.rows import Baseline

Standing = Literal["unlocked", "new", "same", "changed"]
"""How an entry stands to the lock file: there is none, it is not in it, or it is and costs as much or not."""


class Judged(NamedTuple):
    """An entry with its report and checks; `before` is its baseline, `now` what that would be now.

    `accepted` says that the lock file is written with what is now.
    """

    entry: Entry
    report: Report
    checks: tuple[LimitCheck, ...]
    standing: Standing
    now: Baseline
    before: Baseline | None = None
    changes: Changes | None = None
    accepted: bool = False

    @property
    def keeps_baseline(self) -> bool:
        """Whether no total is off by more than the entry tolerates."""
        entry = self.entry
        return (
            self.changes is None or self.accepted or self.changes.within(entry.tolerance, entry.growth_only)
        )

    @property
    def passed(self) -> bool:
        """Whether every check passed, the baseline's among them."""
        return self.keeps_baseline and all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Checked(RenderMethods):
    """What came of all entries that were asked for; `stale` are baselines of entries that are no more.

    `written` says that the lock file was written, or would not have been another. `problems` are of entries
    that could not be counted, `skipped` the names of those that were not to be.
    """

    config: Config
    lock: str
    entries: tuple[Judged, ...]
    stale: tuple[str, ...] = ()
    written: bool = False
    problems: tuple[Problem, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Judged, ...]:
        """The entries that did not pass."""
        return tuple(judged for judged in self.entries if not judged.passed)

    @property
    def passed(self) -> bool:
        """Whether every entry passed that was not to be skipped."""
        return not self.failed and not self.problems
