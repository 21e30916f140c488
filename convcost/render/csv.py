"""CSV: a row for each candidate, counter or part, and a column for each quantity."""

from __future__ import annotations

import csv
from io import StringIO

from convcost.core.escapes import escape_csv_cell
from convcost.render.kinds import Result, rows
from convcost.render.style import Style, as_ascii


def render(result: Result, style: Style) -> str:
    """Integers are exact, shapes are [1, 128, 10] or [B, S, E*L]; each counter has a verdict and FLOPs.

    A torch module's report has a row for each submodule, or operator.
    """
    text = StringIO()
    lines = rows(result, style)
    columns = list(dict.fromkeys(column for line in lines for column in line))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: escape_csv_cell(cell) for column, cell in line.items()} for line in lines)
    return text.getvalue() if style.unicode else as_ascii(text.getvalue())
