"""Elements of all charts in Vega-Lite: titles, and axes with our own ticks."""

from __future__ import annotations

import json

from convcost.render.charts.names import shorten
from convcost.render.charts.scales import Scale
from convcost.render.charts.theme import LETTER, PANEL_TITLE_SIZE, Spec
from convcost.render.charts.ticks import MOST, ticks


def panel_title(text: str, width: int, subtitle: str = "") -> Spec:
    """The title of a chart with a plot area of this width."""
    longest = int(width / LETTER)
    return {
        "text": shorten(text, longest),
        **({"subtitle": shorten(subtitle, longest)} if subtitle else {}),
        "fontSize": PANEL_TITLE_SIZE,
        "offset": 8,
    }


def axis_encoding(scale: Scale, field: str, most: int = MOST) -> Spec:
    """The encoding of the position `field` on an axis with at most `most` ticks."""
    found = ticks(scale.axis, (scale.low, scale.high), most)
    values = [float(tick.value) for tick in found]
    texts = [tick.text for tick in found]
    return {
        "field": field,
        "type": "quantitative",
        "title": scale.axis.label,
        "scale": {
            "type": "log" if scale.axis.is_log else "linear",
            "domain": [scale.low, scale.high],
            "nice": False,
            **({} if scale.axis.is_log else {"zero": False}),
        },
        "axis": {
            "values": values,
            "labelExpr": f"{json.dumps(texts)}[indexof({json.dumps(values)}, datum.value)]",
            "labelOverlap": "greedy",
            "labelSeparation": 8,
        },
    }
