"""A sweep gives what `cost` gives at each point of the grid, one by one, in Python's integers."""

import json
import random
import re
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest

import convcost
from convcost.core.errors import ConvcostError, SpecError, UnboundSizeError, UsageError
from convcost.core.sweep import QUANTITIES
from convcost.search import grid_blocks
from convcost.search.grid import OVER_HINT

DESIGNS = (
    "[B, C, H, H] -> Conv2d(C, M, K, padding=K//2, groups=G) -> ReLU -> Conv2d(M, C, 1)",
    "[B, C, H, H] -> Conv2d(C, M, K, stride=G) -> BatchNorm2d(M) -> Conv2d(M, M/G, K)",
    "[B, C, H, H] -> x + (Conv2d(C, M, 1, groups=G) -> Conv2d(M, C, K, padding=K//2))",
    "[B, C, H] -> Conv1d(C, M, K, dilation=G) -> Linear(H - G*(K - 1), M)",
    "[B, H, C] -> MultiheadAttention(C, G) -> Linear(C, M) -> Linear(M, K)",
    "[B, C, H, H] -> MaxPool2d(K, G) -> ConvTranspose2d(C, M, K, stride=G, bias=False)",
)

VALUES = {
    "C": (range(4, 17, 4), "6,9,12", [2, "H"]),
    "M": ("2C,4C", "C/3,C-5,8", range(3, 13, 3), "2^1..2^4"),
    "K": ([1, 3, 5], "1:5:2", "2,G"),
    "G": ("1:4", [1, 2, 3], "2^0..2^2,3"),
    "H": ([7, 8], 9, "4:12:4"),
}

WHOLE_NUMBERS = tuple(name for name in QUANTITIES if name != "valid_macs")

LISTS = {
    "2C,4C": lambda s: [2 * s["C"], 4 * s["C"]],
    "C/3,C-5,8": lambda s: [None if s["C"] % 3 else s["C"] // 3, s["C"] - 5, 8],
    "6,9,12": lambda s: [6, 9, 12],
    "2^1..2^4": lambda s: [2, 4, 8, 16],
    "1:5:2": lambda s: [1, 3, 5],
    "2,G": lambda s: [2, s["G"]],
    "1:4": lambda s: [1, 2, 3, 4],
    "2^0..2^2,3": lambda s: [1, 2, 4, 3],
    "4:12:4": lambda s: [4, 8, 12],
}
"""What the texts mean, written down apart from the parser."""


def values_at(values, place, sizes):
    if isinstance(values, str):
        return LISTS[values](sizes)[place]
    if isinstance(values, int):
        return values
    value = values[place]
    return sizes[value] if isinstance(value, str) else value


def length(values):
    return (
        len(LISTS[values]({"C": 3, "G": 1})) if isinstance(values, str) else 1 if values == 9 else len(values)
    )


def points(over):
    """The sizes at every point, in order; None where a formula is no size."""
    order = sorted(over, key="HGKCM".index)
    for places in product(*(range(length(over[name])) for name in over)):
        at, sizes = dict(zip(over, places, strict=True)), {}
        for name in order:
            sizes[name] = values_at(over[name], at[name], sizes)
            if sizes[name] is None or sizes[name] < 0:
                sizes = None
                break
        yield sizes and {name: sizes[name] for name in over}


def rows_one_by_one(design, over, reference=None):
    """Every row as `cost` has it; the impossible ones are None."""
    spec, first = convcost.parse(design), reference and convcost.parse(reference)
    for sizes in points(over):
        try:
            if sizes is None:
                raise UsageError("no size")
            report = convcost.cost(spec, **{n: sizes[n] for n in spec.names if n in sizes}, B=2)
            base = first and convcost.cost(first, **{n: sizes[n] for n in first.names if n in sizes}, B=2)
        except ConvcostError:
            yield None
            continue
        yield sizes, report, base


def random_grid(seed):
    choose = random.Random(seed)
    over = {name: choose.choice(values) for name, values in VALUES.items()}
    names = [*over]
    choose.shuffle(names)
    return choose.choice(DESIGNS), {name: over[name] for name in names}, choose


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch, request):
    """Blocks of a few points, so that grids have several."""
    monkeypatch.setattr(grid_blocks, "BLOCK", 37)


