"""This machine's figures: put together from what is measured, kept as JSON, used as a device."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from example_timings import MACHINE

from convcost.benchmark import peaks
from convcost.benchmark.hardware import _bytes
from convcost.benchmark.machine import describe_outdated, machine_text, parse_machine
from convcost.benchmark.peaks import MatrixProduct, MemoryCopy, TinyCall
from convcost.benchmark.samples import Samples
from convcost.core.errors import UsageError
from convcost.devices.device import Device

GIGA = 10**9


def measuring(**changes):
    """A machine of 100 GFLOP/s and 10 GB/s; some works take longer, or raise."""
    asked = []

    def measure(work):
        asked.append(work)
        change = changes.get(work.dtype if isinstance(work, MatrixProduct) else "", 1)
        if isinstance(change, Exception):
            raise change
        amounts = {MatrixProduct: 100 * GIGA, MemoryCopy: 10 * GIGA}
        seconds = 1e-6 if isinstance(work, TinyCall) else work.amount / amounts[type(work)] * change
        return Samples((1.5 * seconds, seconds, 2 * seconds))

    return measure, asked


def found(on="cpu", **changes):
    measure, asked = measuring(**changes)
    return peaks.assemble_machine(on, measure, lambda text: None), asked


def test_a_figure_is_that_of_the_fastest_round():
    machine, _ = found()
    assert {dtype: figure.value for dtype, figure in machine.peaks.items()} == dict.fromkeys(
        ("float64", "float32", "bfloat16", "float16"), 100 * GIGA
    )
    assert machine.bandwidth.value == 10 * GIGA
    assert machine.overheads == {"layer": 1e-6, "convolution": 1e-6, "grouped convolution": 1e-6}
    assert machine.peaks["float32"].spread == machine.noise == 0.333


def test_the_copy_from_memory_is_larger_than_every_cache(monkeypatch):
    monkeypatch.setattr(peaks, "cache_bytes", lambda on: 2**28)
    _, asked = found()
    copies = [work.bytes for work in asked if isinstance(work, MemoryCopy)]
    assert max(copies) == 2**28
    assert [2 * size for size in copies[1:]] == list(peaks.CACHE_SIZES)


def test_larger_products_are_left_out_where_they_take_too_long():
    _, asked = found(float64=10)
    rows = [work.rows for work in asked if isinstance(work, MatrixProduct) and work.dtype == "float64"]
    assert rows == [256, 512, 1024]


def test_a_dtype_that_fails_or_is_absurdly_slow_is_skipped_with_the_reason():
    machine, _ = found(float16=RuntimeError('"addmm" not implemented\nfor Half'), float64=101)
    assert tuple(machine.peaks) == ("float32", "bfloat16")
    assert machine.skipped == {
        "float64": "more than 100 times slower than float32",
        "float16": "torch does not support products in it here "
        '(RuntimeError: "addmm" not implemented for Half)',
    }


def test_without_any_product_there_is_no_machine():
    failing = dict.fromkeys(("float64", "float32", "bfloat16", "float16"), RuntimeError("no"))
    with pytest.raises(UsageError, match="no product could be measured"):
        found(**failing)


def test_too_little_memory_is_refused(monkeypatch):
    monkeypatch.setattr(peaks, "free_bytes", lambda on: 2**20)
    with pytest.raises(UsageError, match="too little free memory"):
        found()


def test_the_machine_is_a_device_like_any_other():
    device = MACHINE.device
    assert isinstance(device, Device)
    assert (device.name, device.title, device.kind) == ("this", "Toy CPU", "cpu")
    assert device.peak("float32") == 100 * GIGA
    assert device.overheads["convolution"] == Fraction(10e-6)
    assert device.notes == (
        "Measured 2026-11-23 10:00 UTC with torch 2.13.0 on 2 threads.",
        "Bandwidth counts every byte read and every byte written.",
        "Copies within 1 MiB, which a cache may hold: 100.0 GB/s.",
        "Copies within 4 MiB, which a cache may hold: 50.0 GB/s.",
        "Overhead of a call: a layer 5.00 µs, a convolution 10.0 µs, a grouped convolution 50.0 µs.",
        "Noise: the rounds of these calls spread by up to 5.00%.",
        "float16 was skipped: more than 100 times slower than float32.",
    )


def test_figures_of_a_busy_machine_are_said_to_be_of_little_use():
    notes = replace(MACHINE, noise=0.51).device.notes
    assert notes[6] == (
        "Other processes interfered, so figures are unreliable: measure again on an idle machine."
    )


@pytest.mark.parametrize(
    ("moved", "name", "bandwidth"),
    [
        (1, "this from cache", 100),
        (2**20, "this from cache", 100),
        (2**20 + 1, "this from cache", 50),
        (2**22 + 1, "this", 10),
    ],
)
def test_what_a_cache_holds_is_moved_at_its_bandwidth(moved, name, bandwidth):
    device = MACHINE.device_for(moved)
    assert (device.name, device.bandwidth) == (name, bandwidth * GIGA)


def test_what_was_measured_otherwise_is_said():
    assert describe_outdated(MACHINE, "2.13.0", 2) == ""
    assert describe_outdated(MACHINE, "2.14.0", 1) == (
        "this was measured with torch 2.13.0, but this is 2.14.0; on 2 threads, but this uses 1"
    )


def test_figures_come_back_as_they_were_kept():
    assert parse_machine(machine_text(MACHINE), "f.json") == MACHINE
    gpu = replace(MACHINE, on="cuda", memory=80 * GIGA, skipped={}, caches={})
    assert parse_machine(machine_text(gpu), "f.json") == gpu


HINT = "\nRemove it, and write a new one with convcost devices --measure."


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a measurement by convcost"),
        ('{"schema": "convcost/1"}', "is not a measurement by convcost"),
        ('{"schema": 1}', "is not a measurement by convcost"),
        ('{"schema": "convcost-machine/2"}', "has version 2; this convcost reads version 1"),
        ('{"schema": "convcost-machine/1"}', "is damaged: Object missing required field `name`"),
    ],
)
def test_another_s_file_is_refused(text, what):
    with pytest.raises(UsageError) as refused:
        parse_machine(text, "f.json")
    assert str(refused.value) == f"f.json {what}{HINT}"


@pytest.mark.parametrize(
    "change",
    [
        {"peaks": {}},
        {"peaks": {"float32": {"value": "fast", "work": "", "spread": 0}}},
        {"bandwidth": {"value": 0, "work": "", "spread": 0}},
        {"bandwidth": {"value": 1.5, "work": "", "spread": 0}},
        {"bandwidth": None},
        {"threads": True},
        {"overheads": {"layer": 1e-6}},
        {"overheads": {"layer": -1, "convolution": 0, "grouped convolution": 0}},
        {"noise": float("nan")},
        {"name": 3},
        {"caches": {"much": {}}},
        {"caches": {"-5": {"value": 1, "work": "", "spread": 0}}},
        {"peaks": {"float31": {"value": 1, "work": "", "spread": 0}}},
        {"on": "tpu"},
        {"on": ["cpu"]},
    ],
)
def test_a_damaged_file_is_refused(change):
    text = json.dumps({**json.loads(machine_text(MACHINE)), **change})
    with pytest.raises(UsageError, match=r"f\.json is damaged"):
        parse_machine(text, "f.json")


def test_sizes_of_caches_are_read_as_linux_writes_them():
    assert [_bytes(text) for text in ("48K", "480M", "1024", "")] == [48 * 1024, 480 * 2**20, 1024, 0]
