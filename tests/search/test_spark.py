"""Spark gives what NumPy and DuckDB give: rows in their order, the best ones, and impossible designs."""

import random

import pytest
from cli_runner import convcost as command
from sqlglot import exp
from test_duckdb import EVERY, ORDERS, random_sweep

import convcost
from convcost.core.errors import UsageError
from convcost.search.bound_rows import spread_points
from convcost.search.engines.spark import engine
from convcost.search.engines.spark import queries as spark_queries
from convcost.search.engines.spark.sql import SparkTranslator
from convcost.search.graph.expression_graph import ExpressionGraph
from convcost.search.graph.graph_arithmetic import larger, smaller
from convcost.search.graph.graph_conditions import choose
from convcost.search.graph.graph_numbers import given_number
from convcost.search.graph.graph_results import operation_number
from convcost.search.graph.sql import SPARK, SqlRelation
from convcost.search.grid import Grid, values_axis

pytestmark = pytest.mark.spark

ENGINES = ("numpy", "duckdb", "spark")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch, spark):
    """Parts of few points, so that grids have several."""
    monkeypatch.setattr(spark_queries, "SMALLEST_PART", 300)
    monkeypatch.setattr(spark_queries, "MOST_PARTS", 2)
    monkeypatch.setattr(engine, "FEWEST_SAMPLED", 40)


def by_all(*texts, **options):
    return [convcost.sweep(*texts, engine=name, **options) for name in ENGINES]


@pytest.mark.parametrize("seed", [300, 302])
def test_the_first_rows_are_the_same(seed):
    texts, options, choose_from = random_sweep(seed)
    order = choose_from.choice([*ORDERS, "ratio", "ratio:max"] if texts[1:] else ORDERS)
    expected, of_duckdb, found = by_all(*texts, by=order, top=choose_from.choice([1, 7, 1000]), **options)
    assert found == of_duckdb == expected


@pytest.mark.parametrize("seed", [400, 403])
def test_the_pareto_front_is_the_same(seed):
    texts, options, choose_from = random_sweep(seed)
    known = [*ORDERS, "ratio"] if texts[1:] else ORDERS
    objectives = [*{name.partition(":")[0]: name for name in choose_from.sample(known, 3)}.values()]
    expected, of_duckdb, found = by_all(*texts, pareto=objectives, top=500, **options)
    assert found == of_duckdb == expected


@pytest.mark.slow
def test_twenty_thousand_rows_are_the_same_in_the_same_order(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "POINTS_OF_ROWS", 2**16)
    files = {name: tmp_path / f"{name}.csv" for name in ENGINES}
    over = {"C": "1:40", "M": "C/2,2C,C-9,4", "K": "1,3,4", "H": "7:30:2", "G": "0,1,2,3"}
    texts = ("[B, C, H, H] -> Conv2d(C, M, 1)", "[B, C, H, H] -> Conv2d(C, M, K, stride=G, padding=K//2)")
    options = {"over": over, "columns": EVERY, "by": "ratio:max", "B": 3}
    expected, *others = (
        convcost.sweep(*texts, *texts[1:], engine=name, out=file, **options) for name, file in files.items()
    )
    assert expected.matching > 20_000
    assert others == [expected, expected]
    assert files["numpy"].read_bytes() == files["duckdb"].read_bytes() == files["spark"].read_bytes()


def test_sums_beyond_64_and_96_bits_and_sizes_that_differ_in_case_alone():
    over = {"S": "4294967291:4294967311:4", "s": "18446744073709551:18446744073709557:3,S//7"}
    text = "[B, S] -> Linear(S, s) -> Linear(s, S) -> x + Linear(S, S)"
    expected, of_duckdb, found = by_all(text, over=over, B=10**7 + 19, columns=EVERY, by="bytes:max")
    assert found == of_duckdb == expected
    assert found.rows[0].quantities["flops"] > 2**110
    smallest = convcost.sweep(text, over=over, B=10**7 + 19, engine="spark", by="flops_per_output_element")
    assert smallest == convcost.sweep(text, over=over, B=10**7 + 19, by="flops_per_output_element")


