"""The counters that users quote and that are installed on request. A new one: a file here, and a line.

They patch torch or the model while they count, so each runs in a process of its own; convcost's own changes
to them, which record their figures call by call, end with it.
"""

from __future__ import annotations

from convcost.counters.interface import Counter
from convcost.counters.peers.calflops import Calflops, CalflopsFlops
from convcost.counters.peers.deepspeed import DeepSpeed, DeepSpeedFlops
from convcost.counters.peers.ptflops import Ptflops, PtflopsAten
from convcost.counters.peers.torchinfo import Torchinfo
from convcost.counters.peers.torchprofile import Torchprofile
from convcost.counters.peers.ultralytics_thop import Thop

PEERS: tuple[Counter, ...] = (
    Ptflops(),
    PtflopsAten(),
    Thop(),
    Torchinfo(),
    Calflops(),
    CalflopsFlops(),
    Torchprofile(),
    DeepSpeed(),
    DeepSpeedFlops(),
)
