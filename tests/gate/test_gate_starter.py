"""The configuration to start from passes as it is, and has every key with what it is for."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from convcost.core.errors import UsageError
from convcost.gate.config import read_config
from convcost.gate.config_tables import ConfigTable, DeviceTable, EntryTable
from convcost.gate.run import run_gate
from convcost.gate.starter import starter_text, write_starter
from convcost.gate.validation import find_issues

pytestmark = pytest.mark.usefixtures("folder")


def test_it_passes_as_it_is_written():
    assert write_starter("") == Path("convcost.toml")
    result = run_gate(read_config(""))
    assert [(each.entry.name, each.passed) for each in result.entries] == [("example", True)]


TABLES = (ConfigTable, EntryTable, DeviceTable)


@pytest.mark.parametrize("key", sorted({key for table in TABLES for key in table.__struct_fields__}))
def test_it_has_every_key(key):
    assert re.search(rf"(?m)(^|[# \[.,]){key}([\]. =:,]|$)", starter_text())


def test_each_line_that_is_commented_out_is_a_key_that_can_be_used():
    lines = re.findall(r"(?m)^# (\w+ = .*)$", starter_text())
    for line in lines:
        [name] = tomllib.loads(line)
        tables = [table for table in TABLES if name in table.__struct_fields__]
        assert any(not find_issues(tomllib.loads(line), table) for table in tables), line
    assert len(lines) > 25


def test_a_file_that_is_there_is_left_as_it_is():
    Path("convcost.toml").write_text("mine")
    with pytest.raises(UsageError, match=r"^convcost\.toml already exists"):
        write_starter("")
    assert Path("convcost.toml").read_text() == "mine"


def test_neither_a_dangling_link_nor_a_pipe_is_written_over():
    Path("convcost.toml").symlink_to("nowhere")
    os.mkfifo("other.toml")
    for name in ("", "other.toml"):
        with pytest.raises(UsageError, match="already exists"):
            write_starter(name)
    assert not Path("nowhere").exists()


def test_it_does_not_hide_a_configuration_in_a_pyproject():
    Path("pyproject.toml").write_text("[tool.convcost.entries.a]\nspec = 'Linear(4, 4)'")
    with pytest.raises(UsageError, match=r"^pyproject\.toml already has \[tool\.convcost\]"):
        write_starter("")
    with pytest.raises(UsageError, match=r"^--init does not write to pyproject\.toml"):
        write_starter("pyproject.toml")
    assert sorted(os.listdir()) == ["pyproject.toml"]
