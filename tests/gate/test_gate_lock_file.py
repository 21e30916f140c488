"""The lock file: its text, how it is read back, and which files are refused and left as they are."""

import os
import stat
from fractions import Fraction

import pytest
from config_files import CONV, DENSE, LOCK_FILE, config_of, entry_results, lock_tables
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.cost import Convention
from convcost.core.errors import UsageError
from convcost.gate.baseline import BASELINE_METRICS, ROW_METRICS, Baseline, BaselineRow
from convcost.gate.config import read_config
from convcost.gate.lock_file import lock_text, read_lock, write_lock
from convcost.gate.run import run_gate

TEXT = """\
# Baselines of convcost check. Written by convcost check --update; do not edit by hand.
convcost-lock = 1

[entries.conv]
of = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=same)"
sizes = { B = 1, E = 128, L = 10, S = 1 }
params = 98560
macs = 983040
valid_macs = 917504
flops = 1966080
bias_adds = 2560
elementwise = 0
output_elements = 1280
activations = 2560
bytes = 404480

[entries.conv.rows]
"[0-1]" = { kind = "Conv1d", copies = 2, params = 49280, macs = 491520, valid_macs = 458752, \
bias_adds = 1280, activations = 1280 }

[entries.dense]
of = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { B = 1, E = 128, L = 10, S = 1 }
count = "bias"
dtype = "int8"
params = 163968
macs = 163840
valid_macs = 163840
flops = 327808
bias_adds = 128
elementwise = 0
output_elements = 128
activations = 128
bytes = 165376

[entries.dense.rows]
"0" = { kind = "Linear", params = 163968, macs = 163840, valid_macs = 163840, bias_adds = 128, \
activations = 128 }
"""

BIASED = DENSE + 'count = "bias"\ndtype = "int8"\n'

pytestmark = pytest.mark.usefixtures("folder")


def test_a_lock_file_is_small_and_sorted_with_a_line_for_each_layer():
    entry_results(BIASED, CONV, update=True)
    assert LOCK_FILE.read_text() == TEXT


def test_what_equals_a_default_is_left_out():
    convention, dtype = Convention("-matmul"[1:], "-full"[1:]), "-float32"[1:]
    totals = dict.fromkeys(BASELINE_METRICS, 2)
    text = lock_text({"dense": Baseline("Linear(1, 1)", {}, totals, {}, convention, dtype)})
    assert '[entries.dense]\nof = "Linear(1, 1)"\nparams = 2\n' in text


def test_formulas_stand_in_it_as_texts():
    entry_results('[entries.open]\nspec = "[N, C] -> Linear(C, C)"', update=True)
    assert lock_tables()["entries"]["open"] == {
        "of": "[N, C] -> Linear(C, C)",
        "params": "C**2 + C",
        "macs": "C**2*N",
        "valid_macs": "C**2*N",
        "flops": "2*C**2*N",
        "bias_adds": "C*N",
        "elementwise": 0,
        "output_elements": "C*N",
        "activations": "C*N",
        "bytes": "4*C*(C + 2*N + 1)",
        "rows": {
            "0": {
                "kind": "Linear",
                "params": "C**2 + C",
                "macs": "C**2*N",
                "valid_macs": "C**2*N",
                "bias_adds": "C*N",
                "activations": "C*N",
            }
        },
    }
    assert entry_results('[entries.open]\nspec = "[N, C] -> Linear(C, C)"')["open"].status == "same"


NAMES = st.text(min_size=1, max_size=8).filter(lambda text: "." not in text)
FIGURES = st.integers(0, 10**30)
ROWS = st.builds(
    lambda kind, figures: BaselineRow(
        kind, tuple((metric, figures[metric]) for metric in ROW_METRICS if figures.get(metric))
    ),
    NAMES,
    st.dictionaries(st.sampled_from(ROW_METRICS), FIGURES),
)


def summed(text, rows, others, sizes):
    """A baseline whose totals are the sums of its rows."""
    sums = {metric: sum(row.get(metric) for row in rows.values()) for metric in ROW_METRICS}
    totals = {metric: sums.get(metric, others) for metric in BASELINE_METRICS}
    return Baseline(text, sizes, totals, rows, Convention("all", "valid"), "bfloat16")


BASELINES = st.builds(
    summed,
    st.text(max_size=20),
    st.dictionaries(st.lists(NAMES | st.sampled_from("0123"), max_size=3).map(".".join), ROWS, max_size=6),
    FIGURES,
    st.dictionaries(st.sampled_from("BEL"), st.integers(1, 10**30)),
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), BASELINES, max_size=4))
def test_what_is_written_is_read_back_as_it_was(baselines):
    write_lock(LOCK_FILE, baselines)
    assert read_lock(LOCK_FILE) == baselines
    assert lock_text(read_lock(LOCK_FILE)) == LOCK_FILE.read_text()


