"""Measured times, for every format."""

from convcost.render.estimates.timing.layout import section
from convcost.render.estimates.timing.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
