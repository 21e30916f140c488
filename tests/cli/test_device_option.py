"""`--device`: least times below the costs, on a device of the user's own."""

import csv
import json
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from cli_runner import convcost, refused

from convcost.core.units import duration

CONFIG = """
[devices.toy]
title = "Toy"
vendor = "nobody"
kind = "gpu"
bandwidth = "100 GB/s"
peaks = { float32 = "1 TFLOP/s", bfloat16 = "4 TFLOP/s" }
source = "made up"

[devices.slow]
like = "toy"
bandwidth = "10 GB/s"
"""

NET = """
import torch
from torch import nn

net = nn.Sequential(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 64))
"""

NARROW = """\
 toy, bfloat16                     conv
────────────────────────────────────────
 bytes moved         512·B·S·L + 49,408
 FLOPs per byte      192·B·S·L/(2·B·S·L
 moved                           + 193)

"""

LEAST = """\
 Roofline lower bound: one layer after another, each at peak FLOP/s or at full
 memory bandwidth, reading and writing its own tensors once. Real times are
 longer, unless caches hold the data.
"""

LEAST_OF_MODULES = """\
 Roofline lower bound: one layer after another, each at peak FLOP/s or at full
 memory bandwidth, reading and writing its own tensors once. Real times are
 longer, unless caches hold the data. A module's copies and lookups are not
 included.
"""

FOUNDING = f"""\
 toy, bfloat16             dense       conv   conv ÷ dense
───────────────────────────────────────────────────────────
 bytes moved            350.5 KB   279.0 KB         0.796×
 FLOPs per byte moved       7.48       56.4          7.54×
 lower bound             3.50 µs    3.93 µs          1.12×
 bound by                 memory    compute

 conv, by layer                           moved   lower bound   bound by
─────────────────────────────────────────────────────────────────────────
 0 Conv1d(128, 128, 3, padding=same)   139.5 KB       1.97 µs    compute
 1 Conv1d(128, 128, 3, padding=same)   139.5 KB       1.97 µs    compute

 conv costs 6.00× the FLOPs of dense and 1.12× its lower bound on toy: dense is
 memory-bound (7.48 FLOPs per byte moved), conv is compute-bound (56.4).
 dense: memory-bound below S = 8, compute-bound from there on.
 conv: compute-bound for all S.
 toy in bfloat16: 4.00 TFLOP/s, 100.0 GB/s; layers are compute-bound from 40
 FLOPs per byte moved.
{LEAST}
"""

ONE = f"""\
 toy, float32            Linear
────────────────────────────────
 bytes moved            1.05 MB
 FLOPs per byte moved     0.497
 lower bound            10.5 µs
 bound by                memory

 Linear: memory-bound below B = 22, compute-bound from there on.
 toy in float32: 1.00 TFLOP/s, 100.0 GB/s; layers are compute-bound from 10
 FLOPs per byte moved.
{LEAST}
"""

