"""Rows of a sweep as Arrow columns: exact integers, and quotients as the nearest floats.

Integers have 64 bits if all of a column fit, else 38 decimal digits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError
from convcost.core.metrics import BY_NAME
from convcost.core.sweep import DESIGN, RATIO, SPEC, Sweep, plain_argument
from convcost.search.output.table_columns import TableColumns, argument_column, nearest_float

if TYPE_CHECKING:
    import pyarrow

    from convcost.search.grid_blocks import RowBlock, SweepPlan
    from convcost.spec.spec_format import SpecFormat

MOST = 10**38
"""Integers below this have at most 38 digits."""

LARGEST_EXACT_FLOAT = 2**53
"""Up to here, floats are exact for integers, so their quotient is correctly rounded."""


class WiderColumnError(Exception):
    """An integer of the column `name` has more than 64 bits."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def check_installed() -> None:
    """UsageError if pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        message = "Arrow tables and Parquet files need pyarrow, which is not installed"
        raise UsageError(message, hint="pip install 'convcost[sweep]'") from None


def arrow_schema(
    sweep: Sweep, wide: Collection[str] = (), arguments: Sequence[Mapping[str, Any]] = ()
) -> pyarrow.Schema:
    """The schema of the sweep's table, with 38 digits for `wide` columns, and metadata.

    `arguments` are those of all rows, which decide the types of their columns.
    """
    import pyarrow as pa

    columns = TableColumns.of(sweep)
    fields = [pa.field(DESIGN, pa.string())]
    for name in columns.arguments:
        found = pa.array(argument_column(each[name] for each in arguments))
        fields.append(pa.field(name, found.type))
    for name in columns.integers_and_quotients:
        of_integers = pa.decimal128(38, 0) if name in wide else pa.int64()
        column_type = pa.float64() if name in columns.quotients else of_integers
        fields.append(pa.field(name, column_type, metadata={"description": _description(name, sweep)}))
    return pa.schema([*fields, pa.field(SPEC, pa.string())], {"convcost": json.dumps(_metadata(sweep))})


def _description(name: str, sweep: Sweep) -> str:
    """The description of a column of numbers."""
    if name in sweep.over:
        return f"Size: {sweep.over[name]}."
    if name in sweep.bounds:
        return f"Roofline lower bound on {sweep.bounds[name]}, in seconds."
    if name == RATIO and sweep.reference:
        return f"Ratio of {sweep.ratio_of} to that of {sweep.reference.name} at the same sizes."
    return BY_NAME[name].sentence


def _metadata(sweep: Sweep) -> dict[str, Any]:
    """The request of the sweep, for the table's metadata."""
    from convcost import __version__

    designs = (*((sweep.reference,) if sweep.reference else ()), *sweep.designs)
    return {
        "version": __version__,
        "designs": {design.name: design.spec for design in designs},
        "over": dict(sweep.over),
        **({"over_arguments": dict(sweep.over_arguments)} if sweep.over_arguments else {}),
        "sizes": dict(sweep.sizes),
        "where": sweep.where,
        "convention": {"count": sweep.convention.count, "padding": sweep.convention.padding},
        "dtype": sweep.dtype,
        "devices": dict(sweep.bounds),
        "ratio": {"of": sweep.ratio_of, "to": sweep.reference.name} if sweep.reference else None,
    }


