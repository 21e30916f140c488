"""`convcost sweep`: its screens, its files, its exit codes."""

import csv
import json
import runpy

import pytest
import torch
from cli_runner import convcost

import convcost as library

BLOCK = "[B,C,L] -> Conv1d(C, M, K, padding=K//2, groups=G) -> Conv1d(M, C, 1)"
GRID = ("--over", "C=8:32:8", "--over", "K=1,3", "--over", "M=2C,C/3", "--over", "G=1,3", "--L", "16")
SWEEP = ("sweep", BLOCK, *GRID, "--where", "flops <= 100K and not K = 3", "--by", "params:max")

TABLE = """\
 Conv1d -> Conv1d  [B,C,L] -> Conv1d(C, M, K, padding=K//2, groups=G) ->
                   Conv1d(M, C, 1)
 sizes             L = 16; B defaults to 1
 over              C = 8:32:8; K = 1,3; M = 2C,C/3; G = 1,3
 where             flops <= 100K and not K = 3
 designs           32; 20 impossible: M = C/3 must be a whole number (12);
                   groups must divide in_channels (6); groups must divide
                   out_channels (2); the condition holds for 5
 shown             5 of 5, by parameters, largest first

      C   K    M   G    FLOPs   parameters
───────────────────────────────────────────
 1   24   1   48   1   73,728        2,376
 2   24   1   48   3   49,152        1,608
 3   16   1   32   1   32,768        1,072
 4   24   1    8   1   12,288          416
 5    8   1   16   1    8,192          280

 FLOPs = 2 × MACs; bias adds and elementwise work are counted separately;
 padding and masked MACs are included (convention: matmul, full).
 The first design in full:
 convcost cost "[1,24,16] -> Conv1d(24, 48, 1, padding=1//2, groups=1) -> Conv1d(48, 24, 1)"

"""


def test_the_table():
    code, out, err = convcost(*SWEEP)
    assert (code, out, err) == (0, TABLE, "")


def test_the_file_has_every_design_that_the_condition_leaves(tmp_path):
    for name in ("designs.csv", "designs.jsonl"):
        code, _, err = convcost(*SWEEP, "--top", "1", "--out", str(tmp_path / name))
        assert (code, err) == (0, "")
    with (tmp_path / "designs.csv").open() as file:
        rows = [*csv.DictReader(file)]
    lines = [json.loads(line) for line in (tmp_path / "designs.jsonl").read_text().splitlines()]
    assert len(rows) == len(lines) == 5
    for row, line in zip(rows, lines, strict=True):
        sizes = {name: int(row[name]) for name in "CKMG"}
        report = library.cost(BLOCK, **sizes, L=16)
        spec = line.pop("spec")
        assert line == {"design": report.name, "sizes": sizes, "flops": report.flops, "params": report.params}
        assert (row["spec"], library.cost(spec).flops) == (spec, report.flops)
        assert (int(row["flops"]), int(row["params"])) == (report.flops, report.params)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["designs.csv", "designs.jsonl"]


def test_a_file_stays_as_it_was_where_the_sweep_fails(tmp_path):
    file = tmp_path / "designs.csv"
    file.write_text("mine")
    code, out, err = convcost("sweep", "Linear(E, E)", "--over", "E=1", "--where", "x", "--out", str(file))
    assert (code, out) == (2, "")
    assert file.read_text() == "mine"
    assert err.startswith("convcost: no quantity or size is called x")


def test_json_has_what_the_library_has():
    code, out, _ = convcost(*SWEEP, "--json")
    assert code == 0
    found = json.loads(out)
    sweep = library.sweep(
        BLOCK,
        over={"C": range(8, 33, 8), "K": [1, 3], "M": "2C,C/3", "G": [1, 3]},
        L=16,
        where="flops <= 100K and not K = 3",
        by="params:max",
    )
    assert [row["quantities"] for row in found["rows"]] == [row.quantities for row in sweep]
    assert found["impossible"] == dict(sweep.impossible)
    assert (found["points"], found["matching"]) == (32, 5)


