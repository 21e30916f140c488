"""Every key of the configuration and of the lock file, as declared, with every kind of value."""

import time
from pathlib import Path
from typing import get_args, get_origin

import pytest
from config_files import CONFIG_FILE, DENSE, LOCK_FILE, config_of, entry_results

from convcost.core.errors import ConvcostError
from convcost.core.record_fields import is_record, key_type, record_keys
from convcost.gate.config import read_config
from convcost.gate.config_file import ConfigError
from convcost.gate.config_tables import ConfigTable
from convcost.gate.lock_file import LockTable
from convcost.gate.run import run_gate
from convcost.render import FORMATS, render
from convcost.render.gate.ci import junit_xml

pytestmark = pytest.mark.usefixtures("folder")

VALUES = {
    "true": "true",
    "zero": "0",
    "negative": "-1",
    "one": "1",
    "int64": str(2**63),
    "long": "9" * 4000,
    "too long": "9" * 5000,
    "hexadecimal": "0x" + "f" * 100_000,
    "point": "1.5",
    "minus zero": "-0.0",
    "tiny": "1e-99999999",
    "enormous": "1e99999999",
    "many digits": f"0.{'0' * 5000}1",
    "infinite": "inf",
    "minus infinite": "-inf",
    "no number": "nan",
    "empty": '""',
    "blank": '" "',
    "word": '"x"',
    "percentage": '"1%"',
    "huge percentage": f'"{"9" * 1000}%"',
    "tiny amount": '"1e-99999999"',
    "power": '"9**9**9"',
    "bidirectional": r'"\u202Eé\u0007"',
    "null": r'"\u0000"',
    "long text": f'"{"a" * 100_000}"',
    "list": "[]",
    "mixed list": '[1, "a", true]',
    "nested list": "[[[]]]",
    "deep list": "[" * 80 + "]" * 80,
    "too deep": "[" * 100_000 + "]" * 100_000,
    "table": "{}",
    "nested table": "{ a = { b = 1 } }",
    "date": "1979-05-27",
    "time": "07:32:00",
    "moment": "1979-05-27T07:32:00Z",
}


def paths(key, path=()):
    """The path of every key of a type, `name` for one with any name; a list is swept as a whole."""
    [kind, *_] = key.types
    if is_record(kind):
        for name, inner in record_keys(kind).items():
            yield (*path, name)
            yield from paths(inner, (*path, name))
    elif get_origin(kind) is dict:
        yield (*path, "name")
        yield from paths(key_type(get_args(kind)[1]), (*path, "name"))


def text(path, value, beside):
    """A file in which the key at `path` has that value, and other keys of its table are as in `beside`."""
    *table, key = path
    others = "".join(f"{name} = {other}\n" for name, other in beside.items() if name != key)
    return (f"[{'.'.join(table)}]\n" if table else "") + f"{others}{key} = {value}\n"


def attempt(work):
    """What `work` says if it refuses, in lines; that takes a second at the most."""
    start = time.process_time()
    try:
        work()
    except ConvcostError as error:
        message = str(error)
        problems = error.problems if isinstance(error, ConfigError) else ()
        assert len(message) < 8000
        assert all(problem.line >= 1 and problem.file for problem in problems)
        assert all("Traceback" not in line for line in message.splitlines())
    assert time.process_time() - start < 3


def printed(result):
    """The result in every form."""
    return [junit_xml(result), *(render(result, name) for name in FORMATS)]


BESIDE = {
    ("entries", "name"): {"spec": '"Linear(4, E)"'},
    ("devices", "name"): {"like": '"a100"'},
    ("devices", "name", "peaks"): {},
}
CONFIG_PATHS = sorted(set(paths(key_type(ConfigTable))))


@pytest.mark.parametrize("path", CONFIG_PATHS, ids=".".join)
def test_a_configuration_is_read_or_refused_whatever_a_key_has(path):
    for value in VALUES.values():
        is_model = path[-1] in (
            "model",
            "inputs",
            "inputs_from",
            "args",
            "phase",
            "context",
            "train",
            "formulas",
        )
        beside = {"model": '"net.py:Net"'} if is_model else BESIDE.get(path[:-1], {})
        written = text(path, value, beside)
        CONFIG_FILE.write_text(written if path[0] == "entries" else written + DENSE)
        attempt(lambda: read_config(""))
        if not is_model:
            attempt(lambda: printed(run_gate(read_config(""))))


def lock_paths():
    return sorted(path for path in set(paths(key_type(LockTable))) if path[0] != "entries" or len(path) > 1)


@pytest.mark.parametrize("path", lock_paths(), ids=".".join)
def test_a_lock_file_is_read_or_refused_whatever_a_key_has(path):
    entry_results(DENSE, update=True)
    good = LOCK_FILE.read_text()
    name = path[-1]
    for value in VALUES.values():
        place = "[entries.dense.rows]" if "rows" in path[2:-1] else "[entries.dense]"
        if path[0] != "entries":
            place = ""
        row = path[:2] == ("entries", "name") and len(path) == 5
        line = f'"0" = {{ kind = "Linear", {name} = {value} }}' if row else f"{name} = {value}"
        kept = [each for each in good.splitlines() if not each.startswith((f"{name} =", '"" = ', '"0" = '))]
        LOCK_FILE.write_text(
            "\n".join(kept).replace(place, f"{place}\n{line}", 1) if place else f"{line}\n{good}"
        )
        attempt(lambda: printed(run_gate(config_of(DENSE))))


@pytest.mark.parametrize("key", ["tolerance", "growth_only", "timeout"])
def test_what_is_wrong_for_all_entries_is_told_once_at_its_line(key):
    CONFIG_FILE.write_text(f"{key} = []\n{DENSE}{DENSE.replace('dense', 'other')}")
    with pytest.raises(ConfigError) as error:
        read_config("")
    assert [(problem.line, problem.key) for problem in error.value.problems] == [(1, key)]


def test_a_share_as_a_number_is_refused_with_how_it_is_written():
    Path("convcost.toml").write_text(f"tolerance = 0.1\n{DENSE}")
    with pytest.raises(ConfigError) as error:
        read_config("")
    assert str(error.value) == 'convcost.toml:1: tolerance: must be a string, not 0.1\n  For example, "1%".'


@pytest.mark.parametrize(
    "line",
    ["[entries.a]\n[entries.a]", 'spec = "a"\nspec = "b"', "[entries]\nentries.a = 1\n[entries.entries]"],
)
def test_a_key_that_stands_twice_is_refused(line):
    CONFIG_FILE.write_text(line)
    with pytest.raises(ConfigError):
        read_config("")
