"""Least times on a device, for every format."""

from convcost.render.estimates.rooflines.layout import section
from convcost.render.estimates.rooflines.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
