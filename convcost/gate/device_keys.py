"""The keys of a device in the configuration: those of the devices that come with convcost."""

from __future__ import annotations

from typing import get_args

from convcost.devices.device import DTYPES, Kind
from convcost.gate.choice_types import Either, OneOf
from convcost.gate.table_types import Key, Named, Several, Table
from convcost.gate.value_types import NUMBER, TEXT, WHOLE

FIGURE = Either((TEXT, NUMBER))

PEAKS = Table(
    "The peaks by dtype, dense.",
    {
        dtype: Key(FIGURE, f'The peak in {dtype}: "312 TFLOP/s", or "40 cores x 2.3 GHz x 64 FLOP".')
        for dtype in DTYPES
    },
)
DEVICE = Table(
    "What a device can do.",
    {
        "like": Key(TEXT, "A device that has what is not given here."),
        "title": Key(TEXT, "The name that its driver gives it."),
        "aliases": Key(Several(TEXT), "Other names."),
        "vendor": Key(TEXT, "Who makes it."),
        "kind": Key(OneOf(get_args(Kind)), "What it is."),
        "year": Key(WHOLE, "When it came."),
        "memory": Key(FIGURE, 'Its memory, if that is its own: "80 GB".'),
        "bandwidth": Key(FIGURE, 'Its memory\'s bandwidth: "2.039 TB/s", or "8 channels x 8 B x 3.2 GT/s".'),
        "peaks": Key(PEAKS, "The peaks by dtype, dense."),
        "source": Key(TEXT, "Where the figures are from; the configuration if it is not given."),
        "sources": Key(Named(TEXT), "Where some of them are from, by bandwidth, memory or dtype."),
        "notes": Key(Several(TEXT), "What else to know."),
    },
)
DEVICES = Named(DEVICE)
