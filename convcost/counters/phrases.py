"""What the causes of a difference are called."""

from __future__ import annotations

from convcost.core.diagnosis import Cause, Kind, Opinion
from convcost.core.units import in_full

PHRASES: dict[Kind, str] = {
    "bias adds": "bias adds counted",
    "elementwise": "elementwise counted",
    "sums": "sums of k products as 2k − 1",
    "again": "counted again inside another",
    "free": "counted though nothing is computed",
    "formula": "no formula",
    "attention": "attention missed",
    "function": "functional call not seen",
    "rule": "no rule",
    "unseen": "not seen",
    "repeated": "called again, not counted again",
    "names": "counted once for each of its names",
    "output positions": "by output positions",
    "groups": "groups left out",
    "groups twice": "divided by the groups twice",
    "first dimension": "by the first dimension alone",
    "one contraction": "one of two contractions",
    "vector": "a vector taken for a matrix",
    "broadcast": "broadcasting not seen",
    "rounded": "as numpy prints it, to four digits",
    "order": "operands in another order",
    "same padding": "padding='same' taken for symmetric",
    "projection": "the projected hidden state",
    "unbatched": "one sample read as a batch",
    "width": "features taken for positions",
    "complex": "a complex MAC counted as one",
    "unexplained": "unexplained",
}
"""What each kind of cause is called."""


def said(cause: Cause) -> str:
    """`bias adds counted: Conv2d ×53`: of modules how many, of operators how many calls."""
    number = len(cause.paths) if cause.subject[:1].isupper() else cause.calls
    times = f" ×{number:,}" if number > 1 else ""
    about = f": {cause.subject.replace('aten::', '')}{times}" if cause.subject else ""
    return PHRASES[cause.kind] + about


def reason(opinion: Opinion) -> str:
    """A counter's difference in one line, in FLOPs: bias adds counted: Conv2d ×53, +1,600 FLOPs."""
    parts = (
        f"{said(cause)}, {'+' if cause.flops > 0 else '−'}{in_full(abs(cause.flops))} FLOPs"
        for cause in opinion.causes
    )
    return "; ".join((*([opinion.result.reason] if opinion.result.reason else ()), *parts, *opinion.remarks))
