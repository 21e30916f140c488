"""The causes of a difference as they are found: one for each kind and subject, over all submodules."""

from __future__ import annotations

from dataclasses import dataclass, field

from convcost.core.diagnosis import Cause, Kind


@dataclass
class CauseList:
    """Amounts in FLOPs by kind and subject."""

    causes: dict[tuple[Kind, str], Cause] = field(default_factory=dict)

    def add(self, kind: Kind, subject: str, path: str, flops: int, calls: int = 1) -> None:
        """Put down that `calls` at `path` make the counter's figure larger by `flops` together."""
        if not flops:
            return
        before = self.causes.get((kind, subject), Cause(kind, subject, 0, 0, ()))
        self.causes[kind, subject] = before._replace(
            flops=before.flops + flops,
            calls=before.calls + calls,
            paths=tuple(dict.fromkeys((*before.paths, path))),
        )

    @property
    def total(self) -> int:
        """All amounts together."""
        return sum(cause.flops for cause in self.causes.values())

    @property
    def sorted(self) -> tuple[Cause, ...]:
        """The causes, the largest first, what is unexplained last."""
        found = sorted(self.causes.values(), key=lambda cause: -abs(cause.flops))
        return tuple(sorted(found, key=lambda cause: cause.kind == "unexplained"))
