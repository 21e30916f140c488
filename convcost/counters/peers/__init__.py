"""The counters that users quote and that are installed on request. A new one: a file here, and a line.

They patch torch or the model while they count, so each runs in a process of its own; what is changed
here to note their figures call by call ends with it.
"""

from __future__ import annotations

from convcost.counters.interface import Counter
from convcost.counters.peers.calflops import Calflops, CalflopsFlops
from convcost.counters.peers.deepspeed import DeepSpeed, DeepSpeedFlops
from convcost.counters.peers.ptflops import Ptflops
from convcost.counters.peers.ptflops_aten import PtflopsAten
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
