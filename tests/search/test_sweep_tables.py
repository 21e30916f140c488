"""Files and tables of a sweep have its rows exactly, whatever reads them."""

import json
import random
from fractions import Fraction

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet
from test_sweep import random_grid

import convcost
from convcost.core.errors import UsageError
from convcost.search import grid_blocks
from convcost.search.output import sweep_file

COLUMNS = ("params", "flops", "bytes", "arithmetic_intensity", "flops_per_output_element", "seconds")

LARGE = {"E": [2**20, 10**11 + 7, 10**12], "F": "E,5,3E*E"}
"""Costs of 40 bits, of 64 and more, and of more than 96."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks and groups of a few rows, so that files have several."""
    monkeypatch.setattr(grid_blocks, "BLOCK", 37)
    monkeypatch.setattr(sweep_file, "ROWS_OF_A_GROUP", 50)


def expected_rows(sweep):
    """The rows as plain data, each quotient as the float nearest to it."""
    names = (*sweep.columns, *(["ratio"] if sweep.reference else []))
    return [
        {
            "design": row.name,
            **row.sizes,
            **{name: float(v) if isinstance(v := row.get(name), Fraction) else v for name in names},
            "spec": row.spec,
        }
        for row in sweep
    ]


READERS = {
    "pyarrow": lambda file: parquet.read_table(file).to_pylist(),
    "DuckDB": lambda file: duckdb.read_parquet(str(file)).to_arrow_table().to_pylist(),
    "pandas": lambda file: pandas.read_parquet(file, dtype_backend="pyarrow").to_dict("records"),
    "Polars": lambda file: polars.read_parquet(file).to_dicts(),
}


@pytest.mark.parametrize("seed", range(4))
def test_all_readers_of_the_parquet_file_see_the_numbers_of_the_rows(seed, tmp_path):
    design, over, _ = random_grid(700 + seed)
    designs = (design,) if seed % 2 else ("[B, C, H, H] -> Conv2d(C, C, 1)", design)
    options = {"over": over, "B": 2, "columns": COLUMNS, "device": "h100", "top": 10**5}
    found = convcost.sweep(*designs, **options, where="flops < 10M", out=tmp_path / "designs.parquet")
    expected = sorted(expected_rows(found), key=repr)
    in_order = parquet.read_table(tmp_path / "designs.parquet").to_pylist()
    for read in READERS.values():
        rows = read(tmp_path / "designs.parquet")
        assert sorted(rows, key=repr) == expected
        assert rows == in_order
    assert len(in_order) == found.matching > 20
    convcost.sweep(*designs, **options, where="flops < 10M", out=tmp_path / "designs.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "designs.jsonl").read_text().splitlines()]
    assert [{**line.pop("sizes"), **line} for line in lines] == in_order


def test_numbers_beyond_64_bits_are_the_same_numbers_for_all_readers(tmp_path):
    file = tmp_path / "designs.parquet"
    found = convcost.sweep("Linear(E, F)", over=LARGE, columns="flops,params,arithmetic_intensity", out=file)
    assert max(row.quantities["flops"] for row in found) > 2**96
    wide = ("E", "F", "flops", "params")
    for read in READERS.values():
        rows = sorted(read(file), key=lambda row: row["flops"])
        assert [row | {name: int(row[name]) for name in wide} for row in rows] == expected_rows(found)


def test_integers_have_64_bits_where_all_fit(tmp_path):
    file = tmp_path / "designs.parquet"
    convcost.sweep("Linear(E, F)", over=LARGE, out=file)
    types = dict(zip(parquet.read_schema(file).names, parquet.read_schema(file).types, strict=True))
    wide = pa.decimal128(38, 0)
    assert types == {
        "design": pa.string(), "E": pa.int64(), "F": wide, "flops": wide, "params": wide, "spec": pa.string()
    }  # fmt: skip
    convcost.sweep("Linear(E, F)", over={"E": "1:200", "F": "E"}, out=file)
    assert parquet.read_schema(file).field("flops").type == pa.int64()
    assert parquet.ParquetFile(file).metadata.num_row_groups == 2 + 1


def test_the_file_of_arrow_has_what_parquet_has(tmp_path):
    for name in ("a.parquet", "a.arrow"):
        convcost.sweep("Linear(E, F)", over={"E": "1:90", "F": "E,2E"}, out=tmp_path / name)
    with ipc.open_file(tmp_path / "a.arrow") as file:
        assert file.read_all().equals(parquet.read_table(tmp_path / "a.parquet"), check_metadata=True)


def test_the_metadata_say_what_was_asked(tmp_path):
    file = tmp_path / "designs.parquet"
    over = {"E": "2,4"}
    options = {
        "where": "flops > 9",
        "device": "a100",
        "dtype": "bf16",
        "convention": convcost.Convention("all"),
    }
    convcost.sweep("a = Linear(E, E)", "b = Linear(E, 2E)", over=over, out=file, **options)
    assert json.loads(parquet.read_schema(file).metadata[b"convcost"]) == {
        "version": convcost.__version__,
        "designs": {"a": "Linear(E, E)", "b": "Linear(E, 2E)"},
        "over": {"E": "2,4"},
        "sizes": {"B": 1, "S": 1},
        "where": "flops > 9",
        "convention": {"count": "all", "padding": "full"},
        "dtype": "bfloat16",
        "devices": {"seconds": "a100-sxm-80gb"},
        "ratio": {"of": "flops", "to": "a"},
    }


def test_each_column_of_numbers_says_what_it_has(tmp_path):
    file = tmp_path / "designs.parquet"
    columns = "params,arithmetic_intensity,seconds"
    convcost.sweep(
        "a = Linear(E, E)", "Linear(E, 9)", over={"E": "2,4"}, out=file, columns=columns, device="h100"
    )
    schema = parquet.read_schema(file)
    described = {field.name: field.metadata[b"description"].decode() for field in [*schema][1:-1]}
    assert described == {
        "E": "Size: 2,4.",
        "params": "Parameters.",
        "arithmetic_intensity": "FLOPs per byte moved.",
        "seconds": "Roofline lower bound on h100-sxm, in seconds.",
        "ratio": "Ratio of flops to that of a at the same sizes.",
    }


def test_numbers_of_more_than_38_digits_are_refused_where_there_is_no_room(tmp_path):
    file, design, options = tmp_path / "designs.parquet", "[B,L,E] -> Linear(E, E)", {"over": {"E": [10**17]}}
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"flops has numbers beyond 10\^38"):
        convcost.sweep(design, **options, L=10**17, out=file)
    assert file.read_text() == "mine"
    found = convcost.sweep(design, **options, L=10**17, out=tmp_path / "designs.csv")
    for table in ("arrow", "polars"):
        with pytest.raises(UsageError, match="flops has numbers"):
            getattr(found, table)()
    assert found.pandas()["flops"].tolist() == [2 * 10**51]
    assert str(2 * 10**51) in (tmp_path / "designs.csv").read_text()


