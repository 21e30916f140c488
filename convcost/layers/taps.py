"""Counts of the taps of a sliding kernel that lie on padding, with one formula for all kinds of numbers.

A tap is one position of the kernel at one position of the window.
"""

from __future__ import annotations

from numbers import Integral

from convcost.core.arithmetic import ceil_div, larger, positive_part, smaller
from convcost.core.cost import Size

MOST_TERMS = 64
"""The most terms of a formula in open sizes; longer ones are unreadable, and slow to simplify."""

LARGEST_STEP = 4096
"""The largest number of counting steps; beyond it, counting would be slow."""

LATTICES = 4
"""Terms of the formula per residue."""


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

    All taps minus those on the zeros `before` and `after` the data. The two sides are symmetric, except that
    no window reaches the `unread` positions after the last tap of the last window.
    None if open sizes would make the formula too long.
    """
    unread = length + before + after - dilation * (kernel_size - 1) - 1 - stride * (windows - 1)
    geometry = (windows, kernel_size, stride, dilation)
    taps_before, taps_after = taps_on_padding(before, 0, *geometry), taps_on_padding(after, unread, *geometry)
    if taps_before is None or taps_after is None:
        return None
    return windows * kernel_size - taps_before - taps_after


def taps_on_padding(
    padding: Size, unread: Size, windows: Size, kernel_size: Size, stride: Size, dilation: Size
) -> Size | None:
    """#{(w, k) : w·stride + k·dilation < padding − unread}, w < windows, k < kernel_size.

    `unread` ≥ 0 is the number of positions that no window reaches. None as for `taps_on_data`.
    """
    limit = padding - unread
    taps = _taps_before(padding, kernel_size, dilation)
    step, other = _smaller_first(stride, dilation)
    residues = step if isinstance(step, int) else None
    terms_per_residue = LATTICES if isinstance(limit + windows, int) else LATTICES**2
    by_residue = residues is not None and (taps is None or taps > terms_per_residue * residues)
    terms = LATTICES * residues if by_residue and residues else taps
    if terms is None or (terms > MOST_TERMS and not isinstance(limit + windows, int)):
        return None
    if by_residue:
        return _by_residue(limit, stride * windows, dilation * kernel_size, (step, other))
    zeros = (positive_part(padding - dilation * tap) for tap in range(terms))
    return sum(smaller(windows, positive_part(ceil_div(count - unread, stride))) for count in zeros)


def is_countable(kernel_size: Size, stride: Size, dilation: Size, before: Size, after: Size) -> bool:
    """Whether the taps on padding can be counted fast enough, if all of these are numbers."""
    if isinstance(stride, int) and stride <= LARGEST_STEP:
        return True
    sizes = (kernel_size, stride, dilation, before, after)
    if not all(isinstance(size, Integral) for size in sizes) or dilation < 1:
        return True
    padded = ceil_div(larger(before, after), dilation)
    return smaller(smaller(stride, kernel_size), smaller(dilation, padded)) <= LARGEST_STEP


def _taps_before(padding: Size, kernel_size: Size, dilation: Size) -> int | None:
    """An upper bound on the kernel's first taps that can lie on padding; None if it is open."""
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

    By inclusion and exclusion over the two bounds. `steps` are the stride and the dilation, the int first.
    """
    return (
        _lattice_points(limit, *steps)
        - _lattice_points(limit - reach, *steps)
        - _lattice_points(limit - span, *steps)
        + _lattice_points(limit - reach - span, *steps)
    )


def _lattice_points(limit: Size, step: Size, other: Size) -> Size:
    """#{(a, b) ≥ 0 : a·step + b·other < limit}; `step` is an int.

    For each residue of b modulo `step`, the points are the sum of an arithmetic progression.
    """
    return sum(_progression(limit - other * residue, step, other) for residue in range(step))


def _progression(limit: Size, step: Size, other: Size) -> Size:
    """Σ ⌈(limit − other·step·q) / step⌉ over all q ≥ 0 with a positive term."""
    terms = ceil_div(positive_part(limit), other * step)
    return terms * ceil_div(limit, step) - other * (terms * (terms - 1) // 2)
