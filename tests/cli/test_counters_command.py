"""`convcost counters`: what there is to check against."""

import csv
import json
import sys
from importlib.metadata import version
from io import StringIO

from cli_runner import convcost

from convcost.counters import ALL_COUNTERS, COUNTERS
from convcost.counters.peers import PEERS


def listed():
    return json.loads(convcost("counters", "--json").out)["counters"]


def test_every_registered_counter_is_listed():
    assert [counter["name"] for counter in listed()] == list(ALL_COUNTERS)


def test_each_counter_says_its_version_and_unit():
    assert [(counter["version"], counter["unit"]) for counter in listed()[:3]] == [
        (version("fvcore"), "MAC"),
        (version("torch"), "FLOP"),
        (version("torch"), "FLOP"),
    ]


def test_each_counter_says_what_it_counts_and_what_it_is_blind_to():
    assert all(counter["counts"] and counter["blind_spots"] for counter in listed())


def test_the_table_has_a_column_for_each_counter():
    heading = convcost("counters").out.splitlines()[0].split()
    assert heading == ["fvcore", "FlopCounterMode", "torch.profiler"]


def test_no_line_of_the_table_is_wider_than_the_screen():
    assert max(map(len, convcost("counters").out.splitlines())) <= 80


def test_csv_has_a_line_for_each_counter():
    rows = csv.DictReader(StringIO(convcost("counters", "--format", "csv").out))
    assert [row["title"] for row in rows] == [counter.title for counter in ALL_COUNTERS.values()]


def test_a_counter_that_is_not_installed_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(sys.modules["convcost.cli.counters"], "installed_version", lambda _: None)
    assert convcost("counters").out.count("not installed") == len(ALL_COUNTERS)


def test_the_peers_stand_below_and_say_how_to_be_installed(monkeypatch):
    monkeypatch.setattr(sys.modules["convcost.cli.counters"], "installed_version", lambda _: None)
    out = convcost("counters").out
    own, peers = out[: out.index("for models")], out[out.index("for models") :]
    assert own.count("not installed") == len(COUNTERS)
    assert peers.count("not installed") == len(PEERS)
    assert peers.endswith(
        " ptflops, ptflops_aten, ultralytics_thop, torchinfo, calflops, calflops_flops,\n"
        " torchprofile: pip install 'convcost[peers]'\n"
        " deepspeed, deepspeed_flops: pip install deepspeed\n\n"
    )


def test_nothing_is_to_be_installed_where_all_is(monkeypatch):
    monkeypatch.setattr(sys.modules["convcost.cli.counters"], "installed_version", lambda _: "1.0")
    assert "pip install" not in convcost("counters").out