def test_csv_has_a_line_for_each_row_with_the_ratio():
    code, out, _ = convcost(
        "sweep", "Linear(E, E)", "b = Linear(E, 2E)", "--over", "E=2,4", "--format", "csv"
    )
    assert code == 0
    assert out.splitlines() == [
        "design,E,flops,params,ratio,spec",
        'b,2,16,12,2.0,"[1, 1, 2] -> Linear(2, 2*2)"',
        'b,4,64,40,2.0,"[1, 1, 4] -> Linear(4, 2*4)"',
    ]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            ("--over", "C=0"),
            "No design of the grid is possible: a dimension of the input must be at least 1.",
        ),
        (("--over", "C=1:9", "--where", "params < 0"), "None of the 9 possible designs meets params < 0.\n"),
        (("--over", "C=9", "--where", "params < 0"), "The only possible design does not meet params < 0.\n"),
    ],
)
def test_without_a_design_the_exit_code_is_1_and_the_reason_is_said(options, error):
    code, _, err = convcost("sweep", "[B,C] -> Linear(C, 3)", *options)
    assert code == 1
    assert err.startswith(f"convcost: {error}")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "C has no value in Linear\nGive sizes: --C 128, or several: --over C=64:1024:64\n"),
        (("--C", "4"), "no size is swept\nGive values: --over B=64:1024:64.\n"),
        (("--C", "4", "--B", "2"), "no size is swept\nThe designs have no open size: write one as a name"),
        (("--over", "C=64:8"), "the range is empty: 64 is more than 8\n  C=64:8\n"),
        (("--over", "C"), "--over C is not a size with its values"),
        (("--over", "D=1"), "no size is called D"),
        (("--over", "C=1", "--over", "C=2"), "C is swept twice"),
        (
            ("--over", "C=1:2000000000", "--engine", "numpy"),
            "2,000,000,000 points; the limit is 100,000,000 without",
        ),
        (
            ("--over", "C=1:2000000000000"),
            "the grid has 2,000,000,000,000 points; the limit is 1,000,000,000,000\n",
        ),
        (
            ("--over", "C=1:999999999999"),
            "the grid has 999,999,999,999 points; the limit is 10,000,000,000 on one machine\n",
        ),
        (
            ("--C", "64,128"),
            "--C 64,128: a size has one value\nconvcost sweep tries several: --over C=64,128.\n",
        ),
        (("--over", "C=1", "--by", "flps"), "no quantity or size is called flps (did you mean flops?)"),
        (("--over", "C=1", "--by", "flops:most"), "flops:most: most is not min or max"),
        (("--over", "C=1", "--pareto", "flops,C", "--by", "params"), "params is not among the quantities"),
        (("--over", "C=1", "--pareto", "flops,flops:max"), "one quantity can't be the smallest and the"),
        (("--over", "C=1", "--out", "x.txt"), "x.txt must end in .csv, .jsonl, .parquet or .arrow\n"),
        (
            ("--over", "C=1", "--out", "/nowhere/x.csv"),
            "/nowhere/x.csv can't be written: its folder does not exist",
        ),
        (("--over", "C=1", "--top", "0"), "--top is 0; it must be 1 to 100,000"),
        (("--over", "C=1", "--where", "ratio > 1"), "no quantity or size is called ratio"),
        (
            ("--over", "C=1", "--by", "ratio"),
            "no quantity or size is called ratio\nIt needs at least two designs.",
        ),
        (("--over", "C=1+"), "unexpected end; expected a size"),
    ],
)
def test_a_wrong_request_is_refused_with_nothing_on_stdout(options, error):
    code, out, err = convcost("sweep", "[B,C] -> Linear(C, 3)", *options)
    assert (code, out) == (2, "")
    assert err.removeprefix("convcost: ").startswith(error) or error in err


def test_a_folder_is_not_replaced_by_the_file(tmp_path):
    (tmp_path / "x.csv").mkdir()
    code, out, err = convcost("sweep", "Linear(E, 3)", "--over", "E=1", "--out", str(tmp_path / "x.csv"))
    assert (code, out) == (2, "")
    assert "is a directory" in err


def test_sizes_of_a_torch_module_are_swept():
    grid = ("--input", "f32[B,8,T]", "--arg", "channels=8", "--over", "T=32,64", "--over", "B=1,4")
    code, out, err = convcost("sweep", "examples/tcn.py:tcn", *grid, "--format", "csv")
    assert (code, err) == (0, "")
    rows = [*csv.DictReader(out.splitlines())]
    module = runpy.run_path("examples/tcn.py")["tcn"](channels=8)
    assert [(row["T"], row["B"]) for row in rows] == [("32", "1"), ("64", "1"), ("32", "4"), ("64", "4")]
    for row in rows:
        images = torch.empty(int(row["B"]), 8, int(row["T"]), device="meta")
        assert int(row["flops"]) == library.profile(module, images).flops


def test_what_is_for_modules_is_refused_with_specs_alone():
    code, out, err = convcost("sweep", "Linear(E, E)", "--over", "E=1", "--arg", "x=1")
    assert (code, out) == (2, "")
    assert err.startswith(
        "convcost: --input, --inputs-from, --arg, --train and --phase are for torch modules\n"
    )


def test_an_argument_of_a_module_is_no_size(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from torch.nn import Linear as Net\n")
    outcome = convcost("sweep", "net.py:Net", "--arg", "in_features=4", "--arg", "out_features=4",
                       "--input", "[2,4]", "--over", "out_features=8,16")  # fmt: skip
    hint = "No size is open. An argument of a module is swept by --over-arg out_features=8,16."
    assert (outcome.code, outcome.err) == (2, f"convcost: no size is called out_features\n{hint}\n")


def test_a_lower_bound_is_explained_where_it_is_used():
    grid = ("sweep", "Linear(E, E)", "--over", "E=64,128", "--B", "1", "--S", "1", "--device", "a100")
    assert "Roofline lower bound" in convcost(*grid).out
    assert "Roofline lower bound" not in convcost(*grid, "--columns", "flops").out
    assert "Roofline lower bound" in convcost(*grid, "--columns", "flops", "--by", "seconds").out
    assert "Roofline lower bound" in convcost(*grid, "--columns", "flops", "--where", "seconds < 1").out


def test_a_lower_bound_on_one_of_several_devices_is_named_in_full_in_sentences():
    grid = ("sweep", "Linear(E, E)", "Linear(E, 2E)", "--over", "E=64,128", "--device", "h100,a100")
    by = ("--by", "seconds_h100_sxm", "--pareto", "seconds_h100_sxm,params:max")
    out = " ".join(convcost(*grid, *by).out.split())
    assert "the Pareto front in lower bound on h100-sxm (smallest), parameters (largest)" in out
    assert "by lower bound on h100-sxm, smallest first" in out
    assert "ratio: lower bound on h100-sxm relative to Linear #1" in out
    assert "E FLOPs parameters on h100-sxm on a100-sxm-80gb" in " ".join(convcost(*grid).out.split())