def arrow_table(sweep: Sweep) -> pyarrow.Table:
    """The rows as a table; UsageError if pyarrow is missing, or an integer has more than 38 digits."""
    check_installed()
    import pyarrow as pa

    columns = TableColumns.of(sweep).values(sweep.rows)
    wide = [name for name, values in columns.items() if any(not _fits(value) for value in values)]
    schema = arrow_schema(sweep, wide, [row.arguments for row in sweep.rows])
    for name in wide:
        _check_digits(name, columns[name])
    arrays = [pa.array(values, field.type) for values, field in zip(columns.values(), schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _fits(value: object) -> bool:
    """Whether `value` is not an integer beyond 64 bits."""
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _check_digits(name: str, values: Iterable[int]) -> None:
    if any(abs(value) >= MOST for value in values):
        message = f"{name} has numbers beyond 10^38, too large for Arrow tables"
        raise UsageError(message, hint="Write designs.csv or designs.jsonl.")


def record_batch(block: RowBlock, plan: SweepPlan, schema: pyarrow.Schema) -> pyarrow.RecordBatch:
    """The rows of a block; WiderColumnError for an integer that does not fit its column."""
    import pyarrow as pa

    from convcost.search.grid_blocks import exact_array

    number = len(block.points)
    integers = {name: exact_array(column) for name, column in {**block.sizes, **block.quantities}.items()}
    reference = None if block.reference is None else exact_array(block.reference)
    quotients = plan.every_quotient
    arrays = [_repeat(plan.names[block.design], number)]
    arguments = plan.arguments[block.design] if plan.arguments else {}
    for field in [*schema][1:-1]:
        if field.name in arguments:
            arrays.append(_argument(arguments[field.name], field, number))
        elif field.name in quotients:
            arrays.append(_floats(*quotients[field.name].operands(integers, reference)))
        else:
            arrays.append(_integers(integers[field.name], field))
    sizes = dict(zip(schema.names, arrays, strict=False))
    arrays.append(_specs(plan.designs[block.design].spec_format, sizes, number))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _repeat(text: str, number: int) -> pyarrow.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(text), number)


def _argument(value: Any, field: pyarrow.Field, number: int) -> pyarrow.Array:
    import pyarrow as pa

    plain = plain_argument(value)
    is_text = pa.types.is_string(field.type) and plain is not None
    return pa.repeat(pa.scalar(str(plain) if is_text else plain, field.type), number)


def _integers(values: Any, field: pyarrow.Field) -> pyarrow.Array:
    """Integers of 64 bits, or of Python, with the type of the field."""
    import numpy as np
    import pyarrow as pa

    is_narrow = pa.types.is_int64(field.type)
    if values.dtype == object and all(map(_fits, values)):
        values = values.astype(np.int64)
    if values.dtype != object:
        return pa.array(values, pa.int64()).cast(field.type)
    if is_narrow:
        raise WiderColumnError(field.name)
    _check_digits(field.name, values)
    return pa.array(values, field.type)


def _floats(numerators: Any, denominators: Any) -> pyarrow.Array:
    """The nearest float to each quotient; null if the denominator is 0."""
    import numpy as np
    import pyarrow as pa

    if all(map(_has_exact_floats, (numerators, denominators))):
        above, below = np.asarray(numerators, float), np.asarray(denominators, float)
        is_number = np.broadcast_to(below != 0, above.shape)
        return pa.array(np.divide(above, below, where=is_number, out=np.zeros(above.shape)), mask=~is_number)
    pairs = np.broadcast_arrays(np.asarray(numerators, object), np.asarray(denominators, object))
    return pa.array([*map(nearest_float, *(values.tolist() for values in pairs))], pa.float64())


def _has_exact_floats(values: Any) -> bool:
    if isinstance(values, int):
        return abs(values) <= LARGEST_EXACT_FLOAT
    return values.dtype != object and bool((abs(values) <= LARGEST_EXACT_FLOAT).all())


def _specs(text: SpecFormat | None, sizes: Mapping[str, Any], number: int) -> pyarrow.Array:
    """The design's text with the sizes of each row put in; empty without a format."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not text or not text.names:
        return _repeat(text.format({}) if text else "", number)
    numbers = {name: _digits(sizes[name]) for name in {*text.names}}
    pieces: list[Any] = [pa.scalar(text.texts[0])]
    for name, piece in zip(text.names, text.texts[1:], strict=True):
        pieces += [numbers[name], pa.scalar(piece)]
    return pc.binary_join_element_wise(*pieces, "")


def _digits(integers: pyarrow.Array) -> pyarrow.Array:
    """Integers as texts, each distinct one formatted once: many rows share few sizes."""
    import pyarrow as pa

    found = integers.dictionary_encode()
    return pa.array([str(int(value)) for value in found.dictionary.to_pylist()], pa.string()).take(
        found.indices
    )
