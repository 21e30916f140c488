"""Facts and notes on a language model's run: phase, cache and experts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from convcost.analysis.dense_experts import dense_experts
from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.generation import CachedTensor, ExpertRouting, PhaseRun
from convcost.core.report import Report
from convcost.core.units import exact, human
from convcost.render.document import Fact
from convcost.render.formulas import shape_text, size_text
from convcost.render.texts import MixedText

MOST_CACHED = 4
"""The most kinds of cached tensors to list."""


def generation_facts(found: PhaseRun | None) -> Iterator[Fact]:
    """The phase and the cache; empty for a plain forward."""
    if found is None:
        return
    context = MixedText(size_text(found.context), " token" if found.context == 1 else " tokens")
    what = "the whole prompt of " if found.phase == "prefill" else "one token per sequence, after "
    yield Fact("phase", MixedText(f"{found.phase}: {what}", context))
    listed = [_cached_text(tensor) for tensor in found.cache[:MOST_CACHED]]
    more = len(found.cache) - MOST_CACHED
    rest = [f"and {more} more kinds"] if more > 0 else []
    yield Fact("cache", MixedText.joined("; ", (*listed, *rest)))


def _cached_text(tensor: CachedTensor) -> str:
    """32 × keys bfloat16 (1, 8, 8192, 128)."""
    times = f"{exact(tensor.occurrences)} × " if tensor.occurrences > 1 else ""
    name = f"{tensor.name} " if tensor.name else ""
    return MixedText(f"{times}{name}{tensor.dtype} ", shape_text(tensor.shape))


def generation_notes(report: Report) -> tuple[str, ...]:
    """Notes on the numbers of a phase and of experts."""
    found = (_phase_note(report), _experts_note(report), _dense_note(report))
    return tuple(note for note in found if note)


def _phase_note(report: Report) -> str:
    found = report.generation
    if found is None:
        return ""
    if found.phase == "decode":
        return "The prompt is not counted. Bytes include one read of the cache."
    return "Bytes include one write of the cache. The output has every token that the model returns."


def _experts_note(report: Report) -> str:
    """A token uses 2 of the 8 experts in model.layers.0.mlp.experts and 31 more."""
    routings = report.trace.routings if report.trace else ()
    kinds = groupby(sorted(routings, key=_kind), key=_kind)
    texts = [_routing_text(used, experts, list(group)) for (used, experts), group in kinds]
    if not texts:
        return ""
    convention = (
        "Active parameters are all others and that share; published figures may leave out embeddings."
    )
    return f"A token uses {', '.join(texts)}. {convention}"


def _kind(routing: ExpertRouting) -> tuple[int, int]:
    return routing.used, routing.experts


def _routing_text(used: int, experts: int, routings: list[ExpertRouting]) -> str:
    more = f" and {exact(len(routings) - 1)} more" if len(routings) > 1 else ""
    return f"{exact(used)} of {exact(experts)} experts in {routings[0].path}{more}"


def _dense_note(report: Report) -> str:
    """Work of experts beyond the tokens routed to them."""
    found = dense_experts(report.trace) if report.trace else ()
    if not found:
        return ""
    first = found[0]
    flops = report.flops - FLOPS_PER_MAC * sum(each.superfluous_macs for each in found)
    more = f" and {exact(len(found) - 1)} more" if len(found) > 1 else ""
    return (
        f"{first.routing.path}{more}: {exact(first.computed)} experts compute on each token, which is routed "
        f"to {exact(first.routing.used)}. All are counted; routed work alone is {human(flops, 'FLOPs')}."
    )
