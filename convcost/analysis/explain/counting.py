"""From MACs to FLOPs under a convention, and what stays out of them."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.explain.arithmetic import counted, divided
from convcost.analysis.explain.steps import Equation, Line, Sentence, Share, Side, Step, number
from convcost.core.cost import FLOPS_PER_MAC, Convention, Cost

LONGEST_SHARE = 60
"""A longer formula for a share of the FLOPs tells a reader nothing."""


def flops(cost: Cost, convention: Convention) -> Step:
    """FLOPs = 2 × MACs, and what else the convention counts."""
    macs = ("MACs on real data", cost.valid_macs) if convention.padding == "valid" else ("MACs", cost.macs)
    added = [macs]
    added += [("bias adds", cost.bias_adds)] if convention.count != "matmul" else []
    added += [("elementwise", cost.elementwise)] if convention.count == "all" else []
    words = Side(" + ".join((f"{FLOPS_PER_MAC} × {macs[0]}", *(word for word, _ in added[1:]))))
    numbers = Side(
        " + ".join((f"{FLOPS_PER_MAC} × {{}}", *["{}"] * len(added[1:]))), tuple(value for _, value in added)
    )
    return Step("FLOPs", (Equation((words, numbers, number(cost.flops(convention)))),))


def left_out(cost: Cost, convention: Convention) -> Step:
    """What there is to compute that is not in the FLOPs."""
    return Step("not in it", tuple(_left_out(cost, convention)))


def _left_out(cost: Cost, convention: Convention) -> Iterator[Line]:
    if convention.count == "matmul" and cost.bias_adds != 0:
        yield _apart(cost, convention, cost.bias_adds, "bias add", ", one for each output element")
    if convention.count != "all" and cost.elementwise != 0:
        yield _apart(cost, convention, cost.elementwise, "elementwise operation", "")


def _apart(cost: Cost, convention: Convention, amount: int, noun: str, remark: str) -> Line:
    words = f"{{}} {counted(amount, noun)}{remark}"
    total = cost.flops(convention)
    if total == 0 or len(str(divided(amount, total))) > LONGEST_SHARE:
        return Sentence(f"{words}.", (amount,))
    return Sentence(f"{words}: {{}} of the FLOPs.", (amount, Share(amount, total)))
