"""Memory, for every format."""

from convcost.formats.estimates.memory.layout import section
from convcost.formats.estimates.memory.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
