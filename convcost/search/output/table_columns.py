"""The columns that the rows of a sweep have in files and in the tables of other libraries."""

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
    """The names of all columns: "design", the swept sizes, the quantities with the ratio behind, "spec".

    In front of the sizes there are the swept arguments of a constructor.
    """

    sizes: tuple[str, ...]
    quantities: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @classmethod
    def of(cls, sweep: Sweep) -> TableColumns:
        """Those of the sweep; UsageError where a size has the name of another column."""
        quantities = (*sweep.columns, *((RATIO,) if sweep.reference else ()))
        found = cls(tuple(sweep.over), quantities, tuple(sweep.over_arguments))
        if taken := {*found.arguments, *found.sizes} & {DESIGN, SPEC, *found.quantities}:
            kind = "argument" if min(taken) in found.arguments else "size"
            message = f"the {kind} {min(taken)} has the name of another column"
            raise UsageError(message, hint="Rename it, or write designs.jsonl, which has sizes apart.")
        return found

    @property
    def integers_and_quotients(self) -> tuple[str, ...]:
        """All but the texts."""
        return (*self.sizes, *self.quantities)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (DESIGN, *self.arguments, *self.sizes, *self.quantities, SPEC)

    @property
    def quotients(self) -> tuple[str, ...]:
        """Those that have floats, and None for something over nothing."""
        return tuple(name for name in self.quantities if name not in QUANTITIES)

    def values(self, rows: Iterable[SweepRow]) -> dict[str, list[Any]]:
        """The values of each column, as `cells` has them."""
        lines = [self.cells(row) for row in rows]
        found = {name: [line[place] for line in lines] for place, name in enumerate(self.names)}
        return found | {name: argument_column(found[name]) for name in self.arguments}

    def cells(self, row: SweepRow) -> tuple[Any, ...]:
        """What a row has in each column: texts, integers, and floats for quotients."""
        quantities = (cell(row.get(name)) for name in self.quantities)
        arguments = map(plain_argument, row.arguments.values())
        return (row.name, *arguments, *row.sizes.values(), *quantities, row.spec)


def argument_column(values: Iterable[Any]) -> list[Any]:
    """Values of one type that libraries have: bools, ints, floats; or else texts, None aside."""
    plain = [*map(plain_argument, values)]
    types = {type(value) for value in plain if value is not None}
    if types == {int, float}:
        return [None if value is None else float(value) for value in plain]
    if len(types) <= 1:
        return plain
    return [None if value is None else str(value) for value in plain]


def cell(value: Size | Fraction | None) -> Size | float | None:
    """An integer as it is; of a quotient the nearest float."""
    return nearest_float(*value.as_integer_ratio()) if isinstance(value, Fraction) else value


def nearest_float(numerator: int, denominator: int) -> float | int | None:
    """The float that is the nearest to a quotient; beyond the largest one, the nearest integer."""
    if not denominator:
        return None
    try:
        return numerator / denominator
    except OverflowError:
        return round(Fraction(numerator, denominator))


def pandas_table(sweep: Sweep) -> pandas.DataFrame:
    """The rows that were kept: integers of 64 bits, or Python's; UsageError if pandas is missing."""
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
    """The rows that were kept: integers of 64 bits, or of 128; UsageError if Polars is missing."""
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
        raise UsageError(f"{large} has numbers of more than 128 bits, which Polars does not have")
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
    """Whether all are integers of so many bits, and a sign."""
    return all(isinstance(value, int) and -(2**bits) <= value < 2**bits for value in values)
