"""The columns of a sweep's rows in files and data frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.sweep import DESIGN, QUANTITIES, RATIO, SPEC, Sweep, SweepRow, plain_argument

if TYPE_CHECKING:
    import pandas
    import polars


class TableColumns(NamedTuple):
    """The names of all columns: "design", swept arguments and sizes, quantities, the ratio, "spec"."""

    sizes: tuple[str, ...]
    quantities: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @classmethod
    def of(cls, sweep: Sweep) -> TableColumns:
        """The columns of a sweep; UsageError if a size or an argument has the name of another column."""
        quantities = (*sweep.columns, *((RATIO,) if sweep.reference else ()))
        found = cls(tuple(sweep.over), quantities, tuple(sweep.over_arguments))
        if taken := {*found.arguments, *found.sizes} & {DESIGN, SPEC, *found.quantities}:
            kind = "argument" if min(taken) in found.arguments else "size"
            message = f"the {kind} {min(taken)} has the name of another column"
            raise UsageError(message, hint="Rename it, or write designs.jsonl, which nests sizes.")
        return found

    @property
    def integers_and_quotients(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return (*self.sizes, *self.quantities)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return (DESIGN, *self.arguments, *self.sizes, *self.quantities, SPEC)

    @property
    def quotients(self) -> tuple[str, ...]:
        """The columns with floats, or None for a division by zero."""
        return tuple(name for name in self.quantities if name not in QUANTITIES)

    def values(self, rows: Iterable[SweepRow]) -> dict[str, list[Any]]:
        """The values of each column, as in `cells`."""
        lines = [self.cells(row) for row in rows]
        found = {name: [line[place] for line in lines] for place, name in enumerate(self.names)}
        return found | {name: argument_column(found[name]) for name in self.arguments}

    def cells(self, row: SweepRow) -> tuple[Any, ...]:
        """A row's values in all columns: texts, integers, and floats for quotients."""
        quantities = (cell(row.get(name)) for name in self.quantities)
        arguments = map(plain_argument, row.arguments.values())
        return (row.name, *arguments, *row.sizes.values(), *quantities, row.spec)


def argument_column(values: Iterable[Any]) -> list[Any]:
    """Values of one type, apart from None: bools, ints or floats, or else texts."""
    plain = [*map(plain_argument, values)]
    types = {type(value) for value in plain if value is not None}
    if types == {int, float}:
        return [None if value is None else float(value) for value in plain]
    if len(types) <= 1:
        return plain
    return [None if value is None else str(value) for value in plain]


def cell(value: Size | Fraction | None) -> Size | float | None:
    """An integer unchanged; a quotient as the nearest float."""
    return nearest_float(*value.as_integer_ratio()) if isinstance(value, Fraction) else value


def nearest_float(numerator: int, denominator: int) -> float | int | None:
    """The nearest float to a quotient; the nearest integer if it is too large for a float."""
    if not denominator:
        return None
    try:
        return numerator / denominator
    except OverflowError:
        return round(Fraction(numerator, denominator))


def pandas_table(sweep: Sweep) -> pandas.DataFrame:
    """The rows as a pandas table, with 64-bit or Python integers; UsageError if pandas is missing."""
    try:
        import pandas
    except ImportError:
        raise UsageError("pandas is not installed", hint="pip install pandas") from None
    columns = TableColumns.of(sweep)
    types: dict[str, str | None] = dict.fromkeys(columns.quotients, "float64")
    types |= dict.fromkeys(columns.arguments)
    series = {
        name: pandas.Series(
            values, dtype=types[name] if name in types else "int64" if _all_fit(values) else "object"
        )
        for name, values in columns.values(sweep.rows).items()
    }
    return pandas.DataFrame(series)


def polars_table(sweep: Sweep) -> polars.DataFrame:
    """The rows as a Polars table, with 64-bit or 128-bit integers; UsageError if Polars is missing."""
    try:
        import polars
    except ImportError:
        raise UsageError("polars is not installed", hint="pip install polars") from None
    columns = TableColumns.of(sweep)
    types: Mapping[str, Any] = {
        **dict.fromkeys((DESIGN, SPEC), polars.String),
        **dict.fromkeys(columns.quotients, polars.Float64),
        **dict.fromkeys(columns.arguments),
    }
    values = columns.values(sweep.rows)
    if large := next(
        (name for name, each in values.items() if not _all_fit(each, 127) and name not in types), ""
    ):
        raise UsageError(f"{large} has numbers of more than 128 bits, too large for Polars")
    return polars.DataFrame(
        [
            polars.Series(
                name,
                each,
                types[name] if name in types else polars.Int64 if _all_fit(each) else polars.Int128,
            )
            for name, each in values.items()
        ]
    )


def _all_fit(values: Iterable[Any], bits: int = 63) -> bool:
    """Whether all are integers of at most `bits` bits plus a sign."""
    return all(isinstance(value, int) and -(2**bits) <= value < 2**bits for value in values)
