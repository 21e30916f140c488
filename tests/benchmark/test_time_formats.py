"""Measured times as they are shown, from times that were not measured."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
from example_timings import MACHINE, forward, founding, samples, timing
from jsonschema import Draft202012Validator

import convcost
from convcost.analysis.roofline import roofline
from convcost.benchmark.timing import TimedRun
from convcost.core.comparison import Comparison
from convcost.devices.catalogue import device_named
from convcost.render import render
from convcost.render.style import Style
from convcost.schemas.generate import generate

DENSE, CONV = 20_971_520, 125_829_120

HOW = """\
 Times are medians of 3 interleaved rounds on 2 threads, without gradients.
"""

HEAD = """\
 measured on cpu, float32           dense             conv   conv ÷ dense
──────────────────────────────────────────────────────────────────────────
 forward                         100.0 µs         400.0 µs          4.00×
   quartiles                98.0–102.0 µs   390.0–410.0 µs
   achieved                 209.7 GFLOP/s    314.6 GFLOP/s
"""

PLAIN = f"""\
{HEAD}
 conv costs 6.00× the FLOPs of dense and takes 4.00× the time here: dense
 reaches 209.7 GFLOP/s, conv 314.6 GFLOP/s.
{HOW}
"""

ON_THIS = f"""\
{HEAD}\
   of the roofline                   210%             315%

 conv costs 6.00× the FLOPs of dense and takes 4.00× the time here: both are
 compute-bound (20.6 and 73.8 FLOPs per byte moved).
 More than 100% of a roofline: caches hold the data, or the device exceeds its
 listed figures.
{HOW}
"""

ON_ANOTHER = f"""\
{HEAD}
 conv costs 6.00× the FLOPs of dense and takes 4.00× the time here: dense
 reaches 209.7 GFLOP/s, conv 314.6 GFLOP/s.
 Times were measured on cpu, so they are not compared with the roofline of
 a100-sxm-80gb; --device this compares them with this machine's.
{HOW}
"""

TOO_NEAR = f"""\
 measured on cpu, float32           dense            conv   conv ÷ dense
─────────────────────────────────────────────────────────────────────────
 forward                         100.0 µs        108.0 µs        unclear
   quartiles                90.0–110.0 µs   99.0–119.0 µs
   achieved                 209.7 GFLOP/s    1.17 TFLOP/s

 conv costs 6.00× the FLOPs of dense; their times overlap too much to tell
 which takes longer.
{HOW}
"""

EVERYTHING = """\
 measured on cpu, float32            dense               conv   conv ÷ dense
─────────────────────────────────────────────────────────────────────────────
 forward                          100.0 µs           400.0 µs          4.00×
   quartiles                 98.0–102.0 µs     390.0–410.0 µs
   achieved                  209.7 GFLOP/s      314.6 GFLOP/s
 training step                    300.0 µs            1.00 ms          3.33×
   quartiles                290.0–310.0 µs   990.0 µs–1.00 ms
   achieved                  139.8 GFLOP/s                  –
 forward, compiled                       –           200.0 µs              –
   quartiles                             –     190.0–210.0 µs
   achieved                              –      629.1 GFLOP/s

 conv costs 6.00× the FLOPs of dense and takes 4.00× the time here: dense
 reaches 209.7 GFLOP/s, conv 314.6 GFLOP/s.
 dense, compiled, could not be timed: no C++ compiler.
 Times are medians of 3 interleaved rounds on 2 threads, without gradients. A
 training step is a forward and backward pass in training mode, without an
 optimizer.

