"""Reads the designs of a command, specs and torch modules, and the sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple, cast

import typer

from convcost.api import CountedDesign
from convcost.cli.estimates import ReportFactory
from convcost.cli.hints import BIAS_HINT, DESIGN_HINT, PAIR_HINTS, is_target, model_hint, target_noun
from convcost.cli.modules import missing_input_hint, read_targets, run_target
from convcost.cli.options import ModuleOptions
from convcost.cli.parser_errors import option_names
from convcost.cli.sizes import Option, check_number, check_options, read_sizes, split_tokens
from convcost.core.cost import Convention, Size
from convcost.core.errors import UsageError, join_words
from convcost.layers.network import Network
from convcost.spec import Spec, parse
from convcost.spec.design_file import DesignFile, read_design_file
from convcost.spec.founding_pair import FoundingPair
from convcost.tracing.target.target import MeshTarget, Target

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel


DEFAULT_PAIR = FoundingPair()


class SizedSpecs(NamedTuple):
    """Specs, and the given sizes."""

    specs: tuple[Spec, ...]
    sizes: dict[str, Size]


class Sources(NamedTuple):
    """Specs and torch modules, not yet run, with the given sizes, and notes."""

    sources: tuple[Spec | Target, ...]
    sizes: dict[str, Size]
    notes: tuple[str, ...] = ()


class Candidates(NamedTuple):
    """Specs and profiled torch modules, with the given sizes, and notes."""

    sources: tuple[Spec | ProfiledModel, ...]
    sizes: dict[str, Size]
    notes: tuple[str, ...] = ()

    @property
    def designs(self) -> tuple[CountedDesign, ...]:
        """The candidates as specs and reports."""
        return tuple(source if isinstance(source, Spec) else source.report for source in self.sources)

    def report_factories(
        self, convention: Convention, dtype: str, backward: bool
    ) -> tuple[ReportFactory | None, ...]:
        """For each spec a function that reports it with further sizes; None for a module."""
        return tuple(self._report_factory(source, convention, dtype, backward) for source in self.sources)

    def _report_factory(
        self, source: Spec | ProfiledModel, convention: Convention, dtype: str, backward: bool
    ) -> ReportFactory | None:
        if not isinstance(source, Spec):
            return None
        own = {name: size for name, size in self.sizes.items() if name in source.names}
        return lambda more: source.report({**own, **more}, convention, dtype, backward=backward)

    def countables(self) -> tuple[Network | ProfiledModel, ...]:
        """The networks and modules of the candidates, for counters; all sizes need numbers."""
        return tuple(
            source.network(self.sizes) if isinstance(source, Spec) else source for source in self.sources
        )


def read_texts(context: typer.Context, tokens: Iterable[str]) -> tuple[list[str], list[Option]]:
    """The designs as texts, with `@FILE` replaced by the file's designs, and the options.

    Definitions of the files are put in front of each text that uses them.
    """
    texts, options = split_tokens(tokens, option_names(context))
    files = {text: read_design_file(text.removeprefix("@")) for text in texts if text.startswith("@")}
    definitions = sum(files.values(), DesignFile())
    listed = [design for text in texts for design in (files[text].designs if text in files else (text,))]
    if files and not listed:
        hint = "Also give a design that uses them."
        raise UsageError(f"{join_words(files)[:80]}: there are definitions but no design", hint=hint)
    check_number(listed, "designs or arguments")
    return [text if is_target(text) else definitions.complete(text) for text in listed], options


def read_specs(
    context: typer.Context, tokens: Iterable[str], settings: Iterable[str], pair: FoundingPair = DEFAULT_PAIR
) -> SizedSpecs:
    """The specs and sizes of a command; without any design the founding `pair`."""
    return _specs(context, *read_texts(context, tokens), settings, pair)


def _specs(
    context: typer.Context,
    texts: list[str],
    options: list[Option],
    settings: Iterable[str],
    pair: FoundingPair,
) -> SizedSpecs:
    for text in filter(is_target, texts):
        raise UsageError(f"{text[:80]} is {target_noun(text)}, not a design in text", hint=model_hint(text))
    _check_pair(pair, texts)
    specs = tuple(map(parse, texts or pair.texts))
    check_options(options, specs, context, hints={"bias": BIAS_HINT} if texts else PAIR_HINTS)
    sizes = read_sizes(options, settings)
    return SizedSpecs(specs, sizes if texts else pair.sizes(sizes))


def _check_pair(pair: FoundingPair, texts: list[str]) -> None:
    """UsageError for options of the founding pair if designs are given."""
    if texts and not pair.bias:
        raise UsageError("--no-bias is only for the built-in comparison, without a SPEC", hint=BIAS_HINT)
    if texts and pair != DEFAULT_PAIR:
        hint = "A repeated layer is written as 3 x Conv1d(E, E, 3, padding=same)."
        raise UsageError("--convs is only for the built-in comparison, without a SPEC", hint=hint)


def read_sources(
    context: typer.Context,
    tokens: Iterable[str],
    settings: Iterable[str],
    modules: ModuleOptions,
    pair: FoundingPair = DEFAULT_PAIR,
) -> Sources:
    """Read each candidate: a spec, or a module with its own inputs or those of `modules`."""
    texts, options = read_texts(context, tokens)
    if not any(map(is_target, texts)):
        if modules.describe_a_module:
            message = "--input, --inputs-from, --arg, --train and --phase are for torch modules"
            raise UsageError(message, hint=DESIGN_HINT)
        found = _specs(context, texts, options, settings, pair)
        return Sources(*found, notes=() if texts else pair.notes(found.sizes))
    _check_pair(pair, texts)
    specs = {text: parse(text) for text in texts if not is_target(text)}
    targets = read_targets(filter(is_target, texts), modules)
    all_targets = [target for found in targets.values() for target in found]
    inputs = (target.inputs for target in all_targets)
    check_options(options, (*specs.values(), *inputs), context, others=missing_input_hint(all_targets))
    sources = (source for text in texts for source in ((specs[text],) if text in specs else targets[text]))
    return Sources(tuple(sources), read_sizes(options, settings))


def read_candidates(
    context: typer.Context,
    tokens: Iterable[str],
    settings: Iterable[str],
    modules: ModuleOptions,
    max_bytes: int,
    *,
    pair: FoundingPair = DEFAULT_PAIR,
    vary: Collection[str] = (),
    memory_dtype: str | None = None,
    backward: bool = False,
    mesh: MeshTarget | None = None,
) -> Candidates:
    """Read the candidates, and run modules on their inputs.

    Sizes to `vary` stay open in modules, which are put on the `mesh`. With `memory_dtype`, memory is
    measured in this dtype; with `backward`, the backward runs too.
    """
    seconds = modules.seconds
    found = read_sources(context, tokens, settings, modules, pair)
    if mesh and all(isinstance(source, Spec) for source in found.sources):
        raise UsageError("--mesh is for torch modules, such as net.py:Net", hint="Leave it out.")
    return run_sources(
        found, max_bytes, seconds, vary=vary, memory_dtype=memory_dtype, backward=backward, mesh=mesh
    )


def run_sources(
    found: Sources,
    max_bytes: int,
    seconds: float,
    *,
    vary: Collection[str] = (),
    memory_dtype: str | None = None,
    backward: bool = False,
    mesh: MeshTarget | None = None,
) -> Candidates:
    """Run the modules; arguments as for `read_candidates`."""
    if all(isinstance(source, Spec) for source in found.sources):
        return Candidates(cast("tuple[Spec, ...]", found.sources), found.sizes, found.notes)
    from convcost.tracing.profile import Profiler

    profiler = Profiler(backward, memory=max_bytes, footprint=memory_dtype)
    fixed = {name: size for name, size in found.sizes.items() if name not in vary}
    sources = (
        source if isinstance(source, Spec) else run_target(source.sized(fixed), profiler, seconds, mesh)
        for source in found.sources
    )
    return Candidates(tuple(sources), found.sizes)


def read_single_spec(
    context: typer.Context, tokens: Iterable[str], settings: Iterable[str]
) -> tuple[Spec, dict[str, Size]]:
    """The design and the sizes of a command that takes only one design."""
    texts, options = read_texts(context, tokens)
    if len(texts) != 1:
        found = f"{context.info_name} takes one design, not {len(texts)}"
        raise UsageError(found if texts else "a design is missing", hint=SINGLE_DESIGN_HINT)
    [spec], sizes = _specs(context, texts, options, settings, DEFAULT_PAIR)
    return spec, sizes


SINGLE_DESIGN_HINT = "Write one, such as '[B, E] -> Linear(E, 4E)'."