CUT = "Expected '=' after a key in a key/value pair"
WAY_OUT = "The file was not changed. Restore it, or delete it and run convcost check --update."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "convcost.lock is not a lock file of convcost\nThe file was not changed. Move it elsewhere."),
        (
            "[metadata]\nlock-version = '2.1'",
            "convcost.lock is not a lock file of convcost\nThe file was not changed. Move it elsewhere.",
        ),
        (
            "convcost-lock = true",
            "convcost.lock is not a lock file of convcost\nThe file was not changed. Move it elsewhere.",
        ),
        (
            TEXT.replace("lock = 1", "lock = 2"),
            "convcost.lock has version 2; this convcost reads version 1\n"
            "Update convcost to read it. The file was not changed.",
        ),
        (
            TEXT.replace("params", "<<<<<<< ours\nparams", 1),
            f"convcost.lock:7: invalid TOML: Invalid statement\n{WAY_OUT}",
        ),
        (TEXT[:495], f"convcost.lock:18: invalid TOML: {CUT}\n{WAY_OUT}"),
        (
            TEXT.replace("params = 98560", "params = 98561"),
            f"convcost.lock is damaged: entries.conv.params is 98,561, but the rows have 98,560\n{WAY_OUT}",
        ),
        (
            TEXT.replace("copies = 2", "copies = 3"),
            f'convcost.lock is damaged: entries.conv.rows."[0-1]" is not 3 rows\n{WAY_OUT}',
        ),
        (
            TEXT.replace('"[0-1]"', '"[0-999999999]"'),
            f'convcost.lock is damaged: entries.conv.rows."[0-999999999]" is not 2 rows\n{WAY_OUT}',
        ),
        (
            TEXT.replace("macs = 983040", "macs = -1"),
            f"convcost.lock is damaged: entries.conv.macs: is -1; it must be at least 0\n{WAY_OUT}",
        ),
        (
            TEXT.replace("macs = 983040", "mac = 983040"),
            "convcost.lock is damaged: entries.conv.mac: unknown key (did you mean macs?)\n" + WAY_OUT,
        ),
        (
            TEXT.replace("flops = 1966080\n", ""),
            f"convcost.lock is damaged: entries.conv: flops is missing\n{WAY_OUT}",
        ),
    ],
)
@pytest.mark.parametrize("update", [False, True])
def test_a_file_that_is_damaged_newer_or_anothers_is_refused_and_left_untouched(text, message, update):
    config = config_of(BIASED, CONV)
    LOCK_FILE.write_text(text)
    before = LOCK_FILE.stat()
    with pytest.raises(UsageError) as error:
        run_gate(config, update=update)
    assert str(error.value) == message
    assert LOCK_FILE.read_text() == text
    assert (LOCK_FILE.stat().st_mtime_ns, LOCK_FILE.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"convcost-lock = 1\n# \x80"])
def test_bytes_that_are_no_text_are_refused(content):
    LOCK_FILE.write_bytes(content)
    with pytest.raises(UsageError, match=r"^convcost\.lock is not UTF-8 text"):
        entry_results(DENSE, update=True)
    assert LOCK_FILE.read_bytes() == content


def test_a_folder_of_its_name_is_refused():
    LOCK_FILE.mkdir()
    with pytest.raises(UsageError, match=r"^convcost\.lock is a directory"):
        entry_results(DENSE, update=True)


def test_an_update_of_some_entries_leaves_the_others_and_one_of_all_drops_what_is_no_more():
    entry_results(BIASED, CONV, update=True)
    other = CONV.replace("3, padding", "5, padding")
    run_gate(config_of(DENSE, other), ["conv"], update=True)
    found = lock_tables()["entries"]
    assert (found["dense"]["flops"], found["conv"]["params"]) == (327_808, 164_096)
    result = run_gate(config_of(DENSE))
    assert result.stale == ("conv",)
    run_gate(config_of(DENSE), update=True)
    assert list(lock_tables()["entries"]) == ["dense"]


def test_nothing_is_written_where_nothing_changed(folder):
    entry_results(DENSE, update=True)
    before = LOCK_FILE.stat()
    entry_results(DENSE, update=True)
    assert (LOCK_FILE.stat().st_mtime_ns, LOCK_FILE.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert {path.name for path in folder.iterdir()} == {"convcost.toml", "convcost.lock"}


def test_a_write_that_fails_leaves_the_file_and_no_other(folder, monkeypatch):
    entry_results(DENSE, update=True)
    before = LOCK_FILE.read_text()

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(UsageError, match=r"^convcost\.lock can't be written: No space left on device$"):
        entry_results(CONV, update=True)
    assert LOCK_FILE.read_text() == before
    assert {path.name for path in folder.iterdir()} == {"convcost.toml", "convcost.lock"}


def test_a_link_stays_a_link_and_permissions_stay(folder):
    target = folder / "elsewhere.lock"
    target.write_text("convcost-lock = 1\n")
    target.chmod(0o640)
    LOCK_FILE.symlink_to(target)
    entry_results(DENSE, update=True)
    assert LOCK_FILE.is_symlink()
    assert "entries.dense" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_an_entry_without_a_baseline_is_new_and_passes():
    entry_results(DENSE, update=True)
    results = entry_results(DENSE, CONV)
    assert {name: (each.status, each.passed) for name, each in results.items()} == {
        "dense": ("same", True),
        "conv": ("new", True),
    }


def test_the_tolerance_is_of_the_baseline_too():
    entry_results(DENSE, update=True)
    wider = DENSE.replace("E = 128", "E = 129")
    result = entry_results('tolerance = "1.6%"', wider)["dense"]
    assert (result.status, result.passed, result.entry.tolerance) == (
        "changed",
        True,
        Fraction(2, 125),
    )
    assert entry_results('tolerance = "1.5%"', wider)["dense"].passed is False
    assert entry_results('tolerance = "1.5%"', wider, update=True)["dense"].passed is True


def test_a_file_with_a_name_of_its_own_has_a_lock_file_of_its_own(folder):
    (folder / "gate.toml").write_text(CONV)
    entry_results(DENSE, update=True)
    result = run_gate(read_config("gate.toml"), update=True)
    assert result.lock == "gate.lock"
    assert (list(lock_tables()["entries"]), list(read_lock(folder / "gate.lock"))) == (["dense"], ["conv"])
