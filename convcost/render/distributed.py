"""A module on a mesh: one rank beside the whole, and what it sends."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from convcost.core.distributed import Collective, CollectiveCall, CollectivePhase, DistributedRun
from convcost.core.metrics import METRICS, TRAINING_FLOPS, Metric
from convcost.core.report import Report
from convcost.core.units import NONE, exact, fraction, human, plural
from convcost.render.document import Line, Table
from convcost.render.formulas import factor_text, shape_text
from convcost.render.texts import MixedText, join_words

PAYLOAD_NOTE = (
    "Payload: the bytes that a rank passes to a collective. Ring: the bytes that it sends with the ring "
    "algorithm."
)

NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")
"""A number in a path: a block's place among others."""

SHORT_DTYPES = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
"""As inputs are declared."""

MOST_NAMED = 3
"""Inputs in a sentence."""

PHASES: tuple[CollectivePhase, ...] = ("forward", "backward")


def distributed_tables(report: Report) -> tuple[Table, ...]:
    """One rank beside the whole module, and the collectives of each phase; nothing without a mesh."""
    run = report.distributed
    if run is None:
        return ()
    sent = (_collective_table(run, phase) for phase in PHASES)
    return (_rank_table(report, run), *(table for table in sent if table.lines))


def _rank_table(report: Report, run: DistributedRun) -> Table:
    of_rank = report.per_rank
    assert of_rank
    lines = []
    for metric in _shown_metrics(report):
        whole, part = getattr(report, metric.name), getattr(of_rank, metric.name)
        if whole is None or part is None:
            continue
        ratio = factor_text(run.replication(whole, part, "params" not in metric.name))
        cells = (NONE, fraction(part), NONE) if run.failure else (fraction(whole), fraction(part), ratio)
        label = "training FLOPs" if metric is TRAINING_FLOPS else metric.label
        lines.append(Line(label, cells, metric.is_minor))
    if run.collectives:
        lines.append(Line("payload sent", ("", human(run.bytes, "B"), "")))
    return Table((mesh_text(run), "whole module", f"rank {run.rank}", "replication"), tuple(lines))


def _shown_metrics(report: Report) -> Iterator[Metric]:
    are_all_trained = report.trainable_params == report.params
    for metric in METRICS:
        if metric.is_additive and not (are_all_trained and metric.name == "trainable_params"):
            yield metric
    if report.phases:
        yield TRAINING_FLOPS


def mesh_text(run: DistributedRun) -> str:
    """`dp=2 × tp=4: 8 ranks`."""
    ranks = f"{exact(run.ranks)} {plural(run.ranks, 'rank')}"
    dimensions = " × ".join(f"{name}={size}" for name, size in run.mesh)
    return f"{dimensions}: {ranks}" if len(run.mesh) > 1 else dimensions or ranks


def _collective_table(run: DistributedRun, phase: CollectivePhase) -> Table:
    """Those of one phase; of blocks that are alike, together."""
    alike: dict[tuple[str, CollectiveCall], list[Collective]] = defaultdict(list)
    for found in run.collectives:
        if found.phase == phase:
            alike[NUMBER.sub("*", found.path), found.call].append(found)
    lines = (_line(_sum(path, found)) for (path, _), found in alike.items())
    return Table((f"sent in the {phase}", "over", "calls × tensor", "payload", "ring"), tuple(lines))


def _sum(path: str, found: list[Collective]) -> Collective:
    """All calls as one, under their own path if they have one."""
    paths = {each.path for each in found}
    calls = sum(each.calls for each in found)
    return found[0]._replace(path=path if len(paths) > 1 else found[0].path, calls=calls)


def _line(found: Collective) -> Line:
    call = found.call
    dtype = SHORT_DTYPES.get(call.dtype, call.dtype)
    tensor = MixedText(f"{exact(found.calls)} × {dtype} ", shape_text(call.shape))
    ring = NONE if found.ring_bytes is None else human(found.ring_bytes, "B")
    over = f"{call.group}={call.ranks}"
    label = f"{found.path or '(itself)'}: {call.kind}"
    return Line(label, (over, tensor, human(found.bytes, "B"), ring))


def distributed_notes(report: Report) -> tuple[str, ...]:
    """What is to be known of the mesh, the gravest first."""
    run = report.distributed
    if run is None:
        return ()
    found = (
        _failure(run),
        _replicated_work(report, run),
        _uneven_shards(run),
        f"Nothing is parallelized over {join_words(run.unused)}." if run.unused else "",
        _input_shards(report, run),
        _own_inputs(run),
        PAYLOAD_NOTE if run.collectives else "",
    )
    return tuple(filter(None, found))


def _input_shards(report: Report, run: DistributedRun) -> str:
    """What a rank is given of inputs that are sharded."""
    whole, part = report.trace, run.per_rank.trace
    if whole is None or part is None:
        return ""
    shards = [
        MixedText(shape_text(mine.shape), " of ", shape_text(entire.shape))
        for entire, mine in zip(whole.inputs, part.inputs, strict=False)
        if entire.shape != mine.shape
    ]
    if not shards:
        return ""
    return MixedText(
        "A rank is given a shard of the input: ", MixedText.joined(", ", shards[:MOST_NAMED]), "."
    )


def _own_inputs(run: DistributedRun) -> str:
    if run.data_parallel == 1:
        return ""
    if run.data_parallel == run.ranks:
        return "Each rank has its own inputs, with the shapes above."
    groups = exact(run.data_parallel)
    return f"Each of the {groups} groups of ranks has its own inputs, with the shapes above."


def _failure(run: DistributedRun) -> str:
    return f"All figures are those of rank {run.rank}: {run.failure}." if run.failure else ""


def _replicated_work(report: Report, run: DistributedRun) -> str:
    of_rank = report.per_rank
    if of_rank is None or run.failure:
        return ""
    parts = [
        f"{factor_text(found)} the {what}"
        for what, found in (
            ("parameters", run.replication(report.params, of_rank.params, is_work=False)),
            ("MACs", run.replication(report.macs, of_rank.macs, is_work=True)),
        )
        if found is not None and found > 1
    ]
    return f"Replicated in part: all ranks together have {join_words(parts)} of the module." if parts else ""


def _uneven_shards(run: DistributedRun) -> str:
    if not run.uneven:
        return ""
    first, others = run.uneven[0], len(run.uneven) - 1
    more = f" and {exact(others)} more {plural(others, 'parameter')}" if others else ""
    largest = "rank 0, which has the largest, is shown" if run.rank == 0 else "rank 0 has the largest"
    return f"{first}{more} can't be divided equally: {largest}."
