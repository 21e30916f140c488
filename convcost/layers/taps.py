"""Taps of a sliding kernel that lie on padding: one formula for every kind of number, where there is one."""

from __future__ import annotations

from numbers import Integral

from convcost.core.arithmetic import ceil_div, larger, positive_part, smaller
from convcost.core.cost import Size

MOST_TERMS = 64
"""A formula in open sizes with more terms tells a reader nothing, and takes long to shorten."""

LARGEST_STEP = 4096
"""Where more taps lie on padding, and stride and dilation are larger, counting them would take long."""

LATTICES = 4
"""What one residue costs in terms."""


def taps_on_data(
    length: Size,
    windows: Size,
    kernel_size: Size,
    stride: Size,
    dilation: Size,
    before: Size,
    after: Size,
) -> Size | None:
    """#{(w, k) : 0 ≤ w·stride + k·dilation − before < length}, w < windows, k < kernel_size.

    All taps but those on the zeros `before` and `after` the data. What lies behind the last window's last
    tap, none of them reads; seen from there, the zeros after the data are as those before it.
    None where sizes that are open leave no formula of bearable length.
    """
    unread = length + before + after - dilation * (kernel_size - 1) - 1 - stride * (windows - 1)
    geometry = (windows, kernel_size, stride, dilation)
    in_front, behind = taps_on_padding(before, 0, *geometry), taps_on_padding(after, unread, *geometry)
    return None if in_front is None or behind is None else windows * kernel_size - in_front - behind


def taps_on_padding(
    padding: Size, unread: Size, windows: Size, kernel_size: Size, stride: Size, dilation: Size
) -> Size | None:
    """#{(w, k) : w·stride + k·dilation < padding − unread}, w < windows, k < kernel_size.

    `unread` ≥ 0 is what no window reaches. None as for `taps_on_data`.
    """
    limit = padding - unread
    taps = _taps_before(padding, kernel_size, dilation)
    step, other = _smaller_first(stride, dilation)
    residues = step if isinstance(step, int) else None
    few = LATTICES if isinstance(limit + windows, int) else LATTICES**2
    by_residue = residues is not None and (taps is None or taps > few * residues)
    terms = LATTICES * residues if by_residue and residues else taps
    if terms is None or (terms > MOST_TERMS and not isinstance(limit + windows, int)):
        return None
    if by_residue:
        return _by_residue(limit, stride * windows, dilation * kernel_size, (step, other))
    zeros = (positive_part(padding - dilation * tap) for tap in range(terms))
    return sum(smaller(windows, positive_part(ceil_div(count - unread, stride))) for count in zeros)


def is_countable(kernel_size: Size, stride: Size, dilation: Size, before: Size, after: Size) -> bool:
    """Whether numbers for all of these leave the taps on padding countable in bearable time."""
    if isinstance(stride, int) and stride <= LARGEST_STEP:
        return True
    sizes = (kernel_size, stride, dilation, before, after)
    if not all(isinstance(size, Integral) for size in sizes) or dilation < 1:
        return True
    padded = ceil_div(larger(before, after), dilation)
    return smaller(smaller(stride, kernel_size), smaller(dilation, padded)) <= LARGEST_STEP


def _taps_before(padding: Size, kernel_size: Size, dilation: Size) -> int | None:
    """How many of the kernel's first taps can lie on padding: no fewer than do; None where that is open."""
    known = [kernel_size] if isinstance(kernel_size, int) else []
    if isinstance(padding, int):
        known.append(ceil_div(padding, dilation if isinstance(dilation, int) else 1))
    least = min(known, default=None)
    is_open = least is not None and least > 1 and not isinstance(kernel_size, int)
    return None if is_open else least


def _smaller_first(first: Size, second: Size) -> tuple[Size, Size]:
    if isinstance(first, int) and (not isinstance(second, int) or first <= second):
        return first, second
    return second, first


def _by_residue(limit: Size, reach: Size, span: Size, steps: tuple[Size, Size]) -> Size:
    """#{(w, k) : w·stride + k·dilation < limit}, w·stride < reach, k·dilation < span.

    By inclusion and exclusion over the points without these two bounds; `steps` are both, the int first.
    """
    return (
        _lattice_points(limit, *steps)
        - _lattice_points(limit - reach, *steps)
        - _lattice_points(limit - span, *steps)
        + _lattice_points(limit - reach - span, *steps)
    )


def _lattice_points(limit: Size, step: Size, other: Size) -> Size:
    """#{(a, b) ≥ 0 : a·step + b·other < limit}; `step` is an int.

    For each residue r of b modulo `step`, the points are the sum of an arithmetic progression.
    """
    return sum(_progression(limit - other * residue, step, other) for residue in range(step))


def _progression(limit: Size, step: Size, other: Size) -> Size:
    """Σ ⌈(limit − other·step·q) / step⌉ over the q ≥ 0 whose term is positive."""
    terms = ceil_div(positive_part(limit), other * step)
    return terms * ceil_div(limit, step) - other * (terms * (terms - 1) // 2)
