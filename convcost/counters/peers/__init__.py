"""Popular counters in optional packages. To add one, write a file here, and add a line.

They patch torch or the model, so each runs in a separate process. That also confines convcost's changes to
them, which record counts call by call.
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