@pytest.mark.parametrize("seed", range(24))
def test_every_row_is_what_cost_says_in_the_order_of_the_grid(seed, tmp_path):
    design, over, _ = random_grid(seed)
    file = tmp_path / "designs.jsonl"
    found = convcost.sweep(design, over=over, B=2, where=f"{' + '.join(WHOLE_NUMBERS)} >= 0", out=file)
    every = [*rows_one_by_one(design, over)]
    expected = [
        {"design": row[1].name, "sizes": row[0]} | {name: getattr(row[1], name) for name in WHOLE_NUMBERS}
        for row in every
        if row
    ]
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert all(row.pop("spec") for row in rows)
    assert rows == expected
    assert (found.points, found.number_impossible) == (len(every), every.count(None))
    assert found.matching == len(expected)


@pytest.mark.parametrize("seed", range(12))
def test_the_spec_of_a_row_costs_what_the_row_says(seed):
    design, over, _ = random_grid(600 + seed)
    found = convcost.sweep(design, over=over, B=2, columns=(*WHOLE_NUMBERS, "arithmetic_intensity"), top=2000)
    assert len(found) > 0
    for row in found:
        report = convcost.cost(row.spec)
        assert {name: getattr(report, name) for name in row.quantities} == row.quantities
        assert report.arithmetic_intensity == row.quotients["arithmetic_intensity"]
        assert report.rows[0].input[0] == 2


def test_the_spec_of_a_row_has_the_sizes_of_an_input_that_was_inferred():
    [row] = convcost.sweep("a = Linear(10E, E)", over={"E": [3]}, B=4, S=5)
    assert row.spec == "[4, 5, 10*3] -> Linear(10*3, 3)"
    report = convcost.cost("Conv2d(E, F, 3)", E=2)
    [row] = convcost.sweep(report, over={"F": [7]}, H=9, W=8)
    assert row.spec == "[1, 2, 9, 8] -> Conv2d(2, 7, 3)"
    [row] = convcost.sweep("[B, L, E] -> Linear(E, E)", over={"E": [3]}, columns="params", by="params")
    assert (row.spec, row.quantities) == ("[B, L, 3] -> Linear(3, 3)", {"params": 12})


@pytest.mark.parametrize("seed", range(12))
def test_the_first_rows_are_the_smallest_and_of_equal_ones_the_first_of_the_grid(seed):
    design, over, choose = random_grid(100 + seed)
    by, sign = choose.choice([("params", 1), ("flops:max", -1), ("K", 1), ("bytes:max", -1)])
    name = by.partition(":")[0]
    found = convcost.sweep(design, over=over, B=2, by=by, top=7, where="params > 30 and not K = 2")
    rows = [row for row in rows_one_by_one(design, over) if row and row[1].params > 30 and row[0]["K"] != 2]
    rows.sort(key=lambda row: sign * (row[0][name] if name in row[0] else getattr(row[1], name)))
    assert [row.sizes for row in found] == [row[0] for row in rows[:7]]
    assert found.found == len(rows)


@pytest.mark.parametrize("seed", range(12))
def test_the_pareto_front_is_what_comparing_all_pairs_gives(seed):
    design, over, choose = random_grid(200 + seed)
    objectives = choose.sample(["flops", "params:max", "K:max", "activations", "C:max"], 2 + seed % 2)
    found = convcost.sweep(design, over=over, B=2, pareto=objectives, top=1000)

    def numbers(row):
        for each in objectives:
            name, _, largest = each.partition(":")
            yield (row[0][name] if name in row[0] else getattr(row[1], name)) * (-1 if largest else 1)

    rows = [row for row in rows_one_by_one(design, over) if row]
    keys = [(*numbers(row),) for row in rows]
    front = [
        (key, place)
        for place, key in enumerate(keys)
        if key not in keys[:place]
        and not any(all(a <= b for a, b in zip(other, key, strict=True)) and other != key for other in keys)
    ]
    assert [row.sizes for row in found] == [rows[place][0] for _, place in sorted(front)]
    assert found.found == len(front)


