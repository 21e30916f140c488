"""What changed from one baseline to another: the totals, and the layers or modules that it is in."""

import time
from fractions import Fraction

import pytest
from config_files import entry_results
from hypothesis import given
from hypothesis import strategies as st

from convcost.gate.baseline import BaselineChanges, BaselineRow, LocatedRow, compare_rows

CHAIN = "[entries.net]\nspec = '''{}'''\nsizes = {{ E = 8, L = 10 }}\n"


def row(kind, macs):
    return BaselineRow(kind, (("macs", macs),) if macs else ())


def placed(*rows):
    return [LocatedRow(path, row(kind, macs)) for path, kind, macs in rows]


def told(before, after):
    return [
        (change.kind, change.located.path, change.located.row.kind) for change in compare_rows(before, after)
    ]


def layers(*kinds):
    return placed(*((str(place), kind, macs) for place, (kind, macs) in enumerate(kinds)))


CONV, RELU, NORM, FC = ("Conv1d", 10), ("ReLU", 1), ("BatchNorm1d", 2), ("Linear", 20)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([CONV, RELU, FC], [CONV, RELU, FC], []),
        ([CONV, RELU, FC], [CONV, NORM, RELU, FC], [("added", "1", "BatchNorm1d")]),
        ([CONV, NORM, RELU, FC], [CONV, RELU, FC], [("removed", "1", "BatchNorm1d")]),
        ([CONV, RELU, CONV, FC], [CONV, RELU, ("Conv1d", 30), FC], [("grown", "2", "Conv1d")]),
        ([CONV, RELU, CONV, FC], [CONV, RELU, ("Conv1d", 3), FC], [("shrunk", "2", "Conv1d")]),
        (
            [CONV, RELU, FC],
            [NORM, CONV, RELU, ("Linear", 40)],
            [("added", "0", "BatchNorm1d"), ("grown", "3", "Linear")],
        ),
        ([CONV] * 4, [CONV] * 6, [("added", "4", "Conv1d"), ("added", "5", "Conv1d")]),
        ([], [FC], [("added", "0", "Linear")]),
        ([FC], [], [("removed", "0", "Linear")]),
        ([FC], [CONV], [("removed", "0", "Linear"), ("added", "0", "Conv1d")]),
        ([CONV, RELU, FC], [CONV, FC, RELU], [("added", "1", "Linear"), ("removed", "2", "Linear")]),
    ],
)
def test_what_happened_to_layers_is_told_in_as_few_changes_as_will_do(before, after, expected):
    assert told(layers(*before), layers(*after)) == expected


def test_modules_are_told_by_their_paths():
    before = placed(("a.fc", "Linear", 5), ("blocks.0.fc", "Linear", 9), ("blocks.1.fc", "Linear", 9))
    after = placed(
        ("blocks.0.fc", "Linear", 9),
        ("blocks.1.fc", "Linear", 12),
        ("blocks.2.fc", "Linear", 9),
        ("head.fc", "Linear", 5),
    )
    assert sorted(told(before, after)) == [
        ("added", "blocks.2.fc", "Linear"),
        ("added", "head.fc", "Linear"),
        ("grown", "blocks.1.fc", "Linear"),
        ("removed", "a.fc", "Linear"),
    ]


def test_what_grew_in_one_way_and_shrank_in_another_changed():
    before = [LocatedRow("0", BaselineRow("Conv1d", (("params", 5), ("macs", 9))))]
    after = [LocatedRow("0", BaselineRow("Conv1d", (("params", 9), ("macs", 5))))]
    assert told(before, after) == [("changed", "0", "Conv1d")]
    formula = [LocatedRow("0", BaselineRow("Conv1d", (("params", 9), ("macs", "5*E"))))]
    assert told(before, formula) == [("changed", "0", "Conv1d")]


SEQUENCES = st.lists(st.sampled_from([CONV, RELU, NORM, FC, ("Linear", 40)]), max_size=8)


@given(SEQUENCES, SEQUENCES)
def test_the_changes_of_rows_come_to_the_change_of_the_whole(before, after):
    found = compare_rows(layers(*before), layers(*after))
    moved = sum(now - was for change in found for was, now in change.figures.values())
    assert moved == sum(macs for _, macs in after) - sum(macs for _, macs in before)
    assert bool(found) == (before != after)


def test_thousands_of_alike_layers_are_lined_up_in_no_time():
    before, after = layers(*[CONV, RELU] * 3000), layers(*[RELU, CONV] * 3000)
    start = time.perf_counter()
    compare_rows(before, after)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("tolerance", "totals", "within"),
    [
        ("0", {}, True),
        ("0", {"macs": (100, 101)}, False),
        ("0.01", {"macs": (100, 101), "params": (200, 198)}, True),
        ("0.01", {"macs": (100, 101), "params": (200, 197)}, False),
        ("0.5", {"elementwise": (0, 1)}, False),
        ("0.5", {"macs": ("E", "2*E")}, False),
    ],
)
def test_a_total_may_be_off_by_the_tolerance_on_both_sides(tolerance, totals, within):
    assert BaselineChanges(totals, ()).is_within(Fraction(tolerance)) is within


@pytest.mark.usefixtures("folder")
def test_an_entry_that_is_as_it_was_has_no_changes_and_one_that_is_not_names_its_layer():
    text = CHAIN.format("[B, E, L] -> Conv1d(E, E, 3) -> ReLU -> Conv1d(E, E, 3)")
    assert entry_results(text, update=True)["net"].status == "unlocked"
    assert entry_results(text)["net"].status == "same"
    changed = entry_results(
        CHAIN.format("[B, E, L] -> Conv1d(E, E, 3) -> ReLU -> Conv1d(E, E, 3, bias=False)")
    )["net"]
    assert (changed.status, changed.passed) == ("changed", False)
    assert changed.changes.totals == {
        "params": (400, 392),
        "bias_adds": (112, 64),
        "bytes": (2112, 2080),
    }
    [only] = changed.changes.rows
    assert (only.kind, only.located.path, only.figures) == (
        "shrunk",
        "2",
        {"params": (200, 192), "bias_adds": (48, 0)},
    )
