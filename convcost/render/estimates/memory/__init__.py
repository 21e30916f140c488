"""Memory, for every format."""

from convcost.render.estimates.memory.layout import section
from convcost.render.estimates.memory.records import cells, ratios, record

__all__ = ["cells", "ratios", "record", "section"]
