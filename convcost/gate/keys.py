"""Every key of the configuration, and what it takes."""

from __future__ import annotations

from typing import get_args

from convcost.core.cost import Count, Padding
from convcost.core.dtypes import ITEMSIZES
from convcost.gate.choice_types import Anything, Either, OneOf
from convcost.gate.device_keys import DEVICES
from convcost.gate.limit import LIMITED, LIMITS, RATIOS, Relation
from convcost.gate.table_types import Key, Named, Several, Table
from convcost.gate.value_types import FLAG, NUMBER, PERCENT, SECONDS, SIZE, TEXT

RELATION_WORDS: dict[Relation, str] = {"≤": "at most", "≥": "at least", "=": "exactly"}

AMOUNT = Either((TEXT, NUMBER))

TOLERANCE = 'What a baseline, or an equality, may be off by, such as "1%"; nothing if it is not given.'
GROWTH_ONLY = (
    "Whether a total may fall below its baseline by any amount; false if it is not given. "
    "A formula that is another one fails either way."
)
TIMEOUT = "The seconds that counting a model may take; 600 if it is not given."
DEFAULTS = "Of every entry without one of its own."

COMMON = {
    "tolerance": Key(PERCENT, TOLERANCE),
    "growth_only": Key(FLAG, GROWTH_ONLY),
    "timeout": Key(SECONDS, TIMEOUT),
}
"""What an entry has of its own, or the configuration has for all of them."""


def _limits() -> dict[str, Key]:
    example = 'a number, "2 GFLOPs", or a formula such as "20*B*S*E**2"'
    return {
        name: Key(
            AMOUNT, f"The {LIMITED[asked.metric]} are {RELATION_WORDS[asked.relation]} this: {example}."
        )
        for name, asked in LIMITS.items()
    }


def _ratios() -> dict[str, Key]:
    return {
        name: Key(AMOUNT, f"The ratio to the other entry is {RELATION_WORDS[asked.relation]} this.")
        for name, asked in RATIOS.items()
    }


SPEC_KEYS = {
    "spec": Key(TEXT, 'A design as text, such as "[B, S, L*E] -> Linear(L*E, E)".'),
    "dtype": Key(OneOf(tuple(ITEMSIZES)), "The dtype that a design's bytes are counted in; float32 if none."),
}
MODEL_KEYS = {
    "model": Key(TEXT, "A torch module, its class, or what makes one: file.py:Name or package.module:Name."),
    "inputs": Key(Several(TEXT), 'The module\'s inputs, such as "f32[1,3,224,224]" or "ids=i64[B,128]".'),
    "inputs_from": Key(TEXT, "A function that returns the module's inputs: file.py:name."),
    "args": Key(Named(Anything()), "Arguments for the module's class or function."),
    "train": Key(FLAG, "Whether the module runs in training mode."),
    "formulas": Key(TEXT, "A dict of formulas for operators by name: file.py:NAME."),
}
ENTRY = Table(
    "A design or a torch module, and what is asked of its cost.",
    {
        **SPEC_KEYS,
        **MODEL_KEYS,
        "sizes": Key(Named(SIZE), "Numbers for sizes by name; a size without one stays open."),
        "count": Key(
            OneOf(get_args(Count)), "What FLOPs are: 2 × MACs; and bias adds; and elementwise work."
        ),
        "taps": Key(OneOf(get_args(Padding)), "Whether all taps count, or only those on real data."),
        **_limits(),
        "ratio_to": Key(TEXT, "The entry that this one is compared with."),
        "metric": Key(OneOf(tuple(LIMITED)), "What the ratio is of; flops if it is not given."),
        **_ratios(),
        "agree_with": Key(Several(TEXT), "Counters whose figures have to agree, such as fvcore."),
        **COMMON,
    },
)
CONFIG = Table(
    "What convcost check guards: [tool.convcost] in pyproject.toml, or a convcost.toml.",
    {
        "entries": Key(Named(ENTRY), "The entries by name."),
        "devices": Key(DEVICES, "Devices of your own by name, for rooflines."),
        **{name: key._replace(about=f"{DEFAULTS} {key.about}") for name, key in COMMON.items()},
    },
)
