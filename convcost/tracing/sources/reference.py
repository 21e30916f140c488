"""Texts that name a model by a source: `f32[1,3,64,64] -> timm:resnet50(num_classes=10)`, `a = net.onnx`."""

from __future__ import annotations

import re
from typing import NamedTuple

from convcost.tracing.sources import PREFIXES, SUFFIXES
from convcost.tracing.sources.interface import SourceReference

BEFORE = r"\s*(?:(?P<before>[^'\"]*)(?:->|→)\s*)?(?:(?P<label>[A-Za-z_]\w*)\s*=\s*)?"
"""Inputs and an arrow, or a label. A text in quotes is an argument of something else."""

NAMED = re.compile(
    rf"{BEFORE}(?P<prefix>{'|'.join(PREFIXES)})\s*:\s*(?P<name>[^(]*?)\s*(?:\((?P<arguments>.*))?", re.S
)
"""A prefix and a name; no design has a colon outside quotes."""

FILE = re.compile(
    rf"{BEFORE}(?P<name>[^\s'\"].*?(?P<suffix>{'|'.join(map(re.escape, SUFFIXES)) or '(?!)'}))"
    r"\s*(?:\((?P<arguments>.*))?",
    re.S | re.I,
)
"""A path that ends as a file of a source does; no design does."""

LONGEST = 10_000
"""Characters; a longer text names no source, and is not searched for one."""


class ReferenceText(NamedTuple):
    """A reference, and the texts around it: inputs in front, None without an arrow; arguments, if any.

    The arguments are what stands behind their opening bracket.
    """

    reference: SourceReference
    before: str | None
    arguments: str | None


def match_reference(text: str) -> ReferenceText | None:
    """reference: [[NAME "="] inputs "->"] [NAME "="] (PREFIX ":" NAME | PATH) ["(" arguments ")"]"""
    found = _may_be_reference(text) and (NAMED.fullmatch(text) or FILE.fullmatch(text))
    if not found:
        return None
    parts = found.groupdict()
    reference = SourceReference(
        parts["name"].strip(), parts.get("prefix", ""), parts.get("suffix", "").lower(), parts["label"] or ""
    )
    return ReferenceText(reference, parts["before"], parts["arguments"])


def _may_be_reference(text: str) -> bool:
    """Whether it has what every reference has: most designs are told apart by that, however long they are."""
    lowered = text.lower() if len(text) <= LONGEST else ""
    return any(prefix in lowered for prefix in PREFIXES) or any(suffix in lowered for suffix in SUFFIXES)


def is_reference(text: str) -> bool:
    """Whether `text` names a model by a source."""
    return match_reference(text) is not None
