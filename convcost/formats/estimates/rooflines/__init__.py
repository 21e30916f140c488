"""Least times on a device, for every format."""

from convcost.formats.estimates.rooflines.layout import section
from convcost.formats.estimates.rooflines.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
