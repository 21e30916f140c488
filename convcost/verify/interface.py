"""What a check is: it looks at a layer on an input, and says whether the formulas hold."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple, Protocol

from convcost.verify.cases import Case
from convcost.verify.result import Outcome


class Answer(NamedTuple):
    """Whether they hold, what is not as it should be, and the names of what that is about."""

    outcome: Outcome
    reason: str = ""
    about: Set[str] = frozenset()


AGREES = Answer("agrees")

REFUSED = frozenset(("refused",))
"""What an answer is about where torch does not take the layer at all, so that nothing else can look at it."""


class LayerCheck(Protocol):
    """One thing that formulas are checked against."""

    name: str
    title: str
    package: str

    def look(self, case: Case) -> Answer:
        """What comes of it for `case`."""


def compared(**pairs: tuple[Any, Any]) -> Answer:
    """Agreement if each pair, theirs and the formula's, is equal; or else the first that is not."""
    for name, (theirs, ours) in pairs.items():
        if theirs != ours:
            what = name.replace("_", " ").replace("macs", "MACs")
            return Answer("new", f"{what}: {_shown(theirs)}, the formula has {_shown(ours)}")
    return AGREES


def _shown(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case dict():
            return ", ".join(f"{name} {_shown(part)}" for name, part in value.items()) or "none"
    return str(value)