@pytest.mark.parametrize("seed", range(8))
def test_ratios_are_exact_and_to_the_first_design_at_the_same_sizes(seed):
    design, over, _ = random_grid(300 + seed)
    first = "[B, C, H, H] -> Conv2d(C, C, K)"
    found = convcost.sweep(first, design, over=over, B=2, where="ratio > 0.5 and ratio <= 4", top=500)
    expected = []
    for row in rows_one_by_one(design, over, first):
        if row and row[2].flops and Fraction(1, 2) < Fraction(row[1].flops, row[2].flops) <= 4:
            expected.append((row[0], Fraction(row[1].flops, row[2].flops)))
    assert sorted((repr(row.sizes), row.ratio) for row in found) == sorted(
        (repr(sizes), ratio) for sizes, ratio in expected
    )


def test_a_reference_without_flops_has_no_ratio_and_no_condition_on_it_holds():
    over = {"E": "1:4"}
    found = convcost.sweep("[B, E] -> ReLU", "Linear(E, E)", over=over, by="flops")
    assert [row.ratio for row in found] == [None] * 4
    assert convcost.sweep("[B, E] -> ReLU", "Linear(E, E)", over=over, where="not ratio >= 0").matching == 4


def test_numbers_beyond_64_bits_are_exact():
    sizes = [10**12 + 7, 3 * 10**12, 10**18]
    found = convcost.sweep("Linear(E, F)", over={"E": sizes, "F": "E,2E*E"}, by="flops:max")
    expected = {(e, f): convcost.cost("Linear(E, F)", E=e, F=f) for e in sizes[:2] for f in (e, 2 * e * e)}
    rows = {(*row.sizes.values(),): row.quantities for row in found}
    assert all(
        rows[place] == {"flops": report.flops, "params": report.params} for place, report in expected.items()
    )
    assert all(type(size) is int for row in found for size in (*row.sizes.values(), *row.quantities.values()))


def test_impossible_designs_are_counted_by_reason():
    found = convcost.sweep("[B,C,L] -> Conv1d(C, C/2, 1, groups=G)", over={"C": "1:6", "G": "1:3"}, L=4)
    every = Counter()
    for c, g in product(range(1, 7), range(1, 4)):
        if c % 2:
            every["C/2 must divide exactly"] += 1
        elif c % g:
            every["groups must divide in_channels"] += 1
        elif c // 2 % g:
            every["groups must divide out_channels"] += 1
    assert dict(found.impossible) == dict(every)
    assert found.matching == 18 - every.total()


def test_two_swept_designs_are_both_compared_with_the_first():
    found = convcost.sweep("a = Linear(E, E)", "b = Linear(E, 2E)", "c = Linear(E, E)", over={"E": "2,3"})
    assert [(row.name, row.sizes["E"], row.ratio) for row in found] == [
        ("c", 2, 1),
        ("b", 2, 2),
        ("c", 3, 1),
        ("b", 3, 2),
    ]


def test_a_size_needs_a_value_only_where_something_asked_depends_on_it():
    over = {"C": [1, 3]}
    assert len(convcost.sweep("[B, C, H] -> ReLU", over=over)) == 2
    assert len(convcost.sweep("[B, C, H] -> ReLU", over=over, where="H > 1", H=2)) == 2
    for options in ({"where": "H > 1"}, {"by": "H"}, {"pareto": "elementwise"}):
        with pytest.raises(UnboundSizeError, match="H has no value"):
            convcost.sweep("[B, C, H] -> ReLU", over=over, **options)


def test_designs_without_any_of_a_quantity_are_sorted_and_compared():
    design, over = "[B, C] -> ReLU", {"C": [1, 2]}
    assert [row.sizes["C"] for row in convcost.sweep(design, over=over, pareto="flops,C")] == [1]
    assert [row.ratio for row in convcost.sweep(design, design, over=over, where="flops = 0")] == [None, None]


