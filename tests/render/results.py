"""One result of each kind, for the formats to render."""

from dataclasses import replace

from convcost import compare, cost, sweep
from convcost.core.comparison import Comparison
from convcost.core.report import CounterResult
from convcost.counters import COUNTERS
from convcost.render.counters import CounterList

VERDICTS = {
    "fvcore": CounterResult("differs", 26, 13, "MAC", "2 FLOPs more than 2 × MACs, unexplained"),
    "flop_counter_mode": CounterResult("skipped", None, None, "FLOP", "a <reason> & a | pipe"),
    "torch_profiler": CounterResult("blind", None, 7, "FLOP", "it has no formula for aten::conv1d (1 call)"),
}


def counted(report):
    return replace(report, counters=VERDICTS)


LAYER = counted(cost("Conv1d(3, 4, 5, padding=2)", L=9))
CHAIN = counted(cost("[2, 3, 9] → Conv1d(3, 4, 5) -> ReLU -> 2 x Conv1d(4, 4, 1)"))
PAIR = compare(E=128, L=10)
THREE = compare("a = Linear(2, 4)", "b = Linear(2, 8) -> ReLU", "c = Linear(2, 2)")
COUNTED = Comparison(tuple(map(counted, THREE.candidates)))
COUNTER_LIST = CounterList(tuple((counter, "1.0") for counter in COUNTERS.values()))
HUGE = compare("Linear(E, E)", "[E, E, E, E, E, E, E, E, E, E, E, E, E] -> Linear(E, E)", E=10**30)

OPEN_LAYER = cost("Conv1d(E, 1250, K, stride=2, padding=P)")
OPEN_PAIR = compare()
IRRATIONAL = compare("a = [1, E] -> Linear(E, E)", "b = [1, E] -> Linear(E, 30) -> Linear(30, 1250)")

SWEEP = sweep(
    "a = Linear(E, E)", "b = [B, E] -> Linear(E, F)", over={"E": "2:9:3", "F": "2E,E/2"}, where="params > 6"
)

RESULTS = {
    "sweep": SWEEP,
    "layer": LAYER,
    "chain": CHAIN,
    "pair": PAIR,
    "three": THREE,
    "counted": COUNTED,
    "counters": COUNTER_LIST,
    "huge": HUGE,
    "open layer": OPEN_LAYER,
    "open pair": OPEN_PAIR,
    "irrational": IRRATIONAL,
}
