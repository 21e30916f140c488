"""What a format is: a result in, a text out. Nothing here prints."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, TypeAlias

from convcost.core.diagnosis import DiagnosedReport
from convcost.core.match import Match
from convcost.core.report import Comparison, Report
from convcost.counters.interface import Counter
from convcost.devices import Device
from convcost.gate.verdict import Checked
from convcost.verify.result import Verified


class View(NamedTuple):
    """Which part of a model's tree is shown: how deep, as deep as a screen has room for if None; sorted by
    which quantity, in order of running if empty; only what has `filter` in its path or class; or by operator.
    """

    depth: int | None = None
    sort: str = ""
    filter: str = ""
    by: Literal["module", "operator"] = "module"


class Style(NamedTuple):
    """How the text will be read: on how wide a screen, with colour or without, in which characters.

    `layers` asks for every layer of a comparison's candidates. `part` is what a screen that fills in
    bit by bit shows at once. `view` is for models.
    """

    width: int = 80
    color: bool = False
    unicode: bool = True
    layers: bool = False
    part: Literal["all", "costs", "counters"] = "all"
    view: View = View()


class CounterList(NamedTuple):
    """The counters there are, each with its version or None."""

    counters: tuple[tuple[Counter, str | None], ...]


class DeviceList(NamedTuple):
    """Devices; `in_full` asks for all that there is to know of each."""

    devices: tuple[Device, ...]
    in_full: bool = False


Result: TypeAlias = (
    Report | Comparison | CounterList | DeviceList | Match | DiagnosedReport | Checked | Verified
)


class Format(Protocol):
    """A module of this package with this function."""

    def render(self, result: Result, style: Style) -> str:
        """`result` as a text that ends with a line break."""
