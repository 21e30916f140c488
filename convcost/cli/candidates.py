"""What is compared: designs as specs, and torch modules among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import typer

from convcost import api
from convcost.cli.commands import known
from convcost.cli.designs import of_designs
from convcost.cli.estimates import Again
from convcost.cli.hints import is_target
from convcost.cli.modules import ModuleOptions, measured
from convcost.cli.sizes import bindings, check_options, split
from convcost.core.cost import Convention, Size
from convcost.core.errors import UsageError
from convcost.layers.network import Network
from convcost.spec import Spec
from convcost.system.workers import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel
    from convcost.tracing.target.target import Target


class Candidates(NamedTuple):
    """Designs, the torch modules among them counted already, and the sizes given."""

    designs: tuple[Spec | ProfiledModel, ...]
    sizes: dict[str, Size]

    @property
    def stated(self) -> tuple[api.Design, ...]:
        """The designs by what they say of their cost."""
        return tuple(design if isinstance(design, Spec) else design.report for design in self.designs)

    def again(self, design: Spec | ProfiledModel, convention: Convention, dtype: str) -> Again | None:
        """What reports a design with further sizes; a module can't be."""
        if not isinstance(design, Spec):
            return None
        own = {name: size for name, size in self.sizes.items() if name in design.names}
        return lambda more: design.report({**own, **more}, convention, dtype)

    def subjects(self) -> tuple[Network | ProfiledModel, ...]:
        """What counters can be asked about, with numbers for all sizes."""
        return tuple(
            design.network(self.sizes) if isinstance(design, Spec) else design for design in self.designs
        )


def of_candidates(
    context: typer.Context,
    tokens: Iterable[str],
    settings: Iterable[str],
    models: ModuleOptions,
    memory: int,
    vary: Collection[str] = (),
    footprint: str | None = None,
) -> Candidates:
    """Each candidate as a spec, or as a module that was run on the inputs of `models`.

    Sizes to `vary` stay open in modules; in the dtype `footprint`, if it is one, memory is measured.
    """
    texts, options = split(tokens, known(context))
    if not any(map(is_target, texts)):
        if models._replace(timeout=DEFAULT_TIMEOUT) != ModuleOptions():
            hint = "In a design the shape stands in front: [B, S, E] -> Linear(E, E)"
            raise UsageError("--input, --inputs-from, --arg and --train are for torch modules", hint=hint)
        return Candidates(*of_designs(context, tokens, settings))
    inputs = models.declared()
    specs = {text: api.parsed(text) for text in texts if not is_target(text)}
    check_options(options, (*specs.values(), inputs), context)
    sizes = bindings(options, settings)
    put_in = {name: size for name, size in sizes.items() if name not in vary}
    modules = {text: models.target(text, inputs, put_in) for text in texts if text not in specs}
    run = partial(_profiled, memory, footprint, models.timeout)
    return Candidates(tuple(specs.get(text) or run(modules[text]) for text in texts), sizes)


def _profiled(memory: int, footprint: str | None, timeout: float, target: Target) -> ProfiledModel:
    from convcost.tracing.profile import Profiler

    return measured(target, Profiler(memory=memory, footprint=footprint), timeout)
