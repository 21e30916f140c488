"""The divisors of a number."""

from __future__ import annotations

from functools import cache

LARGEST_FACTORED = 10**12


@cache
def divisors(number: int) -> list[int]:
    """Every positive divisor of `number`, which is from 1 to LARGEST_FACTORED, in order."""
    found = [1]
    factor = 2
    while factor * factor <= number:
        powers = [1]
        while number % factor == 0:
            number //= factor
            powers.append(powers[-1] * factor)
        found = [known * power for known in found for power in powers]
        factor += 1
    if number > 1:
        found += [known * number for known in found]
    return sorted(found)
