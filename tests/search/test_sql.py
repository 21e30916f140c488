"""The SQL of a graph, on DuckDB: what Python's integers give, in types that have room for it."""

import duckdb
import pytest
from hypothesis import given, settings
from sqlglot import exp
from test_expression_graph import RANGES, formulas

from convcost.core.errors import UsageError
from convcost.search.graph.expression_graph import ExpressionGraph
from convcost.search.graph.graph_conditions import choose
from convcost.search.graph.graph_numbers import given_number
from convcost.search.graph.graph_results import operation_number
from convcost.search.graph.sql import DUCKDB, SPARK, SqlRelation, SqlTranslator

DATABASE = duckdb.connect()


def query_on(graph, rows):
    """A query whose columns are the inputs of the graph, and its rows these."""
    inputs = {number: each.value for number, each in enumerate(graph.operations) if each.value in rows[0]}
    number = lambda value: exp.cast(exp.convert(value), "BIGINT")  # noqa: E731
    tuples = [exp.Tuple(expressions=[*map(number, row.values())]) for row in rows]
    return SqlRelation(exp.values(tuples, alias="t", columns=[*rows[0]]), inputs)


def run(graph, rows, value, conditions=()):
    translator, number = SqlTranslator(graph, DUCKDB), operation_number(graph, value)
    query = translator.where(query_on(graph, rows), conditions, [number])
    tree = translator.select(query, {"found": number})
    return [found for (found,) in DATABASE.execute(DUCKDB.sql(tree)).fetchall()]


def inputs(ranges):
    graph = ExpressionGraph()
    return graph, {name: given_number(graph, name, *bounds) for name, bounds in ranges.items()}


ROWS = [
    {"a": a, "b": b, "c": c, "d": d}
    for a in (-7, -3, 0, 2, 9)
    for b in (0, 1, 5)
    for c in (-5, -1)
    for d in (1, 3, 8)
]


@settings(max_examples=40, deadline=None)
@given(formulas())
def test_every_row_is_what_pythons_integers_give(formula):
    graph, sizes = inputs(RANGES)
    value = formula(sizes)
    assert run(graph, ROWS, value) == [formula(row) for row in ROWS]


def test_floor_division_of_negative_numbers_rounds_down():
    graph, sizes = inputs({"a": (-9, 9), "d": (2, 5)})
    rows = [{"a": a, "d": d} for a in range(-9, 10) for d in (2, 3, 5)]
    assert run(graph, rows, sizes["a"] // sizes["d"]) == [row["a"] // row["d"] for row in rows]
    assert run(graph, rows, sizes["a"] % sizes["d"]) == [row["a"] % row["d"] for row in rows]


@pytest.mark.parametrize("power", [2, 3, 4, 6])
def test_numbers_beyond_64_and_96_bits_are_exact(power):
    size = 2**20 + 7
    graph, sizes = inputs({"E": (1, size), "F": (1, 3)})
    rows = [{"E": size - offset, "F": offset + 1} for offset in range(3)]
    formula = lambda E, F: (E**power + F) * 5 // (2 * F + 1) % (E + 10**15)  # noqa: E731, N803
    assert run(graph, rows, formula(**sizes)) == [formula(**row) for row in rows]
    assert run(graph, rows, sizes["E"] ** power - sizes["F"]) == [
        row["E"] ** power - row["F"] for row in rows
    ]


def test_numbers_that_could_pass_38_digits_are_refused_before():
    graph, sizes = inputs({"E": (1, 10**13)})
    assert run(graph, [{"E": 10**12}], sizes["E"] ** 2 * 10**11) == [10**35]
    with pytest.raises(UsageError, match=r"can exceed 10\^38"):
        run(graph, [{"E": 1}], sizes["E"] ** 3)


def test_small_constants_have_room_for_their_product():
    graph, sizes = inputs({"b": (0, 6)})
    picked = choose(sizes["b"] > 2, 100_000, 200_000)
    assert run(graph, [{"b": 1}, {"b": 3}], picked * picked) == [4 * 10**10, 10**10]


def test_what_is_needed_twice_is_computed_once_and_deep_formulas_are_put_into_subqueries():
    graph, sizes = inputs({"a": (-7, 9)})
    value = sizes["a"]
    for step in range(300):
        value = abs(value - step) + 1 if step % 3 else value * 2
        value = value % 10_007
    expected = 9
    for step in range(300):
        expected = (abs(expected - step) + 1 if step % 3 else expected * 2) % 10_007
    assert run(graph, [{"a": 9}], value) == [expected]
    shared = sizes["a"] * sizes["a"] + 5
    tree = SqlTranslator(graph, DUCKDB).select(
        query_on(graph, [{"a": 1}]), {"found": operation_number(graph, shared * (shared + 1) * (shared + 2))}
    )
    assert DUCKDB.sql(tree).count("*") == 3


def test_conditions_keep_the_rows_where_all_hold_and_the_columns_that_are_needed():
    graph, sizes = inputs({"a": (-7, 9), "b": (0, 6)})
    square = sizes["a"] * sizes["a"]
    conditions = [
        operation_number(graph, (square > 8) & (sizes["b"] != 1)),
        operation_number(graph, square < 50),
    ]
    rows = [{"a": a, "b": b} for a in range(-7, 10) for b in range(4)]
    expected = [row["a"] ** 2 + row["b"] for row in rows if 8 < row["a"] ** 2 < 50 and row["b"] != 1]
    assert run(graph, rows, square + sizes["b"], conditions) == expected
    assert run(graph, rows, 7, conditions) == [7] * len(expected)


def test_each_database_has_its_own_types_and_division():
    graph, sizes = inputs({"E": (1, 2**40)})
    value = operation_number(graph, sizes["E"] ** 2 // 3)
    query = SqlRelation(exp.to_table("t"), {0: "E"})
    assert DUCKDB.sql(SqlTranslator(graph, DUCKDB).select(query, {"q": value})) == (
        'SELECT (CAST("E" AS INT128) * CAST("E" AS INT128)) // CAST(3 AS INT128) AS "q" FROM "t"'
    )
    assert "DIV" in SPARK.sql(SqlTranslator(graph, SPARK).select(query, {"q": value}))
