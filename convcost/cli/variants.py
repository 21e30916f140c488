"""`--over-arg`: sweeps constructor arguments of a torch module, and shows progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from convcost.cli.designs import Sources
from convcost.cli.options import ModuleOptions
from convcost.cli.output import show_progress
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.units import parse_count
from convcost.search.design import CountedQuantities
from convcost.search.variants.arguments import Arguments, combinations, parse_argument_axis
from convcost.search.variants.variants import ModuleVariants, VariantCount, open_input_names
from convcost.system.worker_pool import number_of_processors
from convcost.tracing.target.target import Target

FEW_VARIANTS = 16
"""Up to this number of variants, no progress is shown."""

MOST_JOBS = 256


def read_variants(
    found: Sources, over_arg: Iterable[str], jobs: str, modules: ModuleOptions, max_bytes: int
) -> tuple[Sources, ModuleVariants]:
    """All sources except the last, and the last one with each combination of swept arguments."""
    axes = tuple(map(parse_argument_axis, over_arg))
    *others, target = found.sources
    if not isinstance(target, Target) or len(others) > 1:
        hint = "One other design may come before it; ratios are to that one."
        raise UsageError("--over-arg needs a torch module as the last design", hint=hint)
    if given := next((axis.name for axis in axes if axis.name in target.arguments), ""):
        raise UsageError(f"{given} is swept but also has a value", hint="Leave one of them out.")
    combinations(axes)
    workers = min(parse_count(jobs, "--jobs", least=1), MOST_JOBS) if jobs else number_of_processors()
    seconds = modules.seconds

    def count(
        arguments: Sequence[Arguments], sizes: Mapping[str, Size], counted: CountedQuantities
    ) -> Iterator[VariantCount]:
        from convcost.search.variants.variant_counts import count_targets
        from convcost.tracing.profile import Profiler

        profiler = Profiler(memory=max_bytes)
        counts = count_targets(target, profiler, seconds, workers, arguments, sizes, counted)
        number = len(arguments)
        return (
            counts
            if number <= FEW_VARIANTS
            else show_progress(counts, number, lambda _: f"variants of {name}")
        )

    name = target.place.label or target.place.title
    variants = ModuleVariants(name, str(target), axes, open_input_names(target.inputs.names, axes), count)
    return found._replace(sources=tuple(others)), variants