"""


def below(result):
    text = render(result, "table")
    return text[text.index(" measured on") :]


def usual(device=None):
    times = timing(forward(96, 100, 104, flops=DENSE)), timing(forward(380, 400, 420, flops=CONV))
    return on(founding(*times), device) if device else founding(*times)


def on(found, device):
    """With least times on a device."""
    reports = (replace(report, roofline=roofline(report, device)) for report in found.candidates)
    return replace(found, candidates=tuple(reports))


def everything():
    """A training step, and what torch.compile made: of dense it made nothing."""
    dense = timing(
        forward(96, 100, 104, flops=DENSE),
        TimedRun("step", samples=samples(280, 300, 320), flops=2 * DENSE),
        forward(compiled=True, failure="no C++ compiler"),
    )
    conv = timing(
        forward(380, 400, 420, flops=CONV),
        TimedRun("step", samples=samples(980, 1000, 1002)),
        forward(180, 200, 220, flops=CONV, compiled=True),
    )
    return founding(dense, conv)


def too_near():
    """Whose spreads overlap."""
    return founding(timing(forward(80, 100, 120, flops=DENSE)), timing(forward(90, 108, 130, flops=CONV)))


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (usual(), PLAIN),
        (usual(MACHINE.device), ON_THIS),
        (usual(device_named("a100")), ON_ANOTHER),
        (too_near(), TOO_NEAR),
        (everything(), EVERYTHING),
    ],
    ids=["plain", "on this", "on another", "too near", "everything"],
)
def test_measured_times_stand_side_by_side_with_what_they_mean(result, shown):
    assert below(result) == shown


def test_no_line_is_wider_than_the_screen():
    assert max(map(len, render(everything(), "table").splitlines())) <= 80


def small(**overheads):
    """The founding pair at one position, on a machine whose calls take so long."""
    device = replace(MACHINE, overheads={**MACHINE.overheads, **overheads}).device
    times = timing(forward(10, flops=DENSE)), timing(forward(30, flops=CONV))
    return below(on(founding(*times, B=1), device))


def test_where_calls_take_longer_than_the_work_the_sentence_says_so():
    text = " ".join(small(layer=1.0, convolution=1.0).split())
    assert "takes 3.00× the time here: calling their layers takes longer than what both compute" in text
    text = " ".join(small(layer=0.0, convolution=1.0).split())
    assert (
        "dense is memory-bound (0.495 FLOPs per byte moved), conv is bound by the overhead of its calls."
        in text
    )


def test_the_overhead_of_calls_is_a_term_of_its_own():
    text = render(on(founding(*(timing(forward(10)),) * 2, B=1), MACHINE.device), "table")
    assert " overhead of calls       5.00 µs    20.0 µs          4.00×\n" in text


def test_rounds_that_differ_widely_are_said():
    times = timing(forward(100, 100, 180)), timing(forward(100, 400, 800))
    text = " ".join(below(founding(*times)).split())
    assert (
        "The times of conv vary widely between rounds: other processes may have interfered. --threads 1"
        in text
    )
    assert "vary widely" not in below(usual())


@pytest.mark.parametrize(
    ("slower", "said"), [(30, "and takes 3.00× the time"), (10, "; their times overlap")]
)
def test_what_computes_nothing_is_compared_by_its_time(slower, said):
    specs = "[4, 7] -> Identity", "[4, 7] -> Linear(7, 5)"
    found = convcost.compare(*specs)
    reports = zip(found.candidates, (timing(forward(10)), timing(forward(slower))), strict=True)
    timed = replace(found, candidates=tuple(replace(report, time=time) for report, time in reports))
    text = " ".join(below(timed).split())
    assert f"Linear costs 280 FLOPs against none of Identity{said if said[0] == ';' else f' {said}'}" in text


def test_what_neither_computes_nor_moves_is_bound_by_nothing():
    found = convcost.compare("[4, 7] -> Identity", "[4, 7] -> Flatten")
    reports = (
        replace(report, time=timing(forward(each)))
        for report, each in zip(found.candidates, (1, 3), strict=True)
    )
    idle = on(replace(found, candidates=tuple(reports)), MACHINE.device)
    assert "the time here: there is nothing to compute or move in Identity and Flatten." in " ".join(
        below(idle).split()
    )
    [roofline, _] = (candidate["roofline"] for candidate in json.loads(render(idle, "json"))["candidates"])
    assert (roofline["bound_by"], roofline["parts"][0]["bound_by"], roofline["seconds"]) == (None, None, 0)


def test_one_thread_is_not_advised_where_there_is_one():
    times = (timing(forward(100, 100, 180), threads=1), timing(forward(100, 400, 800), threads=1))
    text = " ".join(below(founding(*times)).split())
    assert "conv vary widely between rounds: other processes may have interfered. Times are" in text


def test_what_calls_can_not_explain_is_not_explained_by_them():
    """Calls of 5 and 20 µs, work of less, and milliseconds measured."""
    times = timing(forward(10, flops=DENSE)), timing(forward(6000, flops=CONV))
    text = " ".join(below(on(founding(*times, B=1), MACHINE.device_for(1))).split())
    assert "takes 600× the time here: dense reaches 2.10 TFLOP/s, conv 21.0 GFLOP/s." in text
    assert (
        "conv took more than 10 times as long as their work and call overhead explain: other processes may"
        in text
    )
    assert "overhead explain" not in small(layer=1.0, convolution=1.0)


def test_a_share_that_is_next_to_nothing_has_its_digits_too():
    times = timing(forward(10**9, flops=DENSE)), timing(forward(400, flops=CONV))
    text = below(on(founding(*times), MACHINE.device))
    assert "   of the roofline               2.10e-5%             315%\n" in text


def test_without_times_nothing_is_said_of_them():
    report = usual().candidates[0]
    found = replace(usual(), candidates=(report, replace(usual().candidates[1], time=None)))
    assert "measured" not in render(found, "table")
    assert '"time"' not in render(replace(report, time=None), "json")


def test_what_a_gpu_had_at_most_stands_beside_the_estimate():
    dense = timing(
        forward(100, peak=300_000), TimedRun("step", samples=samples(300), peak=2_000_000), device="GPU"
    )
    found = founding(dense, dense)
    found = Comparison(tuple(replace(each, memory=convcost.memory(each)) for each in found.candidates))
    assert """
 peak of a forward pass      1.02 MB    1.38 MB          1.36×
   measured                 300.0 KB   300.0 KB          1.00×
 peak of a training step     3.34 MB    3.22 MB         0.961×
   measured, no optimizer    2.00 MB    2.00 MB          1.00×