MODULE = f"""\
 toy, float32           Sequential
───────────────────────────────────
 bytes moved              334.1 KB
 FLOPs per byte moved         3.14
 lower bound               3.34 µs
 bound by                   memory

 operator      moved   FLOPs/B   lower bound   bound by
────────────────────────────────────────────────────────
 linear     301.3 KB      3.48       3.01 µs     memory
 relu        32.8 KB         0      327.7 ns     memory
 total      334.1 KB      3.14       3.34 µs     memory

 toy in float32: 1.00 TFLOP/s, 100.0 GB/s; layers are compute-bound from 10
 FLOPs per byte moved.
{LEAST_OF_MODULES}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("convcost.toml").write_text(CONFIG, encoding="utf-8")
    Path("net.py").write_text(NET, encoding="utf-8")


def below(*arguments):
    code, out, err = convcost(*arguments)
    assert (code, err) == (0, "")
    return out[out.index("\n toy, ") + 1 :]


def test_the_founding_pair():
    sizes = ("--E", "128", "--L", "10", "--B", "8")
    options = ("--device", "toy", "--dtype", "bf16", "--counters", "none", "--layers")
    assert below("compare", *sizes, *options) == FOUNDING


def test_a_batch_taken_as_one_says_where_compute_binds():
    assert below("layer", "[B, 512] -> Linear(512, 512)", "--device", "toy", "--counters", "none") == ONE


def test_open_sizes_leave_formulas_and_say_where_compute_binds():
    out = below(
        "compare", "[B, F] -> Linear(F, 8)", "[4, F] -> Linear(F, 512)", "--device", "toy", "--B", "40"
    )
    assert "FLOPs per byte moved   20·F/(6·F + 41)" in out
    assert "Linear #1, Linear #2: memory-bound for all F." in out


def test_no_formula_is_cut_off_on_a_narrow_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = below("compare", "--E", "64", "--device", "toy", "--dtype", "bf16", "--counters", "none")
    assert out[out.index(" toy, bfloat16                     conv") :].startswith(NARROW)


def test_a_module_by_operator():
    options = ("--input", "f32[8,64]", "--device", "toy", "--by", "operator")
    assert below("model", "net.py:net", *options) == MODULE


def test_a_module_by_submodule():
    out = below("model", "net.py:net", "--input", "f32[8,64]", "--device", "toy")
    assert [line.split()[0] for line in out.splitlines()[9:13]] == ["0:", "1:", "2:", "total"]


DEEP = "[512, 64] -> Linear(64, 512) -> ReLU -> Linear(512, 64)"


def test_several_devices_are_columns():
    options = ("--device", "toy, slow", "--counters", "none")
    _, out, _ = convcost("cost", DEEP, *options)
    tables = out[out.index(" roofline, float32") :].split("\n\n")
    [heading, _, *totals], [parts, _, *layers] = (each.splitlines() for each in tables[:2])
    assert (heading.split(), parts.split()) == (
        ["roofline,", "float32", "toy", "slow"],
        ["lower", "bound", "by", "layer", "toy", "slow"],
    )
    single = [
        json.loads(convcost("cost", DEEP, "--device", each, "--json", *options[2:]).out)
        for each in ("toy", "slow")
    ]
    least = [duration(Fraction(found["roofline"]["seconds"])) for found in single]
    assert next(line for line in totals if "lower bound" in line).split()[2:] == " ".join(least).split()
    assert len(layers) == 3
    several = json.loads(convcost("cost", DEEP, *options, "--json").out)
    assert several["rooflines"] == [found["roofline"] for found in single]
    assert "roofline" not in several


def test_several_devices_are_columns_of_modules_and_operators():
    for by, labels in (("module", ["0:", "1:", "2:", "total"]), ("operator", ["linear", "relu", "total"])):
        _, out, _ = convcost("cost", "net.py:net", "--input", "f32[8,64]", "--device", "toy,slow", "--by", by)
        heading = f"lower bound by {by}"
        table = next(part for part in out.split("\n\n") if part.startswith(f" {heading} "))
        assert [line.split()[0] for line in table.splitlines()[2:]] == labels
        assert table.splitlines()[0].split() == [*heading.split(), "toy", "slow"]


def test_open_sizes_say_of_each_device_where_compute_binds():
    _, out, _ = convcost("cost", "[B, 512] -> Linear(512, E)", "--E", "512", "--device", "toy,slow")
    assert "lower bound" in out
    _, out, _ = convcost("cost", "[40, E] -> Linear(E, 512)", "--device", "toy,slow")
    assert " toy: memory-bound below E = " in out
    assert " slow: memory-bound for all E." in out


def test_open_sizes_have_bytes_and_no_lower_bound():
    out = " ".join(convcost("cost", "2 x Linear(E, E)", "--device", "toy").out.split())
    assert "Bytes moved: each layer reads and writes its own tensors once." in out
    assert "Lower bounds need concrete sizes." in out
    assert "Roofline lower bound" not in out


def test_a_training_step_is_called_so():
    layers = below("cost", DEEP, "--device", "toy", "--counters", "none", "--backward")
    assert "\n layer, training step " in layers
    assert "\n Roofline lower bound of a training step: " in layers
    modules = below("model", "net.py:net", "--input", "f32[8,64]", "--device", "toy", "--backward")
    assert "\n module, training step " in modules


def test_a_percentage_of_a_bound_is_explained_where_there_is_one():
    note = "A percentage after compute or memory is its share of the lower bound."
    mixed = "[4000, 64] -> Linear(64, 512) -> ReLU"
    for devices in ("toy", "toy,slow"):
        out = convcost("cost", mixed, "--device", devices, "--counters", "none").out
        assert ("bound by compute" in out, note in out) == (True, True)
    one_bound = "[8, 64] -> Linear(64, 512) -> ReLU"
    almost_one_bound = "[8192, 65536] -> Linear(65536, 65536) -> Linear(65536, 1)"
    for design in (one_bound, almost_one_bound):
        for devices in ("toy", "toy,slow"):
            out = convcost("cost", design, "--device", devices, "--counters", "none").out
            assert (note in out, "%" in out) == (False, False)


def test_candidates_have_a_table_for_each_device():
    _, out, _ = convcost("compare", "--E", "128", "--L", "10", "--counters", "none", "--device", "toy,slow")
    assert all(f" {name}, float32" in out for name in ("toy", "slow"))
    assert out.count("conv ÷ dense") == 3


def test_csv_has_the_least_time_on_each_device():
    _, out, _ = convcost(
        "cost", "Linear(3, 4)", "--device", "toy,slow", "--counters", "none", "--format", "csv"
    )
    [row] = csv.DictReader(StringIO(out))
    assert float(row["slow_least_seconds"]) == pytest.approx(10 * float(row["toy_least_seconds"]))
    assert (row["toy_bound_by"], row["slow_bound_by"]) == ("memory", "memory")


def test_csv_has_the_least_time():
    sizes = ("--E", "128", "--L", "10", "--B", "8")
    _, out, _ = convcost("compare", *sizes, "--device", "toy", "--counters", "none", "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert [(row["device"], row["bound_by"]) for row in rows] == [("toy", "memory"), ("toy", "compute")]
    assert float(rows[1]["least_seconds"]) == pytest.approx(2 * 8 * 983040 / 1e12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--device", "toy,"), "--device toy,: a name is missing\n"),
        (("--device", "toy,TOY"), "--device toy,TOY names toy twice\n"),
        (("--device", "toy,tay"), "no device is called tay (did you mean toy?)\n"),
        (("--device", "tay"), "no device is called tay (did you mean toy?)\n"),
        (("--device", "toy", "--dtype", "fp64"), "toy has no peak for float64"),
        (("--device", "toy", "--dtype", "bf61"), "no dtype is called bf61 (did you mean bf16?)\n"),
    ],
)
def test_what_is_not_there_is_refused(options, message):
    assert refused("compare", "--E", "128", "--L", "10", *options).startswith(message)
