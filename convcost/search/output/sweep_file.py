"""Writes the rows of a sweep to a file as they are computed: CSV, JSON lines, Parquet, or Arrow."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.errors import UsageError
from convcost.core.escapes import escape_csv_cell, escape_json
from convcost.core.sweep import DESIGN, RATIO, SPEC, Sweep, SweepRow, plain_argument
from convcost.search.output.arrow_table import WiderColumnError, arrow_schema, check_installed, record_batch
from convcost.search.output.table_columns import TableColumns, cell
from convcost.system.files import write_chunks

if TYPE_CHECKING:
    from convcost.search.grid_blocks import RowBlock, SweepPlan

MakeBlocks = Callable[[], Iterable["RowBlock"]]

MakeRows = Callable[["RowBlock"], list[SweepRow]]


ROWS_OF_A_GROUP = 2**17
"""The minimum number of rows in a group of a Parquet file, except for the last group."""


class RowSource(NamedTuple):
    """The source of rows to write: the sweep's request and plan, and functions that make its rows."""

    sweep: Sweep
    plan: SweepPlan
    blocks: MakeBlocks
    rows: MakeRows

    @property
    def row_blocks(self) -> Iterator[list[SweepRow]]:
        """The rows, block by block."""
        return map(self.rows, self.blocks())


def check_file(path: Path) -> None:
    """UsageError if the suffix is unknown, or its library is missing."""
    if path.suffix.lower() not in FORMATS:
        *others, last = FORMATS
        message = f"{str(path)[:80]} must end in {', '.join(others)} or {last}"
        raise UsageError(message, hint="For example, designs.parquet.")
    if path.suffix.lower() in OF_ARROW:
        check_installed()


def write_rows(path: Path, source: RowSource) -> None:
    """Write every row, block by block; the file appears when it is complete."""
    wide: set[str] = set()
    while True:
        try:
            write_chunks(path, FORMATS[path.suffix.lower()](source, wide))
            return
        except WiderColumnError as error:
            wide.add(error.name)


def _csv(source: RowSource, _: set[str]) -> Iterator[str]:
    columns = TableColumns.of(source.sweep)
    yield ",".join(columns.names) + "\n"
    for rows in source.row_blocks:
        text = StringIO()
        lines = (map(escape_csv_cell, columns.cells(row)) for row in rows)
        csv.writer(text, lineterminator="\n").writerows(lines)
        yield text.getvalue()


def _json_lines(source: RowSource, _: set[str]) -> Iterator[str]:
    names = (*source.sweep.columns, *([RATIO] if source.sweep.reference else []))
    for rows in source.row_blocks:
        lines = (json.dumps(_object(row, names)) for row in rows)
        yield "".join(f"{escape_json(line)}\n" for line in lines)


def _object(row: SweepRow, names: Iterable[str]) -> dict[str, Any]:
    arguments = {name: plain_argument(value) for name, value in row.arguments.items()}
    return {
        DESIGN: row.name,
        **({"arguments": arguments} if arguments else {}),
        "sizes": dict(row.sizes),
        **{name: cell(row.get(name)) for name in names},
        SPEC: row.spec,
    }


def _parquet(source: RowSource, wide: set[str]) -> Iterator[bytes]:
    from pyarrow import parquet

    def writer(chunks: _Chunks, schema: Any) -> Any:
        repeating = [DESIGN, *source.sweep.over_arguments, *source.sweep.over]
        return parquet.ParquetWriter(
            chunks, schema, use_dictionary=repeating, compression="zstd", compression_level=1
        )

    return _batches(source, wide, writer)


def _arrow(source: RowSource, wide: set[str]) -> Iterator[bytes]:
    from pyarrow import ipc

    return _batches(source, wide, ipc.new_file)


def _batches(
    source: RowSource, wide: set[str], make_writer: Callable[[_Chunks, Any], Any]
) -> Iterator[bytes]:
    schema, chunks = arrow_schema(source.sweep, wide, source.plan.arguments), _Chunks()
    batches = (record_batch(block, source.plan, schema) for block in source.blocks())
    with make_writer(chunks, schema) as writer:
        for table in _tables(batches):
            writer.write_table(table)
            yield chunks.take()
    yield chunks.take()


def _tables(batches: Iterable[Any]) -> Iterator[Any]:
    """Tables of batches, each with enough rows for a group of Parquet."""
    import pyarrow as pa

    waiting, number = [], 0
    for batch in batches:
        waiting.append(batch)
        number += batch.num_rows
        if number >= ROWS_OF_A_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, number = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


class _Chunks:
    """A file object that collects written bytes until they are taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def write(self, data: Any) -> int:
        """Store the bytes of any buffer."""
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        """The number of bytes written so far."""
        return self._length

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Keep the written bytes, to be taken."""

    def take(self) -> bytes:
        """Return and forget the bytes written since the last call."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


FORMATS: dict[str, Callable[[RowSource, set[str]], Iterator[str | bytes]]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
    ".arrow": _arrow,
}
"""The functions that write rows, by suffix; they get the names of columns wider than 64 bits."""

OF_ARROW = (".parquet", ".arrow")
