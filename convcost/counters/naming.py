"""What a cause is about: the kind of module or the operator, and for what was missed, why it was."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from convcost.core.diagnosis import Kind
from convcost.core.trace import SubmoduleRun
from convcost.counters.calls import Exact
from convcost.counters.families import family
from convcost.counters.interface import FUSED, Missed, Watches, bare

WHOLE_MODULES = ("MultiheadAttention", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "Bilinear")
"""Modules that compute as one, so that a counter of modules needs a rule for each."""


class Naming:
    """Names by the kinds of the submodules, and by what a counter met and has no formula for."""

    def __init__(self, modules: Iterable[SubmoduleRun], missed: Iterable[Missed], watches: Watches) -> None:
        self._kinds = {module.path: module.kind for module in modules}
        self._watches = watches
        self._missed: dict[str, list[str]] = defaultdict(list)
        for found in missed:
            self._missed[found.path].append(found.operator)

    def subject(self, operator: str, path: str) -> str:
        """The kind of the submodule if it is there to do `operator`; else the operator."""
        kind = self._kinds.get(path, "")
        return kind if _plain(kind) == _plain(bare(operator)) else operator

    def reason(self, found: Exact, was_counted: bool) -> tuple[Kind, str]:
        """Why calls of an operation are missed, of which others may have been counted."""
        operator, named = found.operation.operator, self._without_formula(found)
        if named:
            return ("attention" if "attention" in named else "formula"), named
        if was_counted:
            return "repeated", self.subject(operator, found.path)
        kind = self._kinds.get(found.path, "")
        if self._watches != "operators" and kind in WHOLE_MODULES:
            return ("attention" if "Attention" in kind else "rule"), kind
        if family(operator) == "attention":
            return "attention", operator
        return ("unseen" if self._watches == "operators" else "function"), operator

    def _without_formula(self, found: Exact) -> str:
        """The operators that the counter met there, or fused in a module around, and has no formula for."""
        here = self._missed[found.path]
        alike = [name for name in here if family(name) == family(found.operation.operator)]
        return ", ".join(dict.fromkeys(alike or here)) or self._around(found)

    def _around(self, found: Exact) -> str:
        path = found.path
        while path:
            path = path.rpartition(".")[0]
            for name in self._missed[path]:
                if bare(name) in FUSED or family(name) == family(found.operation.operator):
                    return name
        return ""


def _plain(name: str) -> str:
    """`batchnorm` of `BatchNorm2d` and of `batch_norm`."""
    return re.sub(r"\dd$", "", name.replace("_", "").lower())
