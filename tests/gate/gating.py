"""Configurations, checks of them, and their lock file, for the tests of this folder."""

import tomllib
from pathlib import Path

from convcost.gate.config import read_config
from convcost.gate.config_file import ConfigError
from convcost.gate.evaluation import run_gate

ROOT = Path(__file__).parents[2]
CONFIG = Path("convcost.toml")
LOCK = Path("convcost.lock")

DENSE = """\
[entries.dense]
spec = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { E = 128, L = 10 }
"""

CONV = """\
[entries.conv]
spec = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=same)"
sizes = { E = 128, L = 10 }
"""


def configured(*texts):
    """The configuration that the texts are together."""
    CONFIG.write_text("\n".join(texts))
    return read_config("")


def check(*texts, update=False):
    """Each entry of the configuration by its name, judged."""
    result = run_gate(configured(*texts), update=update)
    return {entry_result.entry.name: entry_result for entry_result in result.entries}


def checks(*texts):
    """Each check of the one entry that there is: its key, whether it passed, and why not."""
    [entry_result] = check(*texts).values()
    return [(each.key, each.passed, each.reason) for each in entry_result.checks]


def problems(*texts):
    """What is wrong with the configuration, with line and key."""
    try:
        found = run_gate(configured(*texts)).problems
    except ConfigError as error:
        found = error.problems
    return [(each.line, each.key, each.message) for each in found]


def locked():
    """The lock file's tables."""
    return tomllib.loads(LOCK.read_text())
