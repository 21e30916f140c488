"""What the counters say of a model, in every format."""

import csv
import json
from io import StringIO

import pytest

from convcost.core.cost import Cost
from convcost.core.diagnosis import Cause, CauseKind, CounterDiagnosis, DiagnosedReport
from convcost.core.report import CounterResult, Report
from convcost.core.row import Row
from convcost.core.trace import Operation, SubmoduleRun, TensorInfo, Trace
from convcost.render import render
from convcost.render.counters import diagnosis_section
from convcost.render.style import Style


def diagnosed(scale=1, diagnoses=None):
    cost = Cost(94720 * scale, 94720 * scale)
    operation = Operation("", "aten::linear", ((2, 3),), (2, 4), cost)
    modules = (SubmoduleRun("", "Net", (2, 3), (2, 4), 1),)
    end = (TensorInfo("x", "float32", (2, 3), 4),)
    row = Row("", "Net", "", (2, 3), (2, 4), {}, cost, 8)
    report = Report("Net", "Net", (row,), trace=Trace(end, end, (operation,), (), modules))
    return DiagnosedReport(report, heard(scale) if diagnoses is None else diagnoses)


def heard(scale):
    return {
        "fvcore": CounterDiagnosis(
            "fvcore", CounterResult("agrees", 189440 * scale, 94720 * scale, "MAC", "")
        ),
        "flop_counter_mode": CounterDiagnosis(
            "FlopCounterMode",
            CounterResult("blind", 0, 0, "FLOP", ""),
            (
                Cause(
                    CauseKind.ATTENTION, "aten::scaled_dot_product_attention", -189440 * scale, 3, ("a", "b")
                ),
            ),
        ),
        "ptflops": CounterDiagnosis(
            "ptflops",
            CounterResult("differs", 197440 * scale + 1, 98720 * scale, "MAC", ""),
            (
                Cause(CauseKind.BIAS_ADDS, "Conv2d", 5120 * scale, 7, ("a", "b")),
                Cause(CauseKind.ELEMENTWISE, "aten::add", 2880 * scale, 7, ("",)),
                Cause(CauseKind.UNEXPLAINED, "", 1, 1, ("",)),
            ),
            ("leaves the model in eval mode", "leaves hooks on the model"),
        ),
        "torchinfo": CounterDiagnosis(
            "torchinfo", CounterResult("unavailable", None, None, "MAC", "it raised KeyError")
        ),
        "calflops": CounterDiagnosis(
            "calflops", CounterResult("unavailable", None, None, "MAC", "it raised KeyError")
        ),
    }


TABLE = """\
 counter                                      reported    as MACs    difference
────────────────────────────────────────────────────────────────────────────────
 convcost                                                  94,720
 fvcore                                    94,720 MACs     94,720             0
 FlopCounterMode                               0 FLOPs          0       −94,720
   attention missed:                                                    −94,720
   scaled_dot_product_attention ×3
 ptflops                                   98,720 MACs   98,720.5      +4,000.5
   bias adds counted: Conv2d ×2                                          +2,560
   elementwise counted: add ×7                                           +1,440
   unexplained                                                             +0.5
 torchinfo                                           –          –   unavailable
 calflops                                            –          –   unavailable

 The causes listed under a counter add up exactly to its difference.
 Unexplained: the part of a difference that has no known cause.
 ptflops: leaves the model in eval mode; leaves hooks on the model.
 torchinfo, calflops: unavailable, it raised KeyError.

"""


def test_each_difference_has_its_causes_below_it():
    assert render(diagnosed(), "table", Style(part="counters")) == TABLE


def test_figures_are_rounded_where_they_do_not_fit_beside_their_labels():
    table = diagnosis_section(diagnosed(scale=10**6), 80).tables[0]
    assert [line.cells for line in table.lines[1:3]] == [
        ("94.7 GMACs", "94.7 G", "0"),
        ("0 FLOPs", "0", "−94.7 G"),
    ]
    wide = diagnosis_section(diagnosed(scale=10**6), 120).tables[0]
    assert wide.lines[1].cells == ("94,720,000,000 MACs", "94,720,000,000", "0")


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("scale", [1, 10**6, 10**15])
def test_no_line_is_wider_than_the_screen(scale, width):
    text = render(diagnosed(scale), "table", Style(width=width, part="counters"))
    assert max(map(len, text.splitlines())) <= width


def test_the_table_is_plain_where_the_screen_has_ascii_alone():
    assert render(diagnosed(), "table", Style(unicode=False)).isascii()


def test_the_counters_stand_below_the_costs():
    text = render(diagnosed(), "table")
    assert text.endswith(TABLE)
    assert text.index("parameters") < text.index("reported")


def test_json_has_every_figure_and_cause_exact():
    counters = json.loads(render(diagnosed(scale=10**20), "json"))["counters"]
    assert counters["ptflops"] == {
        "verdict": "differs",
        "flops": 197440 * 10**20 + 1,
        "raw": 98720 * 10**20,
        "raw_unit": "MAC",
        "reason": "bias adds counted: Conv2d ×2; elementwise counted: add ×7; unexplained",
        "macs": f"{197440 * 10**20 + 1}/2",
        "difference": 8000 * 10**20 + 1,
        "causes": [
            {
                "kind": "bias adds",
                "subject": "Conv2d",
                "flops": 5120 * 10**20,
                "calls": 7,
                "paths": ["a", "b"],
            },
            {
                "kind": "elementwise",
                "subject": "aten::add",
                "flops": 2880 * 10**20,
                "calls": 7,
                "paths": [""],
            },
            {"kind": "unexplained", "subject": "", "flops": 1, "calls": 1, "paths": [""]},
        ],
        "remarks": ["leaves the model in eval mode", "leaves hooks on the model"],
    }
    assert counters["fvcore"]["macs"] == 94720 * 10**20
    assert counters["torchinfo"] == {
        "verdict": "unavailable",
        "flops": None,
        "raw": None,
        "raw_unit": "MAC",
        "reason": "it raised KeyError",
        "macs": None,
        "difference": None,
        "causes": [],
        "remarks": [],
    }


def test_csv_has_a_line_for_each_counter_and_each_cause():
    rows = list(csv.DictReader(StringIO(render(diagnosed(), "csv"))))
    assert [(row["counter"], row["difference"], row["cause"], row["subject"]) for row in rows] == [
        ("fvcore", "0", "", ""),
        ("flop_counter_mode", "-189440", "", ""),
        ("flop_counter_mode", "-189440", "attention", "aten::scaled_dot_product_attention"),
        ("ptflops", "8001", "", ""),
        ("ptflops", "5120", "bias adds", "Conv2d"),
        ("ptflops", "2880", "elementwise", "aten::add"),
        ("ptflops", "1", "unexplained", ""),
        ("torchinfo", "", "it raised KeyError", ""),
        ("calflops", "", "it raised KeyError", ""),
    ]


def test_markdown_sets_the_causes_in():
    lines = render(diagnosed(), "markdown").splitlines()
    assert "| ptflops | 98,720 MACs | 98,720.5 | +4,000.5 |" in lines
    assert "| ↳ bias adds counted: Conv2d ×2 |  |  | +2,560 |" in lines


@pytest.mark.parametrize("name", ["html", "latex"])
def test_the_other_formats_have_the_causes_too(name):
    assert "bias adds counted" in render(diagnosed(), name)


def test_nothing_is_claimed_where_no_counter_counted():
    failed = {"x": CounterDiagnosis("x", CounterResult("unavailable", None, None, "MAC", "no"))}
    assert diagnosis_section(diagnosed(diagnoses=failed), 80).notes == ("x: unavailable, no.",)
