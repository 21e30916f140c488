"""DuckDB gives what NumPy's columns give: rows in their order, the best ones, and impossible designs."""

import random
import signal
import subprocess
import sys
import time
from csv import DictReader

import designs as generated
import numpy as np
import pytest
from cli_runner import COMMAND, environment, interruptible
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import cases
from test_sweep_program import DESIGNS, VALUES

import convcost
from convcost.core.errors import ConvcostError, UsageError
from convcost.layers import FAMILIES
from convcost.search import grid_blocks
from convcost.search.bound_rows import BoundRow, strongest_bounds
from convcost.search.engines import choice
from convcost.search.engines.duckdb import engine as duckdb_engine
from convcost.search.engines.duckdb import grid_queries

QUOTIENTS = ("arithmetic_intensity", "flops_per_output_element:max")

ORDERS = ("flops", "params:max", "K", "bytes:max", "C:max", *QUOTIENTS)

CONDITIONS = ("", "flops <= 100k and params > 20", "not (M = C or flops/params < 20)", "C*flops - 3M > 2")

EVERY = "flops,params,activations,bytes,output_elements,arithmetic_intensity"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of few points, so that grids have several."""
    monkeypatch.setattr(grid_queries, "FEWEST_TAILS", 16)
    monkeypatch.setattr(grid_queries, "MOST_TAILS", 100)
    monkeypatch.setattr(grid_queries.grid_parts, "__defaults__", (300, 500))
    monkeypatch.setattr(duckdb_engine, "POINTS_OF_ROWS", 200)
    monkeypatch.setattr(duckdb_engine, "FEWEST_SAMPLED", 40)
    for module in (grid_blocks, duckdb_engine):
        monkeypatch.setattr(module, "BLOCK", 37)


def by_both(*texts, **options):
    """What both engines find, or the error that both raise."""
    found = []
    for engine in ("numpy", "duckdb"):
        try:
            found.append(convcost.sweep(*texts, engine=engine, **options))
        except ConvcostError as error:
            found.append(str(error))
    return found


def random_sweep(seed):
    choose = random.Random(seed)
    over = {name: choose.choice(values) for name, values in VALUES.items()}
    names = [*over]
    choose.shuffle(names)
    texts = choose.sample(DESIGNS, choose.choice([1, 1, 2, 3]))
    options = {"over": {name: over[name] for name in names}, "where": choose.choice(CONDITIONS), "B": 2}
    return texts, options, choose


@pytest.mark.parametrize("seed", range(12))
def test_all_rows_are_the_same_in_the_same_order(seed, tmp_path):
    texts, options, _ = random_sweep(seed)
    files = {engine: tmp_path / f"{engine}.csv" for engine in ("numpy", "duckdb")}
    options["columns"] = EVERY
    expected, found = (
        convcost.sweep(*texts, engine=engine, out=file, **options) for engine, file in files.items()
    )
    assert found == expected
    assert files["numpy"].read_bytes() == files["duckdb"].read_bytes()


def test_twenty_thousand_rows_are_those_of_columns_and_of_pythons_integers(tmp_path, monkeypatch):
    monkeypatch.undo()  # parts of the usual size
    over = {"C": "1:60", "M": "C/2,2C,C-9,4", "K": "1,3,4", "H": "7:40"}
    files = {engine: tmp_path / f"{engine}.csv" for engine in ("numpy", "duckdb")}
    text = "[2, C, H, H] -> Conv2d(C, M, K, padding=K//2, bias=False)"
    expected, found = (
        convcost.sweep(text, over=over, columns="macs,params", engine=engine, out=file)
        for engine, file in files.items()
    )
    assert found == expected
    assert files["numpy"].read_bytes() == files["duckdb"].read_bytes()
    with files["duckdb"].open() as file:
        rows = [
            {name: row[name] for name in ("C", "M", "K", "H", "macs", "params")} for row in DictReader(file)
        ]
    assert len(rows) == found.matching > 20_000
    for row in rows:
        channels, maps, kernel, height, macs, params = map(int, row.values())
        length = height + 2 * (kernel // 2) - kernel + 1
        assert params == channels * maps * kernel**2
        assert macs == 2 * length**2 * params


@pytest.mark.parametrize("seed", range(100, 116))
def test_the_first_rows_are_the_same(seed):
    texts, options, choose = random_sweep(seed)
    order = choose.choice([*ORDERS, "ratio", "ratio:max"] if texts[1:] else ORDERS)
    expected, found = by_both(*texts, by=order, top=choose.choice([1, 7, 1000]), **options)
    assert found == expected


@pytest.mark.parametrize("seed", range(200, 216))
def test_the_pareto_front_is_the_same(seed):
    texts, options, choose = random_sweep(seed)
    known = [*ORDERS, "ratio"] if texts[1:] else ORDERS
    objectives = [*{name.partition(":")[0]: name for name in choose.sample(known, 3)}.values()]
    expected, found = by_both(*texts, pareto=objectives, top=500, **options)
    assert found == expected


def text_of(case, names):
    """A design of the layer whose first sizes are names, and these sizes."""
    sizes = {}

    def named(size):
        if len(sizes) < len(names) and size > 0:
            name = names[len(sizes)]
            sizes[name] = size
            return name
        return str(size)

    inputs = [case.shape, *getattr(case.layer, "further_inputs", ())]
    first, *others = [f"[{', '.join(map(named, inputs[0]))}]", *(str([*each]) for each in inputs[1:])]
    call = f"({', '.join(['x', *others])})" if others else ""
    fields = []
    for name, value in case.layer.arguments().items():
        is_size = type(value) is int and value > 0 and name not in ("dim", "start_dim", "end_dim")
        fields.append(f"{name}={named(value) if is_size else repr(value)}")
    return f"{first} -> {type(case.layer).__name__}({', '.join(fields)}){call}", sizes


def check_layer(data, kind):
    case = data.draw(cases(kind))
    text, sizes = text_of(case, data.draw(st.permutations(("S", "s", "a", "A"))))
    over = {name: f"{size},{size + 1},{2 * size + 2},{max(0, size - 1)}" for name, size in sizes.items()}
    expected, found = by_both(text, over=over, top=300, columns=EVERY)
    assert found == expected


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_layers_are_the_same_on_grids_of_their_sizes(family, data):
    check_layer(data, data.draw(st.sampled_from(FAMILIES[family])))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kinds in FAMILIES.values() for kind in kinds])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_layer_is_the_same_on_grids_of_its_sizes(kind, data):
    check_layer(data, kind)


@settings(max_examples=6, deadline=None)
@given(generated.designs(depth=2))
def test_designs_with_branches_are_the_same(text):
    expected, found = by_both(text, over={"C": "1:40"}, by="params:max", top=40, columns=EVERY)
    assert found == expected


def test_twenty_thousand_rows_of_generated_designs_are_those_of_columns_and_of_cost(monkeypatch):
    monkeypatch.undo()  # parts of the usual size
    over = {"C": "1:16", "H": "3:20", "W": "4:27"}
    choose, rows = random.Random(0), 0

    @settings(max_examples=10, derandomize=True, database=None, deadline=None)
    @given(generated.designs(depth=2))
    def check(text):
        nonlocal rows
        text = text.replace(generated.INPUT, "[2, C, H, W]")
        expected, found = by_both(text, over=over, by="bytes:max", top=7000, columns=EVERY)
        assert found == expected
        rows += len(found.rows)
        for row in choose.sample(found.rows, min(15, len(found.rows))):
            report = convcost.cost(text, **row.sizes)
            assert {name: getattr(report, name) for name in row.quantities} == row.quantities

    check()
    assert rows > 20_000


LINEAR = "[B, E] -> Linear(E, F)"


def test_without_duckdb_a_grid_has_a_limit_and_the_way_out(monkeypatch):
    monkeypatch.setattr(choice, "has_duckdb", lambda: False)
    with pytest.raises(UsageError, match=r"limit is 10.* without a database\n.*convcost\[sweep\]"):
        convcost.sweep(LINEAR, over={"E": "1:100000", "F": "1:1001"})
    with pytest.raises(
        UsageError, match=r"DuckDB is not installed\nTo install it: pip install 'convcost\[sweep\]'"
    ):
        convcost.sweep(LINEAR, over={"E": "1:10", "F": "1:10"}, engine="duckdb")
    with pytest.raises(UsageError, match="no engine is called numpi"):
        convcost.sweep(LINEAR, over={"E": "1:10", "F": "1:10"}, engine="numpi")


def test_sums_beyond_64_and_96_bits_are_exact():
    over = {"E": "4294967291:4294967311:4", "F": "18446744073709551:18446744073709557:3"}
    text = "[B, E] -> Linear(E, F) -> Linear(F, E) -> x + Linear(E, E)"
    expected, found = by_both(text, over=over, B=10**7 + 19, columns=EVERY, by="bytes:max")
    assert found == expected
    assert min(row.quantities["flops"] for row in found) > 2**110


def test_numbers_beyond_38_digits_are_refused_with_the_size_and_numpy_has_them():
    over = {"E": "1:1000000000000000000:100000000000000000", "F": "1,2"}
    text = "[B, E] -> Linear(E, E) -> Linear(E, F)"
    with pytest.raises(UsageError, match=r"can exceed 10\^38 with E up to 900,000,000,000,000,001"):
        convcost.sweep(text, over=over, B=1000, engine="duckdb")
    assert convcost.sweep(text, over=over, B=1000, by="flops:max").rows[0].quantities["flops"] > 10**38


def test_sizes_that_differ_in_case_alone_and_hostile_names():
    expected, found = by_both("[s, S] -> Linear(S, s)", over={"S": "1:9", "s": "2,3,S"}, top=100)
    assert found == expected
    over = {"select": "1:5", "tail": "1:5", "point": "1,2", "n1": "3"}
    text = "[tail, select] -> Linear(select, point) -> Linear(point, n1)"
    expected, found = by_both(text, over=over, top=100)
    assert found == expected


def test_a_grid_without_a_possible_design_says_why():
    found = convcost.sweep("[B, E] -> Linear(F, 3)", over={"E": "1:10", "F": "11:20"}, engine="duckdb")
    assert (found.rows, found.matching, found.number_impossible) == ((), 0, 100)


def test_the_strongest_rows_are_those_that_dominate_most():
    rows = [BoundRow((key, 10 - key), key) for key in range(11)]
    sample = (np.array([6, 7, 8, 2]), np.array([9, 9, 9, 9]))
    assert strongest_bounds(rows, sample)[0] in rows[1:3]
    assert strongest_bounds([], sample) == []


BLOCK = "[1, C, H, H] -> Conv2d(C, M, 3) -> Conv2d(M, N, 3)"

SPACE = {name: range(8, 1025, 8) for name in "CMN"} | {"H": range(7, 65)}


def test_an_interrupt_ends_all_queries():
    program = f"""
import signal, sys, time, convcost
from convcost.search.engines.duckdb import engine
run = engine.run_jobs
def started(*given):
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return run(*given)
engine.run_jobs = started
def interrupt(*_):
    global start
    start = time.monotonic()
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
try:
    convcost.sweep({BLOCK!r}, over={SPACE!r}, by="params", engine="duckdb")
except KeyboardInterrupt:
    print(time.monotonic() - start)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(result.stdout) < 10  # a second, on a machine with nothing else to do


def test_ctrl_c_leaves_neither_half_a_file_nor_a_temporary_folder(tmp_path):
    over = [f"--over={name}={values[0]}:{values[-1]}:{values.step}" for name, values in SPACE.items()]
    command = [*COMMAND, "sweep", BLOCK, *over, "--out", "designs.csv"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        preexec_fn=interruptible,
    )
    try:
        while not [*tmp_path.glob("convcost-*")]:
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert [*tmp_path.iterdir()] == []
