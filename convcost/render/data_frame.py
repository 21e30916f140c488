"""The rows of a result as a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.core.errors import UsageError
from convcost.render.kinds import Result, rows
from convcost.render.style import Style

if TYPE_CHECKING:
    import pandas


def data_frame(result: Result) -> pandas.DataFrame:
    """The rows of CSV, with integers of any size; UsageError if pandas is missing."""
    try:
        import pandas
    except ImportError:
        raise UsageError("pandas is not installed", hint="pip install pandas") from None
    return pandas.DataFrame(rows(result, Style()))
