"""Measured times, for every format."""

from convcost.formats.estimates.timing.layout import section
from convcost.formats.estimates.timing.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
