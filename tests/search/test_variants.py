"""A module built with each combination of arguments is counted as `profile` counts each of them."""

from itertools import product

import pytest
import torch
from torch import nn

import convcost
from convcost.core.errors import ConvcostError, UsageError, WrongTypeError
from convcost.search.variants.arguments import MOST_VARIANTS, combinations, parse_argument_axis


class Net(nn.Module):
    def __init__(self, width, kernel=3, groups=1, bias=True, activation="relu"):
        super().__init__()
        if width == 13:
            raise ValueError("width is unlucky")
        self.first = nn.Conv2d(3, width, kernel, stride=2, bias=bias)
        self.second = nn.Conv2d(width, 2 * width, 1, groups=groups)
        self.activation = {"relu": nn.ReLU, "gelu": nn.GELU}[activation]()

    def forward(self, x):
        return self.second(self.activation(self.first(x)))


OVER_ARGS = {"width": [8, 9, 13], "kernel": [1, 3, 40], "groups": (1, 3), "bias": [True, False]}
HEIGHTS = (6, 9)


def run(height, **arguments):
    """What it costs; the error where it can't be built or run."""
    try:
        return convcost.profile(Net(**arguments).to("meta"), torch.empty(2, 3, height, 32, device="meta"))
    except (ConvcostError, RuntimeError, ValueError) as error:
        return error


def test_every_row_is_what_the_module_with_its_arguments_costs_and_failures_are_counted():
    found = convcost.sweep(Net, over_args=OVER_ARGS, inputs="f32[B,3,9,32]", B=2, top=100)
    every = [dict(zip(OVER_ARGS, values, strict=True)) for values in product(*OVER_ARGS.values())]
    runs = [run(9, **arguments) for arguments in every]
    expected = [
        (arguments, {"flops": each.flops, "params": each.params})
        for arguments, each in zip(every, runs, strict=True)
        if not isinstance(each, Exception)
    ]
    expected.sort(key=lambda row: row[1]["flops"])
    assert [(row.arguments, row.quantities) for row in found] == expected
    assert found.points == len(every) == 36
    assert found.number_impossible == 36 - len(expected)
    assert found.impossible["ValueError: width is unlucky"] == 12
    assert found.impossible["ValueError: in_channels must be divisible by groups"] == 6


def test_arguments_and_open_sizes_make_one_grid():
    over_args = {"width": "8:16:8", "activation": "relu,gelu"}
    found = convcost.sweep(
        Net,
        over_args=over_args,
        inputs="f32[2,3,H,32]",
        over={"H": HEIGHTS},
        by="elementwise:max",
        columns="elementwise,bytes",
    )
    assert (found.points, found.found) == (8, 8)
    for row in found:
        report = run(row.sizes["H"], **row.arguments)
        assert row.quantities == {"elementwise": report.elementwise, "bytes": report.bytes}
    numbers = [row.quantities["elementwise"] for row in found]
    assert numbers == sorted(numbers, reverse=True)


def test_conditions_orders_and_fronts_are_about_arguments_too():
    given = {"over_args": {"width": "2:12:2", "kernel": "1,3"}, "inputs": "f32[1,3,9,9]"}
    kept = convcost.sweep(Net, **given, where="width * kernel >= 10 and not kernel = 3", by="width:max")
    assert [(*row.arguments.values(),) for row in kept] == [(12, 1), (10, 1)]
    front = convcost.sweep(Net, **given, pareto="params,width:max")
    assert [(*row.arguments.values(),) for row in front] == [(width, 1) for width in range(2, 13, 2)]


def test_numbers_that_are_no_integers_are_compared_exactly():
    def scaled(width, scale):
        return nn.Linear(width, round(width * scale))

    found = convcost.sweep(
        scaled, over_args={"scale": [0.1, 0.3, 0.25], "width": [20]}, inputs="f32[1,20]", where="scale <= 0.3"
    )
    assert [row.arguments["scale"] for row in found] == [0.1, 0.25, 0.3]
    none = convcost.sweep(
        scaled, over_args={"scale": [0.1], "width": [20]}, inputs="f32[1,20]", where="scale = 0.1"
    )
    assert none.matching == 0  # the float 0.1 is a little more than 0.1
    some = convcost.sweep(
        scaled,
        over_args={"scale": [0.3, 0.1, 0.25], "width": [20]},
        inputs="f32[1,20]",
        where="scale > 0.2",
        by="scale",
    )
    assert [row.arguments["scale"] for row in some] == [0.25, 0.3]


def test_an_argument_may_be_a_size_of_the_inputs():
    found = convcost.sweep(
        nn.Linear, over_args={"in_features": [3, 5], "out_features": [2]}, inputs="f32[B,in_features]"
    )
    assert [row.quantities["flops"] for row in found] == [12, 20]
    assert found.assumed == ("B",)
    with pytest.raises(UsageError, match="in_features is a size of the inputs"):
        convcost.sweep(
            nn.Linear, over_args={"in_features": ["a"], "out_features": [2]}, inputs="f32[B,in_features]"
        )


def test_ratios_are_to_the_design_in_front():
    spec = "[B, 3, H, 32] -> Conv2d(3, 8, 3)"
    found = convcost.sweep(
        spec, Net, over_args={"width": [8, 16]}, inputs="f32[B,3,H,32]", over={"H": HEIGHTS}, B=2, top=9
    )
    assert len(found) == 4
    for row in found:
        report = run(row.sizes["H"], **row.arguments)
        assert row.ratio * convcost.cost(spec, H=row.sizes["H"], B=2).flops == report.flops


