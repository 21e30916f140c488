"""DuckDB gives what NumPy's columns give: rows in their order, the best ones, and impossible designs."""

import random

import designs as generated
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layer_cases import cases
from test_sweep_program import DESIGNS, VALUES

import convcost
from convcost.core.errors import ConvcostError
from convcost.layers import FAMILIES
from convcost.search import grid_blocks, grid_queries
from convcost.search.engines import duckdb

QUOTIENTS = ("arithmetic_intensity", "flops_per_output_element:max")

ORDERS = ("flops", "params:max", "K", "bytes:max", "C:max", *QUOTIENTS)

CONDITIONS = ("", "flops <= 100k and params > 20", "not (M = C or flops/params < 20)", "C*flops - 3M > 2")

EVERY = "flops,params,activations,bytes,output_elements,arithmetic_intensity"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of few points, so that grids have several."""
    monkeypatch.setattr(grid_queries, "FEWEST_TAILS", 16)
    monkeypatch.setattr(grid_queries, "MOST_TAILS", 100)
    monkeypatch.setattr(grid_queries, "POINTS_AT_ONCE", 300)
    monkeypatch.setattr(duckdb, "POINTS_OF_ROWS", 200)
    monkeypatch.setattr(duckdb, "SAMPLE", 40)
    for module in (grid_blocks, duckdb):
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
    assume(not {"output_ratio", "scale_factor"} & case.layer.arguments().keys())  # torch rounds a float product
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


@settings(max_examples=12, deadline=None)
@given(generated.designs(depth=3))
def test_designs_with_branches_are_the_same(text):
    expected, found = by_both(text, over={"C": "1:40"}, by="params:max", top=40, columns=EVERY)
    assert found == expected