def test_a_size_that_no_design_has_may_stand_in_formulas():
    found = convcost.sweep("Linear(E, F)", over={"R": "2,4", "E": "8,16", "F": "R*E"}, top=2)
    assert [dict(row.sizes) for row in found] == [{"R": 2, "E": 8, "F": 16}, {"R": 4, "E": 8, "F": 32}]


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"E": "1:10:0"}, "the step is 0; it must be at least 1"),
        ({"E": "5:1"}, "the range is empty: 5 is more than 1"),
        ({"E": "1:F"}, "a range is START:STOP"),
        ({"E": "2^3..3^4"}, "is for powers of one base"),
        ({"E": "2^5..2^4"}, r"the range is empty: 2\^5 is more than 2\^4"),
        ({"E": "64-512"}, "64-512 is -448; a range is written 64:512"),
        ({"E": []}, "E has no values in over"),
        ({"E": range(5, 1)}, "E has no values in over"),
        ({"E": "1,,2"}, "a value is missing"),
        ({"E": "-3"}, "a size is from 0 to 10\\^18"),
        ({"E": "1," * 10_000 + "2"}, "has more than 10,000 values"),
        ({"E": "3,1:5"}, "a value is given twice"),
        ({"E": "2^100..2^101"}, "exponents up to 99"),
        ({"E": "F", "F": "E"}, "E, F: their values depend on each other"),
        ({"E": "E,2E"}, "E: its values depend on itself"),
        ({"E": "X"}, "X has no value"),
        ({"X": "1"}, "no size is called X"),
        ({}, "no value|no size is swept"),
        ({"E": "1:1000000000000", "F": "1:2"}, "the limit is 1,000,000,000,000"),
    ],
)
def test_a_wrong_grid_is_refused(over, message):
    with pytest.raises(ConvcostError, match=message):
        convcost.sweep("Linear(E, F)", over=over, **({} if "F" in over else {"F": 3}))


def test_a_size_can_not_be_swept_and_given():
    with pytest.raises(UsageError, match="E is swept but also has a value"):
        convcost.sweep("Linear(E, E)", over={"E": "1:3"}, E=4)


@pytest.mark.parametrize(
    "values", ["8;16", "8 16", "8 to 16", "8|16", "[8,16]", "{8}", "8.5", "1e3", "8-", "f(3)"]
)
def test_values_that_are_no_sizes_are_told_how_they_are_written(values):
    for wrong in (values, [4, values]):
        with pytest.raises(SpecError, match=re.escape(OVER_HINT)):
            convcost.sweep("Linear(E, E)", over={"E": wrong})


def test_an_error_points_at_the_place_in_the_values():
    with pytest.raises(SpecError) as caught:
        convcost.sweep("Linear(E, E)", over={"E": "1,2+"})
    assert str(caught.value).splitlines()[1:3] == ["  1,2+", "      ^"]


def test_where_no_formula_holds_each_point_is_tried_and_counted_alone():
    design, over = "[B, C, 4] -> Flatten(D, D + 1) -> Linear(F, 3)", {"C": "1:3", "D": "1,2,5", "F": "4,8"}
    found = convcost.sweep(design, over=over)
    expected = []
    for c, d, f in product((1, 2, 3), (1, 2, 5), (4, 8)):
        try:
            expected.append(({"C": c, "D": d, "F": f}, convcost.cost(design, C=c, D=d, F=f).flops))
        except ConvcostError:
            continue
    rows = [(dict(row.sizes), row.quantities["flops"]) for row in found]
    assert rows == sorted(expected, key=lambda row: row[1])
    assert found.number_impossible == 18 - len(expected) > 0


def test_a_name_of_a_size_and_a_quantity_is_not_asked_about():
    over = {"flops": "1:3"}
    assert len(convcost.sweep("Linear(E, flops)", over=over, E=2, by="params")) == 3
    for options in ({}, {"where": "flops > 1", "by": "params"}, {"pareto": "flops,params"}):
        with pytest.raises(UsageError, match="flops is both a size and a quantity"):
            convcost.sweep("Linear(E, flops)", over=over, E=2, **options)


def test_a_formula_that_is_negative_is_no_size():
    found = convcost.sweep("Linear(E, F)", over={"E": "1,9", "F": "E-5"})
    assert dict(found.impossible) == {"F = E-5 must be a whole number": 1}
    assert [row.sizes for row in found] == [{"E": 9, "F": 4}]


def test_what_the_first_design_can_not_be_is_impossible_for_each_of_the_others():
    found = convcost.sweep("[B, E] -> Linear(E/2, E)", "Linear(E, 3)", "Linear(E, 4)", over={"E": "1:3"})
    assert dict(found.impossible)["E/2 must divide exactly"] == 4
    assert found.number_impossible + found.matching == found.number == 6


def test_numbers_beyond_64_bits_by_a_size_that_is_not_swept_are_exact():
    found = convcost.sweep("[B, E] -> Linear(E, F, bias=False)", over={"E": "999999:1000001"}, F=10**15 + 7)
    assert [row.quantities["flops"] for row in found] == [
        2 * width * (10**15 + 7) for width in range(999_999, 1_000_002)
    ]
