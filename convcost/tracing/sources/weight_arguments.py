"""Refuse arguments that would load or download weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from convcost.core.errors import UsageError


def without_weights(model: str, arguments: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """`arguments` without those in `names`; UsageError if one of these asks for weights."""
    for name in names:
        if arguments.get(name):
            hint = "Leave it out: convcost builds models without weights, as costs do not depend on them."
            raise UsageError(f"{model[:80]}: {name} loads weights", hint=hint)
    return {name: value for name, value in arguments.items() if name not in names}
