"""A verification as a table, as Markdown, JSON and CSV: whole outputs."""

import json

from convcost.render import render
from convcost.render.style import Style
from convcost.verify.result import Finding, Reference, VerificationResult

HEADINGS = (
    Reference("torch", "torch", "torch"),
    Reference("torch_profiler", "torch.profiler", "torch"),
    Reference("ptflops", "ptflops", "ptflops"),
)
LINEAR, CONV = "[1] -> Linear(1, 1)", "[1, 9] -> Conv1d(1, 1, 3)"
BLIND = "it has no formula for aten::conv1d"
FINDINGS = (
    Finding("Linear", "torch", "agrees", "", LINEAR),
    Finding("Linear", "torch_profiler", "new", "2 FLOPs more than 2 × MACs, unexplained", LINEAR),
    Finding("Linear", "ptflops", "new", "its figure is unexplained", LINEAR),
    *(Finding("Conv1d", "torch", "agrees", "", CONV) for _ in range(3)),
    *(Finding("Conv1d", "torch_profiler", "known", BLIND, CONV) for _ in range(3)),
    Finding("Conv1d", "ptflops", "agrees", "", CONV),
    Finding("Conv1d", "ptflops", "agrees", "AssertionError is no longer a blind spot", CONV),
    Finding("Conv1d", "ptflops", "known", "bias adds", CONV),
)
RESULT = VerificationResult(HEADINGS, ("Linear", "Conv1d"), 3, 0, FINDINGS)
CLEAN = VerificationResult(HEADINGS[:1], ("Linear",), 1, 7, FINDINGS[:1])


def pretend_installed(monkeypatch):
    versions = {"torch": "3.0", "ptflops": "1.0", "convcost": "0.1", "fvcore": None}
    for module in ("verify", "records.verification", "records.context"):
        monkeypatch.setattr(f"convcost.render.{module}.installed_version", versions.get)


def test_the_table_has_a_line_for_each_kind_and_notes_that_reproduce_what_is_new(monkeypatch):
    pretend_installed(monkeypatch)
    assert render(RESULT, "table", Style(width=80)) == (
        " verified  torch 3.0, ptflops 1.0\n"
        " cases     4 for 2 kinds of layer, up to 3 per argument, seed 0\n"
        " result    2 new disagreements\n"
        "\n"
        " layer    torch   profiler   ptflops\n"
        "─────────────────────────────────────\n"
        " Linear       1      1 new     1 new\n"
        " Conv1d       3      blind     2 (1)\n"
        "\n"
        " Numbers are cases that agree. torch: output shapes, MACs and bias adds, from\n"
        " running layers on ones. model: all quantities, from counting the module.\n"
        " Counters: FLOPs as 2 × MACs. In brackets: cases in a known blind spot; blind:\n"
        " all cases. profiler: torch.profiler.\n"
        " Known: torch.profiler, Conv1d (3 cases): it has no formula for aten::conv1d.\n"
        " Known: ptflops, Conv1d (1 case): bias adds counted.\n"
        " Resolved: ptflops, Conv1d (1 case): AssertionError is no longer a blind spot.\n"
        " New: torch.profiler, Linear (1 case): 2 FLOPs more than 2 × MACs, unexplained.\n"
        " To reproduce:\n"
        ' convcost layer "[1] -> Linear(1, 1)" --counters torch_profiler\n'
        " New: ptflops, Linear (1 case): its figure is unexplained. To reproduce:\n"
        " convcost verify --kinds Linear --cases 3 --seed 0 --counters ptflops\n"
        "\n"
    )


def test_a_command_is_on_one_line_however_narrow_the_screen_is():
    lines = render(RESULT, "table", Style(width=40)).splitlines()
    assert ' convcost layer "[1] -> Linear(1, 1)" --counters torch_profiler' in lines
    assert " convcost verify --kinds Linear --cases 3 --seed 0 --counters ptflops" in lines


def test_nothing_new_is_said_in_one_line(monkeypatch):
    pretend_installed(monkeypatch)
    assert render(CLEAN, "table").splitlines()[:3] == [
        " verified  torch 3.0",
        " cases     1 for 1 kind of layer, up to 1 per argument, seed 7",
        " result    every formula agrees, except in known blind spots",
    ]


def test_markdown_has_the_same_table(monkeypatch):
    pretend_installed(monkeypatch)
    assert "| Conv1d | 3 | blind | 2 (1) |" in render(RESULT, "markdown")


def test_json_has_every_tally_and_what_is_known_and_new(monkeypatch):
    pretend_installed(monkeypatch)
    record = json.loads(render(RESULT, "json"))
    assert record["layers"][1] == {
        "kind": "Conv1d",
        "checks": {
            "torch": {"agrees": 3, "known": 0, "new": 0},
            "torch_profiler": {"agrees": 0, "known": 3, "new": 0},
            "ptflops": {"agrees": 2, "known": 1, "new": 0},
        },
    }
    assert record["new"][0] == {
        "check": "torch_profiler",
        "kinds": ["Linear"],
        "cases": 1,
        "reason": "2 FLOPs more than 2 × MACs, unexplained",
        "spec": LINEAR,
        "command": f'convcost layer "{LINEAR}" --counters torch_profiler',
    }
    assert [group["reason"] for group in record["known"]] == [BLIND, "bias adds counted"]
    assert (record["agrees"], record["cases"], record["seed"]) == (False, 3, 0)
    assert record["checks"][0] == {"name": "torch", "title": "torch", "version": "3.0"}


def test_csv_has_a_line_for_each_kind_and_check():
    assert render(RESULT, "csv").splitlines() == [
        "kind,check,agrees,known,new",
        "Linear,torch,1,0,0",
        "Linear,torch_profiler,0,0,1",
        "Linear,ptflops,0,0,1",
        "Conv1d,torch,3,0,0",
        "Conv1d,torch_profiler,0,3,0",
        "Conv1d,ptflops,2,1,0",
    ]
