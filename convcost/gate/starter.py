"""A configuration to start from: one entry that passes, and every key with what it is for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import cast

from convcost.core.errors import UsageError
from convcost.gate.config_file import OWN_FILE, PYPROJECT, nearest_config
from convcost.gate.device_keys import DEVICE
from convcost.gate.keys import COMMON, CONFIG, ENTRY
from convcost.gate.limit import LIMITED, LIMITS
from convcost.gate.table_types import Key, Table
from convcost.system.files import create_text, shown

WIDTH = 100

EXAMPLES = {
    "tolerance": '"1%"',
    "growth_only": "true",
    "timeout": "600",
    "dtype": '"bfloat16"',
    "model": '"net.py:Net"',
    "inputs": '["f32[1,3,224,224]"]',
    "inputs_from": '"net.py:make_inputs"',
    "args": "{ width = 64 }",
    "train": "true",
    "formulas": '"net.py:FORMULAS"',
    "count": '"bias"',
    "taps": '"valid"',
    "ratio_to": '"another"',
    "metric": '"params"',
    "ratio": "6",
    "max_ratio": "6.5",
    "min_ratio": "5.5",
    "agree_with": '["fvcore", "flop_counter_mode"]',
    "like": '"a100"',
    "kind": '"gpu"',
    "year": "2024",
    "memory": '"80 GB"',
    "bandwidth": '"2 TB/s"',
    "aliases": '["box"]',
    "notes": '["measured in May"]',
    "sources": '{ bandwidth = "data sheet" }',
    "peaks": '{ float32 = "20 TFLOP/s" }',
}
"""A value of each key; of others any text."""

ANY = '"..."'

START = """\
[entries.example]
spec = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { E = 128, L = 10 }
max_flops = "400 KFLOPs"
"""


def write_starter(given: str) -> Path:
    """Write the file that is named, or convcost.toml; UsageError where a configuration is already."""
    path = Path(given or OWN_FILE)
    if path.name == PYPROJECT:
        raise UsageError(
            f"{PYPROJECT} is written by hand", hint=f"Leave --config out: {OWN_FILE} is written."
        )
    if os.path.lexists(path):
        raise UsageError(f"{shown(path)} is there already", hint="It was left as it is.")
    known = None if given else nearest_config()
    if known and known.path.parent.samefile(path.parent):
        message = f"{known.name} has a [tool.convcost] already"
        raise UsageError(message, hint=f"Add entries there, or delete it: {OWN_FILE} would hide it.")
    create_text(path, starter_text())
    return path


def starter_text() -> str:
    """The file's text."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# What convcost check guards. Remove the # in front of a key to use it."
    yield ""
    yield from _keys(COMMON)
    yield START
    yield from _comment(f"{ENTRY.about} Its keys:")
    taken = {"spec", "sizes", "max_flops", *LIMITS}
    yield from _comment(f"spec: {ENTRY.keys['spec'].about}")
    yield from _comment(f"sizes: {ENTRY.keys['sizes'].about}")
    yield from _keys({name: key for name, key in ENTRY.keys.items() if name not in taken})
    yield from _comment('Limits, each a number, "2 GFLOPs", or a formula such as "20*B*S*E**2":')
    for name, about in LIMITED.items():
        yield from _comment(f"{name}, max_{name}, min_{name}: {about}")
    yield ""
    yield from _comment(f"{CONFIG.keys['devices'].about}")
    yield "# [devices.mine]"
    yield from _keys(DEVICE.keys)
    peaks = cast("Table", DEVICE.keys["peaks"].kind)
    yield from _comment(f"Peaks are those of {', '.join(peaks.keys)}.")
    yield ""


def _keys(keys: Mapping[str, Key]) -> Iterator[str]:
    """Each key with its purpose, and a value that is commented out."""
    for name, key in keys.items():
        yield from _comment(key.about)
        yield f"# {name} = {EXAMPLES.get(name, ANY)}"
    yield ""


def _comment(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
