"""What counting imports, and what it doesn't: each in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def fresh(script):
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_flop_counter_mode_does_not_import_dynamo_on_its_first_run():
    result = fresh("""
import sys
from convcost.counters import COUNTERS
from convcost.tracing.network_module import build_network
from convcost.spec import parse

module, (example,) = build_network(parse("[2, 3] -> Linear(3, 4)").network({}), "cpu")
reading = COUNTERS["flop_counter_mode"].read(module, (example,), {})
print(reading.raw, "torch._dynamo" in sys.modules, "torch._inductor" in sys.modules)
""")
    assert (result.stdout, result.stderr) == ("48 False False\n", "")


def test_no_counter_imports_dynamo_or_inductor():
    result = fresh("""
import sys
from convcost.counters import COUNTERS
from convcost.tracing.network_module import build_network
from convcost.spec import parse

network = parse("[2, 3, 9] -> Conv1d(3, 4, 3, padding=same) -> BatchNorm1d(4)").network({})
for counter in COUNTERS.values():
    module, (example,) = build_network(network, "cpu")
    counter.read(module, (example,), {})
print([name for name in ("torch._inductor", "torch._dynamo") if name in sys.modules])
""")
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_flop_counter_mode_counts_the_same_where_dynamo_is_there_already():
    result = fresh("""
import torch._dynamo
from convcost.counters import COUNTERS
from convcost.tracing.network_module import build_network
from convcost.spec import parse

for _ in range(2):
    module, (example,) = build_network(parse("[2, 3] -> Linear(3, 4)").network({}), "cpu")
    print(COUNTERS["flop_counter_mode"].read(module, (example,), {}).raw)
""")
    assert result.stdout == "48\n48\n", result.stderr


def test_naming_the_counters_imports_no_torch():
    result = fresh("""
import sys
import convcost.counters
print([name for name in ("torch", "fvcore", "numpy", "sympy") if name in sys.modules])
""")
    assert (result.stdout, result.stderr) == ("[]\n", "")