""" in render(found, "table")
    time = json.loads(render(found, "json"))["candidates"][0]["time"]
    assert (time["peak_bytes"], time["others"][0]["peak_bytes"]) == (300_000, 2_000_000)


def test_json_has_no_ratio_of_times_that_cannot_be_told_apart():
    assert json.loads(render(too_near(), "json"))["ratios"]["seconds"] is None


def test_json_has_every_figure():
    record = json.loads(render(on(everything(), MACHINE.device), "json"))
    time = record["candidates"][0]["time"]
    assert {key: value for key, value in time.items() if key != "others"} == {
        "what": "forward",
        "compiled": False,
        "seconds": 0.0001,
        "iqr": pytest.approx(4e-6),
        "quartiles": [pytest.approx(98e-6), pytest.approx(102e-6)],
        "runs": 3,
        "calls": 1,
        "flops": DENSE,
        "flops_per_second": pytest.approx(DENSE / 1e-4),
        "of_roofline": pytest.approx(DENSE / 100e9 / 1e-4),
        "peak_bytes": None,
        "failure": "",
        "threads": 2,
        "dtype": "float32",
        "device": "cpu",
    }
    step, failed = time["others"]
    assert (step["what"], step["seconds"], step["of_roofline"]) == ("step", 0.0003, None)
    assert (failed["compiled"], failed["seconds"], failed["failure"]) == (True, None, "no C++ compiler")
    assert record["ratios"]["seconds"] == pytest.approx(4)


def test_json_is_as_the_schema_says():
    Draft202012Validator(generate("compare")).validate(json.loads(render(everything(), "json")))
    Draft202012Validator(generate("layer")).validate(json.loads(render(everything().candidates[0], "json")))


def test_csv_has_columns_for_the_forward():
    rows = list(csv.DictReader(StringIO(render(usual(), "csv"))))
    assert [row["time_seconds"] for row in rows] == ["0.0001", "0.0004"]
    assert [(row["time_runs"], row["time_threads"], row["time_device"]) for row in rows] == [
        ("3", "2", "cpu")
    ] * 2


@pytest.mark.parametrize("output_format", ["markdown", "latex", "html"])
def test_every_other_format_has_it_too(output_format):
    assert "400.0" in render(usual(), output_format)


def test_a_screen_without_unicode_gets_none():
    text = render(everything(), "table", Style(unicode=False))
    assert text.isascii()
    assert "98.0-102.0 us" in text


@pytest.mark.parametrize("device", ["h100", "xeon-8380", "a100"])
def test_times_of_a_cpu_are_no_share_of_another_device_s_roofline(device):
    found = on(everything(), device)
    times = [candidate["time"] for candidate in json.loads(render(found, "json"))["candidates"]]
    assert [run["of_roofline"] for time in times for run in (time, *time["others"])] == [None] * 6
    cells = [row["time_of_roofline"] for row in csv.DictReader(StringIO(render(found, "csv")))]
    assert cells == [""] * len(cells)
    text = below(found)
    assert "\n   of the roofline" not in text
    assert "bound (" not in text


def test_times_of_the_processor_that_a_roofline_is_of_are_compared_with_it():
    xeon = device_named("xeon-8380")
    time = replace(timing(forward(96, 100, 104, flops=DENSE)), processor=xeon.title)
    found = on(founding(time, time), "xeon-8380")
    assert "of the roofline" in below(found)
    assert time.comparable(found.candidates[0].roofline) is found.candidates[0].roofline
    assert "--device this" not in below(found)


def test_times_of_a_gpu_are_not_compared_with_this_machine_s_cpu():
    time = replace(timing(forward(96, 100, 104, flops=DENSE), device="GPU"), processor="GPU")
    report = on(founding(time, time), MACHINE.device).candidates[0]
    assert report.time.roofline_share(report.time.forward, report.roofline) is None
