"""Writes configurations, checks them, and reads their lock file."""

import tomllib
from pathlib import Path

from convcost.gate.config import read_config
from convcost.gate.config_file import ConfigError
from convcost.gate.run import run_gate

ROOT = Path(__file__).parents[1]
CONFIG_FILE = Path("convcost.toml")
LOCK_FILE = Path("convcost.lock")

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


def write_config(*texts):
    """Write the texts as the configuration."""
    CONFIG_FILE.write_text("\n".join(texts))


def config_of(*texts):
    """The configuration with these texts."""
    write_config(*texts)
    return read_config("")


def entry_results(*texts, update=False):
    """The evaluated entries of the configuration by name."""
    result = run_gate(config_of(*texts), update=update)
    return {each.entry.name: each for each in result.entries}


def check_outcomes(*texts):
    """The checks of the only entry: key, whether it passed, and the reason if not."""
    [result] = entry_results(*texts).values()
    return [(each.key, each.passed, each.reason) for each in result.checks]


def config_problems(*texts):
    """The problems of the configuration, with line and key."""
    try:
        found = run_gate(config_of(*texts)).problems
    except ConfigError as error:
        found = error.problems
    return [(each.line, each.key, each.message) for each in found]


def lock_tables():
    """The lock file's tables."""
    return tomllib.loads(LOCK_FILE.read_text())
