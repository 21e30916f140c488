"""From an entry's table, whose keys and values are of the right kinds, to the Entry that it states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from convcost.core.cost import Convention
from convcost.core.errors import ConvcostError, UsageError
from convcost.gate.entry import ConfiguredModel, Entry
from convcost.gate.keys import MODEL_KEYS, SPEC_KEYS
from convcost.gate.limit import LIMITS, RATIOS, Limit, amount_limit, parse_tolerance, ratio_limit
from convcost.gate.value_types import ConfigIssue
from convcost.spec import Named, Spec, check_names, parse
from convcost.system.workers import DEFAULT_TIMEOUT

T = TypeVar("T")

LONGEST_NAME = 64


class Reading:
    """A table on its way to an entry, and the misfits met."""

    def __init__(self, name: str, table: Mapping[str, Any]) -> None:
        self.name = name
        self.path = ("entries", name)
        self.table = table
        self.issues: list[ConfigIssue] = []
        self.subject = self._subject()

    def entry(self, common: Mapping[str, Any], subjects: Mapping[str, Named]) -> Entry | None:
        """The entry, if it says what to count.

        `common` is for one that has none of its own, `subjects` are what other entries are about.
        """
        subject, table = self.subject, {**common, **self.table}
        if subject is None:
            return None
        sizes = table.get("sizes", {})
        self._at("sizes", lambda: check_names(sizes, (subject,)))
        return Entry(
            self.name,
            subject,
            sizes,
            (*self._limits(subject.names), *self._ratios(subject, subjects)),
            self._at("agree_with", lambda: _counters(table.get("agree_with", []), subject)) or (),
            self._at("tolerance", lambda: parse_tolerance(table.get("tolerance", "0%"))) or Fraction(0),
            Convention(table.get("count", "matmul"), table.get("taps", "full")),
            table.get("dtype", "float32"),
            table.get("growth_only", False),
            float(table.get("timeout", DEFAULT_TIMEOUT)),
        )

    def _at(self, key: str, work: Callable[[], T]) -> T | None:
        """What `work` returns; what it raises is a misfit at `key`."""
        try:
            return work()
        except ConvcostError as error:
            self._issue(key, str(error))
            return None

    def _issue(self, key: str, message: str) -> None:
        self.issues.append(ConfigIssue((*self.path, key) if key else self.path, message))

    def _subject(self) -> Spec | ConfiguredModel | None:
        if not 0 < len(self.name) <= LONGEST_NAME or not self.name.isprintable():
            self._issue("", f"a name has 1 to {LONGEST_NAME} characters that can be printed")
        is_spec = "spec" in self.table
        if is_spec == ("model" in self.table):
            message = "spec and model exclude each other" if is_spec else "there is no spec and no model"
            self._issue("", message)
            return None
        for key in self._given(MODEL_KEYS if is_spec else SPEC_KEYS):
            self._issue(key, f"is for {'models' if is_spec else 'specs'} alone")
        if is_spec:
            return self._at("spec", lambda: parse(self.table["spec"]))
        return self._at("inputs", lambda: _model(self.table))

    def _limits(self, sizes: tuple[str, ...]) -> Iterator[Limit]:
        for key in self._given(LIMITS):
            limit = self._at(key, partial(amount_limit, key, self.table[key], sizes))
            yield from [limit] if limit else []

    def _ratios(self, subject: Named, subjects: Mapping[str, Named]) -> Iterator[Limit]:
        """A ratio may be a formula in the sizes of both."""
        per, metric = self.table.get("ratio_to", ""), self.table.get("metric", "flops")
        given = self._given(RATIOS)
        if not per:
            for key in (*given, *self._given(["metric"])):
                self._issue(key, "says nothing without ratio_to")
            return
        if not given:
            self._issue("ratio_to", f"says nothing without {' or '.join(RATIOS)}")
        both = subject, subjects.get(per, subject)
        sizes = tuple(dict.fromkeys(name for each in both for name in each.names))
        for key in given:
            limit = self._at(key, partial(ratio_limit, key, self.table[key], metric, per, sizes))
            yield from [limit] if limit else []

    def _given(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if key in self.table]


def _model(table: Mapping[str, Any]) -> ConfiguredModel:
    from convcost.tracing.target.inputs import parse_inputs

    if table.get("inputs") and "inputs_from" in table:
        raise UsageError("inputs and inputs_from exclude each other")
    return ConfiguredModel(
        table["model"],
        parse_inputs(table.get("inputs", ())),
        table.get("inputs_from", ""),
        _floats(table.get("args", {})),
        table.get("train", False),
        table.get("formulas", ""),
    )


def _floats(value: Any) -> Any:
    """`value` with numbers with a point as Python's own."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _floats(each) for name, each in value.items()}
    return list(map(_floats, value)) if isinstance(value, list) else value


def _counters(names: list[str], subject: Spec | ConfiguredModel) -> tuple[str, ...]:
    """The counters by name: for a design those that come with convcost."""
    if not names:
        return ()
    from convcost.counters import select_counters, select_model_counters

    choose = select_counters if isinstance(subject, Spec) else select_model_counters
    return tuple(counter.name for counter in choose(",".join(names)))
