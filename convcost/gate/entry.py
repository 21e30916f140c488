"""An entry of the configuration: its subject and its checks, read from its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET

from convcost.core.cost import MATMUL, Convention
from convcost.core.errors import ConvcostError, UsageError, join_words
from convcost.core.metrics import OF_PHASES
from convcost.gate.config_tables import MODEL_KEYS, SPEC_KEYS, EntryKeys, EntryTable
from convcost.gate.limit import LIMITS, RATIOS, Limit, amount_limit, parse_tolerance, ratio_limit
from convcost.gate.validation import ConfigIssue
from convcost.spec import HasSizeNames, Spec, check_names, parse
from convcost.system.workers import DEFAULT_TIMEOUT
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs
from convcost.tracing.prompt_inputs import OPEN_BATCH, PhaseRequest, parse_context
from convcost.tracing.sources.reference import is_reference
from convcost.tracing.target.module_text import parse_module_text

T = TypeVar("T")

LONGEST_NAME = 64


class ConfiguredModel(NamedTuple):
    """A model in the configuration: its place, arguments and inputs."""

    text: str
    inputs: DeclaredInputs
    inputs_from: str
    arguments: Mapping[str, Any]
    train: bool
    formulas: str
    request: PhaseRequest | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes in its inputs, and in a prompt of open length."""
        context = self.request.context if self.request else None
        prompt = (OPEN_BATCH, context) if isinstance(context, str) else ()
        return tuple(dict.fromkeys((*self.inputs.names, *prompt)))


class Entry(NamedTuple):
    """A spec or a model with its sizes, its limits, and the counters that must agree."""

    name: str
    subject: Spec | ConfiguredModel
    sizes: Mapping[str, int]
    limits: tuple[Limit, ...] = ()
    counters: tuple[str, ...] = ()
    tolerance: Fraction = Fraction(0)
    convention: Convention = MATMUL
    dtype: str = "float32"
    growth_only: bool = False
    timeout: float = DEFAULT_TIMEOUT

    @property
    def text(self) -> str:
        """The spec, or the module's place, as given."""
        return self.subject.text

    @property
    def key(self) -> str:
        """The key that names the subject."""
        return "spec" if isinstance(self.subject, Spec) else "model"

    @property
    def open_names(self) -> tuple[str, ...]:
        """The sizes without a number."""
        return tuple(name for name in self.subject.names if name not in self.sizes)


class EntryReader:
    """Reads an entry from a table with valid keys and types, and collects the issues."""

    def __init__(self, name: str, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.issues: list[ConfigIssue] = []
        self._keys = table.keys()
        self._table: EntryKeys = msgspec.convert({**defaults, **table}, EntryTable)
        self.subject = self._subject()

    def entry(self, subjects: Mapping[str, HasSizeNames]) -> Entry | None:
        """The entry; None without a valid subject. `subjects` are those of all entries by name."""
        subject, table = self.subject, self._table
        if subject is None:
            return None
        self._attempt("sizes", lambda: check_names(table.sizes, (subject,)))
        limits = (*self._limits(subject.names), *self._ratios(subject, subjects))
        return Entry(
            self.name,
            subject,
            table.sizes,
            limits,
            self._attempt("agree_with", lambda: _select_counters(table.agree_with, subject)) or (),
            self._attempt("tolerance", lambda: parse_tolerance(table.tolerance)) or Fraction(0),
            Convention(table.count, table.taps),
            table.dtype,
            table.growth_only,
            table.timeout,
        )

    def _attempt(self, key: str, work: Callable[[], T]) -> T | None:
        """The result of `work`; an error becomes an issue at `key`."""
        try:
            return work()
        except ConvcostError as error:
            self._refuse(key, str(error))
            return None

    def _refuse(self, key: str, message: str) -> None:
        path = ("entries", self.name)
        self.issues.append(ConfigIssue((*path, key) if key else path, message))

    def _subject(self) -> Spec | ConfiguredModel | None:
        table = self._table
        if not 0 < len(self.name) <= LONGEST_NAME or not self.name.isprintable():
            self._refuse("", f"a name must have 1 to {LONGEST_NAME} printable characters")
        if isinstance(table.spec, str) and isinstance(table.model, str):
            self._refuse("", "spec and model can't be combined")
        elif isinstance(table.spec, str):
            self._refuse_keys(MODEL_KEYS, "is only for models")
            return self._attempt("spec", partial(parse, table.spec))
        elif isinstance(table.model, str):
            self._refuse_keys(SPEC_KEYS, "is only for specs")
            request = self._attempt("context", partial(_phase_request, table))
            return self._attempt("inputs", partial(_read_model, table.model, table, request))
        else:
            self._refuse("", "an entry needs a spec or a model")
        return None

    def _refuse_keys(self, keys: Iterable[str], message: str) -> None:
        for key in self._present_keys(keys):
            self._refuse(key, message)

    def _present_keys(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if key in self._keys]

    def _limits(self, sizes: tuple[str, ...]) -> Iterator[Limit]:
        for key in self._present_keys(LIMITS):
            if LIMITS[key].metric in OF_PHASES and self._table.phase is UNSET:
                self._refuse(key, "needs a model with a phase and a context")
                continue
            limit = self._attempt(key, partial(amount_limit, key, getattr(self._table, key), sizes))
            yield from [limit] if limit else []

    def _ratios(self, subject: HasSizeNames, subjects: Mapping[str, HasSizeNames]) -> Iterator[Limit]:
        """A ratio may be a formula in the sizes of both entries."""
        base, metric = self._table.ratio_to, self._table.metric
        given = self._present_keys(RATIOS)
        if not base:
            self._refuse_keys((*given, "metric"), "needs ratio_to")
            return
        if not given:
            self._refuse("ratio_to", f"needs {join_words(RATIOS, 'or')}")
        both = subject, subjects.get(base, subject)
        sizes = tuple(dict.fromkeys(name for each in both for name in each.names))
        for key in given:
            value = getattr(self._table, key)
            limit = self._attempt(key, partial(ratio_limit, key, value, metric, base, sizes))
            yield from [limit] if limit else []


def _read_model(place: str, table: EntryKeys, request: PhaseRequest | None) -> ConfiguredModel:
    if table.inputs and table.inputs_from:
        raise UsageError("inputs and inputs_from can't be combined")
    stated = parse_module_text(place) if is_reference(place) else None
    if stated and stated.inputs and (table.inputs or table.inputs_from):
        raise UsageError("the model already states its inputs")
    inputs = stated.inputs if stated and stated.inputs else parse_inputs(table.inputs)
    arguments = {**(stated.arguments if stated else {}), **table.args}
    return ConfiguredModel(place, inputs, table.inputs_from, arguments, table.train, table.formulas, request)


def _phase_request(table: EntryKeys) -> PhaseRequest | None:
    context = None if table.context is UNSET else table.context
    if table.phase is not UNSET:
        return PhaseRequest(table.phase, parse_context(context) if isinstance(context, str) else context)
    if context is not None:
        raise UsageError('needs phase, for example phase = "decode"')
    return None


def _select_counters(names: list[str], subject: Spec | ConfiguredModel) -> tuple[str, ...]:
    """The counters with these names; for a spec, only those that come with convcost."""
    if not names:
        return ()
    from convcost.counters import select_counters, select_model_counters

    choose = select_counters if isinstance(subject, Spec) else select_model_counters
    return tuple(counter.name for counter in choose(",".join(names)))
