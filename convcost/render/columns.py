"""How wide the columns of a table are, and the table in parts where they do not fit side by side."""

from __future__ import annotations

from convcost.render.document import Table

GUTTER = 3
"""What is between columns: a space on both sides, and the screen's separator."""

LONGEST_LABEL = 32


def split(table: Table, width: int) -> list[Table]:
    """`table` as several with the same labels, where it has more columns than fit side by side."""
    if table.text:
        return [table]
    groups: list[list[int]] = [[]]
    label = column_width(table, 0)
    for column in range(1, len(table.columns)):
        used = label + sum(column_width(table, other) for other in groups[-1])
        if groups[-1] and used + column_width(table, column) > width:
            groups.append([])
        groups[-1].append(column)
    if len(groups) == 1:
        return [table]
    return [part for part in (_columns(table, group) for group in groups) if part.lines]


def column_width(table: Table, column: int) -> int:
    """The characters of its longest text, and the gutter."""
    if column == 0:
        texts = [line.label + "  " * line.indent for line in table.lines]
        return min(LONGEST_LABEL, max(map(len, texts))) + GUTTER
    return max(len(table.columns[column]), *(len(line.cells[column - 1]) for line in table.lines)) + GUTTER


def _columns(table: Table, group: list[int]) -> Table:
    """Some of its columns, without lines that say nothing in them."""
    lines = (line._replace(cells=tuple(line.cells[column - 1] for column in group)) for line in table.lines)
    said = tuple(line for line in lines if any(line.cells))
    return Table((table.columns[0], *(table.columns[column] for column in group)), said)
