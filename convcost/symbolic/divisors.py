"""The divisors of a number."""

from __future__ import annotations

from functools import lru_cache

LARGEST_TRIED = 10**6
"""The largest factor that is looked for one by one."""

MOST_DIVISORS = 10_000


@lru_cache(maxsize=1_000)
def divisors(number: int) -> tuple[int, ...] | None:
    """Every divisor of `number` ≥ 1, in order; None if two factors are large, or it has too many."""
    found = [1]
    factor = 2
    while factor * factor <= number and factor <= LARGEST_TRIED and len(found) <= MOST_DIVISORS:
        powers = [1]
        while number % factor == 0:
            number //= factor
            powers.append(powers[-1] * factor)
        found = [known * power for known in found for power in powers]
        factor += 1
    if number > 1:
        found += [known * number for known in found]
    is_whole = factor * factor > number and len(found) <= MOST_DIVISORS
    return tuple(sorted(found)) if is_whole else None
