"""Arguments that would load or download weights: a model is counted without any."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from convcost.core.errors import UsageError


def without_weights(model: str, arguments: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """`arguments` but for those of `names` that ask for nothing; UsageError for one that asks for weights."""
    for name in names:
        if arguments.get(name):
            hint = "Leave it out: the model is built without weights, and its costs do not depend on them."
            raise UsageError(f"{model[:80]}: {name} loads weights", hint=hint)
    return {name: value for name, value in arguments.items() if name not in names}
