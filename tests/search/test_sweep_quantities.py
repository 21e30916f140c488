"""Any quantity of the table of metrics is a column of a sweep, and the lower bound on a device: exactly."""

from fractions import Fraction

import pytest
import torch
from test_sweep import DESIGNS, random_grid, rows_one_by_one
from torch import nn

import convcost
from convcost.core.cost import Convention
from convcost.core.errors import SpecError, UsageError
from convcost.core.metrics import METRICS
from convcost.search import grid_blocks

QUANTITIES = tuple(metric.name for metric in METRICS if metric.name != "valid_macs")

QUOTIENTS = ("flops_per_output_element", "arithmetic_intensity")

DEVICES = ("h100", "a100", "m2")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(grid_blocks, "BLOCK", 37)


@pytest.mark.parametrize("seed", range(12))
def test_every_quantity_is_a_column_and_is_what_cost_says(seed):
    design, over, _ = random_grid(400 + seed)
    found = convcost.sweep(design, over=over, B=2, columns=QUANTITIES, by="flops", top=2000)
    rows = sorted(filter(None, rows_one_by_one(design, over)), key=lambda row: row[1].flops)
    assert len(rows) > 0
    for row, (sizes, report, _) in zip(found, rows, strict=True):
        assert row.sizes == sizes
        assert {name: row.get(name) for name in QUANTITIES} == {
            name: getattr(report, name) for name in QUANTITIES
        }
        assert row.quotients.keys() == {*QUOTIENTS}


@pytest.mark.parametrize("seed", range(8))
def test_conditions_and_orders_by_quotients_are_exact(seed):
    design, over, choose = random_grid(500 + seed)
    rows = [row for row in rows_one_by_one(design, over) if row]
    name = choose.choice(QUOTIENTS)
    limit = getattr(choose.choice(rows)[1], name)
    where = f"{name} * {limit.denominator} <= {limit.numerator}"
    found = convcost.sweep(design, over=over, B=2, where=where, by=f"{name}:max", top=2000)
    expected = [(getattr(report, name), sizes) for sizes, report, _ in rows if getattr(report, name) <= limit]
    expected.sort(key=lambda pair: -pair[0])
    assert [(row.quotients[name], row.sizes) for row in found] == expected


@pytest.mark.parametrize("dtype", ["", "float32", "bfloat16"])
@pytest.mark.parametrize("number", range(len(DESIGNS)))
def test_the_lower_bound_is_that_of_the_roofline(number, dtype):
    over = {"C": [4, 8, 12], "M": [6, 3000], "K": [1, 3], "G": [1, 2], "H": [7, 40]}
    devices = DEVICES[:2] if dtype != "float32" else DEVICES[1:]
    names = [convcost.roofline(convcost.cost("Linear(2, 2)"), name).device.name for name in devices]
    columns = [f"seconds_{name.replace('-', '_')}" for name in names]
    found = convcost.sweep(DESIGNS[number], over=over, B=2, device=",".join(devices), dtype=dtype, top=200)
    assert len(found) > 0
    for row in found:
        report = convcost.parse(DESIGNS[number]).report({**row.sizes, "B": 2}, dtype=dtype or "float32")
        bounds = [convcost.roofline(report, device, dtype).seconds for device in devices]
        assert [row.quotients[column] for column in columns] == bounds


