"""Chooses the engine of a sweep."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcost.core.errors import UsageError, unknown_name
from convcost.search.engines.interface import Engine

if TYPE_CHECKING:
    from convcost.search.grid_blocks import SweepPlan

AUTO = "auto"

SPARK = "spark"

ENGINES = (AUTO, "numpy", "duckdb", SPARK)

MOST_IN_NUMPY = 10**8
"""The most points for NumPy, which takes some minutes."""

MOST_IN_DUCKDB = 10**10
"""Points that a database on one machine evaluates: several minutes."""

FEWEST_IN_DUCKDB = 2**18
"""The number of points from which a database is faster than NumPy, including its start."""

INSTALL = "pip install 'convcost[sweep]'"


def check_engine(name: str, master: str, *, has_variants: bool) -> None:
    """UsageError for an unknown engine, or one that can't evaluate the request."""
    if name not in ENGINES:
        raise unknown_name("no engine is called", name, ENGINES)
    if master and name != SPARK:
        raise UsageError(
            "a Spark master needs the engine spark",
            hint='Add engine="spark".',
            cli_hint="Add --engine spark.",
        )
    if has_variants and name not in (AUTO, "numpy"):
        raise UsageError(
            f"the engine {name} can't evaluate variants of a module", hint="Leave the engine out."
        )


def engine_for(name: str, plan: SweepPlan, master: str = "") -> Engine:
    """The engine called `name`; `auto` is DuckDB for a large grid if installed, else NumPy.

    `master` is Spark's. Both must be checked before. UsageError if the engine can't evaluate the plan.
    """
    if name == SPARK:
        return _spark_engine(plan, master)
    points = plan.grid.points
    if plan.arguments:
        points *= len(plan.designs)
    elif name == "duckdb" or (name == AUTO and points >= FEWEST_IN_DUCKDB and has_duckdb()):
        from convcost.search.graph.expression_graph import EngineLimitError

        if points > MOST_IN_DUCKDB:
            message = f"the grid has {points:,} points; the limit is {MOST_IN_DUCKDB:,} on one machine"
            raise _too_many_points(message, "use", SPARK)
        try:
            return _duckdb_engine(plan)
        except EngineLimitError:
            if name == "duckdb" or points > MOST_IN_NUMPY:
                raise
    if points > MOST_IN_NUMPY:
        message = f"the grid has {points:,} points; the limit is {MOST_IN_NUMPY:,} without a database"
        raise _too_many_points(message, f"{INSTALL} and use", "duckdb")
    from convcost.search.engines.numpy_engine import NumPyEngine

    return NumPyEngine(plan)


def _too_many_points(message: str, action: str, engine: str) -> UsageError:
    """An error that says to take fewer points, or another engine."""
    hint = f"Take larger steps or fewer sizes, or {action}"
    return UsageError(message, hint=f'{hint} engine="{engine}".', cli_hint=f"{hint} --engine {engine}.")


def has_duckdb() -> bool:
    """Whether the packages of the engine are installed."""
    return all(find_spec(package) for package in ("duckdb", "pyarrow", "sqlglot"))


def _duckdb_engine(plan: SweepPlan) -> Engine:
    if not has_duckdb():
        raise UsageError("DuckDB is not installed", hint=f"To install it: {INSTALL}")
    from convcost.search.engines.duckdb.engine import DuckDBEngine

    return DuckDBEngine(plan)


def _spark_engine(plan: SweepPlan, master: str) -> Engine:
    if not all(find_spec(package) for package in ("pyspark", "pyarrow", "sqlglot")):
        raise UsageError("Spark is not installed", hint="To install it: pip install 'convcost[spark]'")
    from convcost.search.engines.spark.engine import SparkEngine

    return SparkEngine(plan, master)