@pytest.mark.parametrize("table", ["arrow", "pandas", "polars"])
def test_the_tables_of_other_libraries_have_the_kept_rows(table):
    options = {"over": LARGE, "columns": COLUMNS[:4], "by": "params"}
    found = convcost.sweep("[B,E] -> ReLU", "Linear(E, F)", **options)
    made = getattr(found, table)()
    rows = (
        made.to_dict("records")
        if table == "pandas"
        else made.to_pylist()
        if table == "arrow"
        else made.to_dicts()
    )
    for row, expected in zip(rows, expected_rows(found), strict=True):
        assert expected.pop("ratio") is None
        assert pandas.isna(row.pop("ratio"))
        assert row == expected


def test_integers_of_pandas_and_polars_are_plain_where_they_fit():
    found = convcost.sweep("Linear(E, F)", over=LARGE)
    assert dict(found.pandas().dtypes.astype(str)) | {"design": "", "spec": ""} == {
        "design": "", "E": "int64", "F": "object", "flops": "object", "params": "object", "spec": ""
    }  # fmt: skip
    assert [*found.polars().dtypes] == [
        polars.String, polars.Int64, polars.Int128, polars.Int128, polars.Int128, polars.String
    ]  # fmt: skip


def test_a_sweep_without_rows_has_tables_without_rows(tmp_path):
    file = tmp_path / "designs.parquet"
    found = convcost.sweep("Linear(E, F)", over={"E": "1:3", "F": "2"}, where="flops < 0", out=file)
    names = ["design", "E", "F", "flops", "params", "spec"]
    assert parquet.read_table(file).column_names == found.arrow().column_names == names
    assert [*found.pandas().columns] == found.polars().columns == names
    assert len(found.pandas()) == len(found.polars()) == found.arrow().num_rows == 0


@pytest.mark.parametrize(
    ("library", "method"), [("pyarrow", "arrow"), ("pandas", "pandas"), ("polars", "polars")]
)
def test_a_library_that_is_missing_is_named_with_the_way_to_install_it(
    library, method, monkeypatch, tmp_path
):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    found = convcost.sweep("Linear(E, E)", over={"E": "1:3"})
    with pytest.raises(UsageError, match=f"{library}.* is not installed"):
        getattr(found, method)()
    if library == "pyarrow":
        with pytest.raises(UsageError, match="need pyarrow, which is not installed") as caught:
            convcost.sweep("Linear(E, E)", over={"E": "1:3"}, out=tmp_path / "x.parquet")
        assert caught.value.hint == "pip install 'convcost[sweep]'"
    convcost.sweep("Linear(E, E)", over={"E": "1:3"}, out=tmp_path / "x.csv")


def test_a_size_called_as_a_column_is_refused_where_both_would_be_columns(tmp_path):
    options: dict = {"over": {"flops": "1:3"}, "by": "params"}
    for name in ("x.parquet", "x.csv"):
        with pytest.raises(UsageError, match="the size flops has the name of another column"):
            convcost.sweep("Linear(flops, 3)", **options, out=tmp_path / name)
    convcost.sweep("Linear(flops, 3)", **options, out=tmp_path / "x.jsonl")
    assert json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])["sizes"] == {"flops": 1}


def test_floats_are_the_nearest_to_the_quotients(tmp_path):
    choose = random.Random(1)
    sizes = [choose.randrange(2**40, 2**55) for _ in range(60)]
    file = tmp_path / "x.parquet"
    found = convcost.sweep(
        "[B,E] -> Linear(E, 7)", over={"E": sizes}, columns="arithmetic_intensity", out=file, top=100
    )
    exact = {row.sizes["E"]: row.quotients["arithmetic_intensity"] for row in found}
    for row in parquet.read_table(file).to_pylist():
        assert row["arithmetic_intensity"] == float(exact[row["E"]])
