"""Parse references to models of sources: `f32[1,3,64,64] -> timm:resnet50(in_chans=3)`, `a = net.onnx`."""

from __future__ import annotations

import re
from typing import NamedTuple

from convcost.tracing.sources import PREFIXES, SUFFIXES
from convcost.tracing.sources.interface import SourceReference

BEFORE = r"\s*(?:(?P<before>[^'\"]*)(?:->|→)\s*)?(?:(?P<label>[A-Za-z_]\w*)\s*=\s*)?"
"""Inputs and an arrow, or a label. Quotes are not allowed: quoted text is an argument of something else."""

NAMED = re.compile(
    rf"{BEFORE}(?P<prefix>{'|'.join(PREFIXES)})\s*:\s*(?P<name>[^(]*?)\s*(?:\((?P<arguments>.*))?", re.S
)
"""A prefix and a name. No spec has a colon outside quotes."""

FILE = re.compile(
    rf"{BEFORE}(?P<name>[^\s'\"].*?(?P<suffix>{'|'.join(map(re.escape, SUFFIXES)) or '(?!)'}))"
    r"\s*(?:\((?P<arguments>.*))?",
    re.S | re.I,
)
"""A path with the suffix of a source. No spec ends with one."""

LONGEST = 10_000
"""The most characters of a reference. Longer texts are not searched."""


class ReferenceText(NamedTuple):
    """A reference and the texts around it.

    Attributes:
        reference: The reference.
        before: The inputs before the arrow; None without an arrow.
        arguments: The text after the opening bracket; None without a bracket.
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
    """A quick test that every reference passes and most specs fail."""
    lowered = text.lower() if len(text) <= LONGEST else ""
    return any(prefix in lowered for prefix in PREFIXES) or any(suffix in lowered for suffix in SUFFIXES)


def is_reference(text: str) -> bool:
    """Whether `text` is a reference to a model of a source."""
    return match_reference(text) is not None