def test_classes_are_shown_by_their_names():
    found = convcost.sweep(
        lambda act: nn.Sequential(nn.Linear(3, 3), act()),
        over_args={"act": [nn.ReLU, nn.GELU]},
        inputs="f32[1,3]",
    )
    assert found.over_arguments == {"act": "ReLU,GELU"}
    assert "GELU" in str(found)
    assert [row.arguments["act"] for row in found] == [nn.ReLU, nn.GELU]


def test_a_module_with_its_inputs_is_a_design():
    module = nn.Conv2d(3, 8, 3)
    found = convcost.sweep(module, inputs="f32[B,3,H,H]", over={"H": "4,8"})
    assert [row.quantities["flops"] for row in found] == [
        convcost.profile(module, torch.empty(1, 3, height, height)).flops for height in (4, 8)
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"over_args": {"wide": [1]}},
            r"Net has no argument wide \(did you mean width\?\)",
        ),
        ({"over_args": {"width": []}}, "width has no value"),
        ({"over_args": {"width": [8, 8]}}, "a value is given twice"),
        (
            {"over_args": {"width": range(MOST_VARIANTS + 1)}},
            "100,001 combinations of arguments; the limit is 100,000",
        ),
        ({"over_args": {"width": [8]}, "inputs": ()}, "inputs are missing"),
        ({"over_args": {"width": [8]}, "over": {"E": "1,2"}}, "no size is called E"),
        ({"over_args": {"width": [8]}, "inputs": "f32[2,3,H,32]"}, "H has no value in Net"),
        ({"over_args": {"width": [8]}, "E": 3}, "no size is called E"),
        (
            {"over_args": {"width": [8, 9]}, "inputs": "f32[B,3,9,9]", "over": {"B": "1:60000000"}},
            "the variants have 120,000,000 points",
        ),
        (
            {"over_args": {"width": [8]}, "engine": "duckdb"},
            "the engine duckdb can't evaluate variants of a module",
        ),
        ({"over_args": {"width": [8], "bias": [None]}, "by": "bias"}, "bias has values that are not numbers"),
        (
            {"over_args": {"width": [8], "bias": ["a"]}, "where": "bias = 1"},
            "bias has values that are not numbers",
        ),
        ({"over_args": {"width": [8]}, "where": "depth = 1"}, "no quantity or size is called depth"),
        ({"over_args": {"width": [8], "params": [1]}}, "params is both an argument and a size or a quantity"),
    ],
)
def test_a_wrong_request_is_refused(given, message):
    with pytest.raises(ConvcostError, match=message):
        convcost.sweep(Net, **{"inputs": "f32[2,3,9,32]", **given})


def test_over_args_are_for_what_makes_modules():
    with pytest.raises(WrongTypeError, match="a class of torch modules"):
        convcost.sweep("Linear(E, E)", over_args={"E": [1]}, inputs="f32[2]")
    with pytest.raises(UsageError, match="returned an int; expected a torch"):
        convcost.sweep(lambda width: 3, over_args={"width": [1]}, inputs="f32[2]")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1,2", (1, 2)),
        ("a = 8:32:8, 100", (8, 16, 24, 32, 100)),
        ("a=2^1..2^4", (2, 4, 8, 16)),
        ("a=relu,gelu", ("relu", "gelu")),
        ("a=True,None,0.5,1e-3,-1", (True, None, 0.5, 0.001, -1)),
        ("a=(1,2),[3,(4,5)]", ((1, 2), [3, (4, 5)])),
        ("a=\"x,y\",'z'", ("x,y", "z")),
        ("a=1,True,1.0", (1, True, 1.0)),
        ("a=layer1:3", ("layer1:3",)),
    ],
)
def test_values_are_read_as_arguments_and_ranges_are(text, values):
    axis = parse_argument_axis(text)
    assert axis.values == values
    assert [*map(type, axis.values)] == [*map(type, values)]


@pytest.mark.parametrize(
    "text", ["a", "a=", "=1", "a b=1", "a=1,", "a=,1", "a=1,1", "a=(1,2", "a='x", "a=5:1", "a=1:1000000000"]
)
def test_what_is_no_list_of_values_is_refused(text):
    with pytest.raises(ConvcostError):
        parse_argument_axis(text)


@pytest.mark.parametrize("values", [[], "", " ", range(4, 2)])
def test_an_argument_without_values_is_refused(values):
    with pytest.raises(ConvcostError, match=r"^width has no values in over_args\nFor example, over_args="):
        convcost.sweep(Net, over_args={"width": values}, inputs="f32[1,3,9,9]")


def test_the_last_argument_changes_fastest():
    axes = [parse_argument_axis("a=1,2"), parse_argument_axis("b=x,y")]
    assert [(*each.values(),) for each in combinations(axes)] == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]


def test_arguments_are_columns_of_tables_and_files(tmp_path):
    from pyarrow import feather, parquet

    def net(width, scale=1, act=None):
        return nn.Linear(4, width)

    over_args = {"width": [2, 3], "scale": [1, 0.5], "act": [None, nn.ReLU]}
    expected = {
        "width": [2, 2, 2, 2, 3, 3, 3, 3],
        "scale": [1.0, 1.0, 0.5, 0.5] * 2,
        "act": [None, "ReLU"] * 4,
        "B": [1] * 8,
        "params": [10] * 4 + [15] * 4,
    }
    for name, read in (("a.parquet", parquet.read_table), ("a.arrow", feather.read_table)):
        found = convcost.sweep(
            net, over_args=over_args, inputs="f32[B,4]", over={"B": [1]}, out=tmp_path / name, by="width"
        )
        table = read(tmp_path / name)
        for each in (found.arrow(), table):
            assert {column: each[column].to_pylist() for column in expected} == expected
    assert [*table.schema.names[:5]] == ["design", "width", "scale", "act", "B"]
    assert found.pandas()["width"].tolist() == expected["width"]
    assert found.polars()["scale"].to_list() == expected["scale"]
