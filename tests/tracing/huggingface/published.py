"""A published model: its configuration, as its makers published it, and its number of parameters."""

from typing import Any, NamedTuple

UNITS = {"M": 10**6, "B": 10**9}


class Published(NamedTuple):
    """A model as published; `params` is exact, or a text as it was printed by the source: 671B."""

    name: str
    config: dict[str, Any]
    params: int | str
    source: str

    def has_params(self, count: int) -> bool:
        """Whether `count` is the published number, to the last digit that was printed."""
        if isinstance(self.params, int):
            return count == self.params
        number, unit = self.params[:-1], self.params[-1]
        decimals = len(number.partition(".")[2])
        return f"{count / UNITS[unit]:.{decimals}f}" == number
