"""The table of quantities and the catalogue of devices."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core.metrics import METRICS, OF_SOME_MODULES
from convcost.gate.devices import read_devices
from convcost.render import render
from convcost.render.devices import DeviceList
from docs.reference_pages.markdown import code, page, table, text


def pages() -> Iterator[tuple[str, str]]:
    """A page for each table."""
    rows = (
        (code(metric.name), metric.standalone_label, ", ".join(metric.units), text(metric.sentence))
        for metric in (*METRICS, *OF_SOME_MODULES)
    )
    yield "quantities", page("Quantities", QUANTITIES, table(("name", "label", "units", "counts"), rows))
    yield "devices", page("Devices", DEVICES, render(DeviceList(read_devices("").devices), "markdown"))


QUANTITIES = """The names are the keys in JSON, the attributes of a `Report`, and the values of `--metric`,
`--by`, `--columns` and `--sort`. [The glossary](../glossary.md) defines the terms."""

DEVICES = """Peaks are dense. `convcost devices NAME` shows one device with the source of each figure."""