class Network(nn.Module):
    """Layers that are bound by memory and layers that are not, at sizes that are swept."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 64, 5, stride=2), nn.Conv2d(64, 500, 3, padding=1)
        self.norm = nn.BatchNorm2d(500)

    def forward(self, x):
        return self.norm(self.second(self.first(x).relu())).flatten(2).softmax(-1)


@pytest.mark.parametrize("device", DEVICES[:2])
def test_the_lower_bound_of_a_module_is_that_of_the_module_at_each_point(device):
    module, over = Network().eval(), {"B": [1, 7], "H": [5, 6, 40, 301]}
    found = convcost.sweep(module, inputs="f32[B,3,H,H]", over=over, device=device, top=100)
    assert len(found) == 8
    for row in found:
        images = torch.zeros(row.sizes["B"], 3, row.sizes["H"], row.sizes["H"], device="meta")
        report = convcost.profile(module, images)
        assert row.quotients["seconds"] == convcost.roofline(report, device).seconds


def test_a_module_in_another_dtype_is_computed_in_its_own():
    module = nn.Linear(512, 256).to(torch.bfloat16)
    [row] = convcost.sweep(module, inputs="bf16[B,512]", over={"B": [4096]}, device="a100")
    report = convcost.profile(module, torch.zeros(4096, 512, dtype=torch.bfloat16))
    assert row.quotients["seconds"] == convcost.roofline(report, "a100").seconds
    with pytest.raises(UsageError, match="the designs have different dtypes: bfloat16 and float32"):
        convcost.sweep("Linear(512, 256)", module, inputs="bf16[B,512]", over={"B": [4096]}, device="a100")


@pytest.mark.parametrize("seed", range(6))
def test_duckdb_finds_the_same_rows_by_quotients_and_bounds(seed, tmp_path):
    design, over, choose = random_grid(800 + seed)
    designs = ("[B, C, H, H] -> Conv2d(C, C, 1)", design)[seed % 2 :]
    quotients = ["seconds", "arithmetic_intensity:max", "flops_per_output_element", "ratio:max"]
    by = choose.choice(quotients[: len(designs) + 2])
    order = {"pareto": f"{by},bytes,C:max"} if seed % 3 else {"by": by}
    where = "seconds < 1us and not arithmetic_intensity * 2 <= 3"
    options = {
        "over": over,
        "B": 2,
        "device": "h100",
        "where": where,
        "top": 50,
        "columns": QUANTITIES,
        **order,
    }
    found = [
        convcost.sweep(*designs, **options, engine=engine, out=tmp_path / f"{engine}.jsonl")
        for engine in ("numpy", "duckdb")
    ]
    assert found[0] == found[1]
    assert found[0].matching > 0
    numpy, duckdb = ((tmp_path / f"{engine}.jsonl").read_text() for engine in ("numpy", "duckdb"))
    assert numpy == duckdb


def test_the_lower_bound_follows_the_convention():
    design, over = "[B,C,32] -> Conv1d(C, C, 3, padding=1) -> Softmax(1)", {"C": [3, 800]}
    for convention in (Convention("all"), Convention(padding="valid"), Convention("bias")):
        found = convcost.sweep(design, over=over, device="h100", convention=convention)
        for row in found:
            report = convcost.parse(design).report({**row.sizes, "B": 1}, convention)
            assert row.quotients["seconds"] == convcost.roofline(report, "h100").seconds
            assert row.quantities["flops"] == report.flops


def test_a_view_in_a_design_moves_nothing():
    design = "[B,C,4,4] -> Dropout(0.5) -> Identity() -> Flatten() -> Linear(16C, C) -> Unflatten(1, (1, C))"
    for row in convcost.sweep(design, over={"C": "1:9:4"}, device="h100", columns="seconds"):
        report = convcost.cost(design, **row.sizes, B=1)
        assert row.quotients["seconds"] == convcost.roofline(report, "h100").seconds


def test_conditions_orders_and_fronts_by_seconds_are_exact():
    design, over = "[B,C,16,16] -> Conv2d(C, M, 3)", {"C": "8:128:8", "M": "2C,4C,8"}
    every = convcost.sweep(design, over=over, device="a100", by="seconds", top=100)
    times = [row.quotients["seconds"] for row in every]
    assert times == sorted(times)
    limit = times[len(times) // 2]
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9), ("µs", 10**6)):
        text = f"seconds * {limit.denominator} <= {limit.numerator * factor}{unit}"
        assert convcost.sweep(design, over=over, device="a100", where=text).matching == sum(
            time <= limit for time in times
        )
    front = convcost.sweep(design, over=over, device="a100", pareto="seconds,C:max,arithmetic_intensity:max")
    points = [(r.quotients["seconds"], -r.sizes["C"], -r.quotients["arithmetic_intensity"]) for r in front]
    assert points == sorted(points)
    assert not any(all(a <= b for a, b in zip(p, q, strict=True)) for p in points for q in points if p != q)


def test_the_ratio_can_be_that_of_lower_bounds():
    first, second = "[B,C,8,8] -> Conv2d(C, C, 3)", "[B,C,8,8] -> Conv2d(C, C, 3, groups=C)"
    for row in convcost.sweep(first, second, over={"C": [4, 512]}, by="seconds", device="h100"):
        bounds = [
            convcost.roofline(convcost.cost(d, **row.sizes, B=1), "h100").seconds for d in (second, first)
        ]
        assert row.ratio == Fraction(*bounds)


def test_something_over_nothing_is_no_number_and_comes_last():
    design, over = "[B,C,L] -> Conv1d(C, 4, 1) -> Unflatten(1, (2, 2)) -> Flatten()", {"C": "1:3", "L": "1,2"}
    assert all(
        row.quotients["arithmetic_intensity"]
        for row in convcost.sweep(design, over=over, columns="arithmetic_intensity")
    )
    for by in ("ratio", "ratio:max"):
        found = convcost.sweep("[B,E] -> ReLU", "Linear(E, E)", over={"E": "1:3"}, by=by)
        assert [(row.sizes["E"], row.ratio) for row in found] == [(1, None), (2, None), (3, None)]


def test_columns_are_those_that_are_asked_for():
    found = convcost.sweep("Linear(E, E)", over={"E": [2, 3]}, columns=["bytes", "macs"], by="params")
    assert [dict(row.quantities) for row in found] == [{"bytes": 40, "macs": 4}, {"bytes": 72, "macs": 9}]
    assert found.columns == ("bytes", "macs")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"columns": "flps"}, UsageError, "no quantity is called flps .did you mean flops"),
        ({"device": "h1000"}, UsageError, "no device is called h1000"),
        ({"device": "h100,h100"}, UsageError, "h100-sxm is given twice"),
        ({"device": "h100", "dtype": "int64"}, UsageError, "h100-sxm has no peak for int64"),
        ({"where": "seconds < 2"}, SpecError, "no quantity or size is called seconds"),
        (
            {"where": "seconds < 2", "device": "h100,a100"},
            SpecError,
            "no quantity or size is called seconds",
        ),
        ({"where": "flops < 2ms", "device": "h100"}, SpecError, "2ms is a time, but nothing here is in"),
        ({"where": "seconds < 2 or flops < 2ms", "device": "h100"}, SpecError, "2ms is a time"),
        ({"where": "seconds < 2min", "device": "h100"}, SpecError, "found '2min'"),
    ],
)
def test_a_wrong_request_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        convcost.sweep("Linear(E, E)", over={"E": "1:3"}, **options)
