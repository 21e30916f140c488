"""Writes the rows of a sweep to a file as they come: CSV, JSON lines, Parquet, or Arrow's format."""

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
"""That many at least are compressed together in a Parquet file, but for the last ones."""


class RowSource(NamedTuple):
    """What is written: of the `sweep` that was asked for its `plan`, and what makes its rows."""

    sweep: Sweep
    plan: SweepPlan
    blocks: MakeBlocks
    rows: MakeRows

    @property
    def row_blocks(self) -> Iterator[list[SweepRow]]:
        """The rows, block by block."""
        return map(self.rows, self.blocks())


def check_file(path: Path) -> None:
    """UsageError if its name does not say which format it has, or if what writes that is missing."""
    if path.suffix.lower() not in FORMATS:
        *others, last = FORMATS
        message = f"{str(path)[:80]} must end in {', '.join(others)} or {last}"
        raise UsageError(message, hint="For example, designs.parquet.")
    if path.suffix.lower() in OF_ARROW:
        check_installed()


def write_rows(path: Path, source: RowSource) -> None:
    """Write every row, block by block; the file is there when all are."""
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
    """Batches put together until they have rows for one group of Parquet."""
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
    """A file for a writer of bytes, of which what was written since can be taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def write(self, data: Any) -> int:
        """Take the bytes of any buffer."""
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        """All bytes until now."""
        return self._length

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """What was written stays to be taken."""

    def take(self) -> bytes:
        """The bytes since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


FORMATS: dict[str, Callable[[RowSource, set[str]], Iterator[str | bytes]]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
    ".arrow": _arrow,
}
"""By the ends of files' names: what writes the rows, with the columns that have more than 64 bits."""

OF_ARROW = (".parquet", ".arrow")
