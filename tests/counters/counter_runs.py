"""A design run by one counter, as the command line does it, and designs to run."""

import warnings

from convcost.core.report import CounterResult
from convcost.counters import COUNTERS
from convcost.counters.crosscheck import crosscheck_design
from convcost.counters.interface import CounterReading
from convcost.spec import parse
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import DEFAULT_MEMORY

DENSE = "[2, 5, 40] -> Linear(40, 4)"
CONV = "[10, 4, 10] -> 2 x Conv1d(4, 4, 3, padding=1)"
SAME = "[10, 4, 10] -> 2 x Conv1d(4, 4, 3, padding=same)"
NORMED = "[2, 3, 8, 8] -> Conv2d(3, 6, 3) -> BatchNorm2d(6) -> ReLU -> AvgPool2d(2)"
TRANSPOSED = "[2, 4, 10] -> ConvTranspose1d(4, 6, 3, stride=2)"
BILINEAR = "[2, 7] -> Bilinear(3, 4, 5)"


def counter_result(counter: str, spec: str, memory: int = DEFAULT_MEMORY, **sizes: int) -> CounterResult:
    """What `counter` says of `spec`."""
    network = parse(spec).network(sizes)
    [(name, found)] = crosscheck_design(network, network.report(), (COUNTERS[counter],), memory)
    assert name == counter
    return found


def counter_reading(counter: str, spec: str, device: str = "cpu") -> CounterReading:
    """What `counter` reads on `spec`'s module."""
    module, (example,) = build_network(parse(spec).network({}), device)
    with warnings.catch_warnings(action="ignore"):
        return COUNTERS[counter].read(module, (example,), {})