def test_all_operations_are_exact_whatever_the_signs_and_the_digits(spark):
    choose_from = random.Random(5)
    graph = ExpressionGraph()
    ranges = {"a": (-9, 9), "b": (0, 5), "C": (-(10**15), 10**15), "c": (1, 9 * 10**15)}
    rows = [{name: choose_from.randint(*bounds) for name, bounds in ranges.items()} for _ in range(300)]
    given = {name: given_number(graph, name, *bounds) for name, bounds in ranges.items()}
    formulas = [
        lambda a, b, C, c: (a // 4, a % 4, C // c, C % c, C // (b + 3), a // (b - 3)),  # noqa: N803
        lambda a, b, C, c: (C * c * a, C * c * 7 // 11 % 1000, C * c // (c + 10**14), -C * c // (c + 10**15)),  # noqa: N803
        lambda a, b, C, c: (c * c // (c // 3 + 1), c * c % (c // 5 + 7), (c * c + 5) * (b + 2) // (c + 99)),  # noqa: N803
        lambda a, b, C, c: (abs(C * c), abs(a), C * C * a + c),  # noqa: N803
    ]
    wanted = [each for formula in formulas for each in formula(**given)]
    wanted += [smaller(given["a"], given["b"]), larger(given["C"] * given["c"], given["c"])]
    wanted += [choose(given["a"] * given["C"] < given["c"], given["C"] * given["C"], given["b"])]
    numbers = {f"n{place}": operation_number(graph, value) for place, value in enumerate(wanted)}
    inputs = {number: each.value for number, each in enumerate(graph.operations) if each.value in ranges}
    tuples = [
        exp.Tuple(expressions=[exp.cast(exp.convert(each), "BIGINT") for each in row.values()])
        for row in rows
    ]
    columns = [f"v{number}" for number in inputs]
    source = SqlRelation(
        exp.values(tuples, alias="t", columns=columns), dict(zip(inputs, columns, strict=True))
    )
    found = spark.sql(SPARK.sql(SparkTranslator(graph).select(source, numbers))).collect()
    for row, values in zip(rows, found, strict=True):
        assert [*map(int, values)] == graph.evaluate([*numbers.values()], row)


def test_numbers_that_spark_does_not_have_are_refused_before_it_is_started():
    over = {"E": "1:1000000000000000000:100000000000000000", "F": "1,2"}
    with pytest.raises(UsageError, match=r"can exceed 10\^38 with E up to"):
        convcost.sweep("[B, E] -> Linear(E, E) -> Linear(E, F)", over=over, B=1000, engine="spark")
    with pytest.raises(UsageError, match="a Spark master needs the engine spark"):
        convcost.sweep("Linear(E, 1)", over={"E": "1:3"}, master="local")
    with pytest.raises(UsageError, match="foo is not a Spark master"):
        convcost.sweep("Linear(E, 1)", over={"E": "1:3"}, engine="spark", master="foo")


def test_a_sample_has_every_value_of_each_axis():
    grid = Grid((values_axis("C", "1:100"), values_axis("K", "1,3,5,7"), values_axis("H", "8:71")), {})
    points = [*spread_points(grid.points, 256)]
    assert 200 < len(points) < 300
    assert {point % 64 for point in points} == {*range(64)}
    assert {point // 64 % 4 for point in points} == {*range(4)}
    assert {point // 256 for point in points} == {*range(100)}


def test_the_command_prints_the_same_and_nothing_else():
    line = (
        "sweep",
        "[B,C,H,H] -> Conv2d(C, M, K)",
        "--over",
        "C=4:64:4",
        "--over",
        "K=1,3,5",
        "--over",
        "M=2C,C/8",
    )
    options = ("--H", "4", "--where", "flops / params > 20", "--pareto", "flops,C:max")
    expected, found = (command(*line, *options, "--engine", name) for name in ("numpy", "spark"))
    assert found[:2] == expected[:2]
    assert found[0] == 0
    assert all(line.startswith("points of the grid: ") for line in found[2].splitlines())
