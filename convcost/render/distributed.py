"""A module on a mesh: one rank beside the whole module, and its collectives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from convcost.core.comparison import Comparison
from convcost.core.cost import Size, ratio_of
from convcost.core.distributed import Collective, CollectiveCall, CollectivePhase, DistributedRun
from convcost.core.errors import join_words
from convcost.core.metrics import METRICS, TRAINING_FLOPS, Metric
from convcost.core.report import Report
from convcost.core.units import NONE, exact, fraction, human, plural
from convcost.render.document import Line, Table
from convcost.render.formulas import factor_text, shape_text
from convcost.render.quantities import candidate_columns, with_ratios
from convcost.render.texts import MixedText

PAYLOAD_NOTE = "Payload: the bytes that a rank passes to a collective."
RING_NOTE = f"{PAYLOAD_NOTE} Ring: the bytes that it sends with the ring algorithm."

NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")
"""A number in a path: the index of a block."""

SHORT_DTYPES = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
"""Short names, as in declared inputs."""

MOST_NAMED = 3
"""The most inputs to name in a sentence."""

PHASES: tuple[CollectivePhase, ...] = ("forward", "backward")


def distributed_tables(report: Report) -> tuple[Table, ...]:
    """One rank beside the whole module, and the collectives of each phase; empty without a mesh."""
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


def rank_comparison(comparison: Comparison) -> tuple[Table, ...]:
    """What a rank of each candidate computes, holds and sends, with ratios; nothing without a mesh."""
    reports = comparison.candidates
    runs = [report.distributed for report in reports if report.distributed]
    if not runs:
        return ()
    lines = [
        _comparison_line(metric.label, _of_ranks(reports, metric))._replace(minor=metric.is_minor)
        for metric in METRICS
        if metric.is_additive and metric.name != "trainable_params"
    ]
    if any(report.phases for report in reports):
        lines.append(_comparison_line("training FLOPs", _of_ranks(reports, TRAINING_FLOPS)))
    sent = [report.distributed.bytes if report.distributed else None for report in reports]
    lines.append(_comparison_line("payload sent", sent, "B"))
    headings = dict.fromkeys(f"{mesh_text(run)}, rank {run.rank}" for run in runs)
    return (Table((join_words([*headings]), *candidate_columns(reports)), tuple(lines)),)


def _of_ranks(reports: Iterable[Report], metric: Metric) -> list[Size | None]:
    """What the rank of each report has of a quantity; None without a mesh."""
    return [getattr(report.per_rank, metric.name) if report.per_rank else None for report in reports]


def _comparison_line(label: str, values: list[Size | None], unit: str = "") -> Line:
    first, *others = values
    ratios = [factor_text(ratio_of(other, first)) for other in others]
    cells = [NONE if value is None else human(value, unit) if unit else fraction(value) for value in values]
    return Line(label, with_ratios(cells, ratios))


def mesh_text(run: DistributedRun) -> str:
    """`dp=2 × tp=4: 8 ranks`."""
    ranks = f"{exact(run.ranks)} {plural(run.ranks, 'rank')}"
    dimensions = " × ".join(f"{name}={size}" for name, size in run.mesh)
    return f"{dimensions}: {ranks}" if len(run.mesh) > 1 else dimensions or ranks


def _collective_table(run: DistributedRun, phase: CollectivePhase) -> Table:
    """The collectives of one phase, with those of equal blocks merged."""
    groups: dict[tuple[str, CollectiveCall], list[Collective]] = defaultdict(list)
    for found in run.collectives:
        if found.phase == phase:
            groups[NUMBER.sub("*", found.path), found.call].append(found)
    lines = (_line(_sum(path, found)) for (path, _), found in groups.items())
    return Table((f"sent in the {phase}", "over", "calls × tensor", "payload", "ring"), tuple(lines))


def _sum(path: str, found: list[Collective]) -> Collective:
    """All calls as one collective; `path` replaces their paths if these differ."""
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
    """Notes on the mesh, the most serious first."""
    run = report.distributed
    if run is None:
        return ()
    found = (
        _failure(report),
        _replicated_work(report, run),
        _uneven_shards(run),
        f"Nothing is parallelized over {join_words(run.unused)}." if run.unused else "",
        _input_shards(report, run),
        _own_inputs(run),
        RING_NOTE if run.collectives else "",
    )
    return tuple(filter(None, found))


def _input_shards(report: Report, run: DistributedRun) -> str:
    """The shards of inputs that a rank receives."""
    whole, part = report.trace, run.per_rank.trace
    if whole is None or part is None:
        return ""
    shards = [
        MixedText(shape_text(shard.shape), " of ", shape_text(full.shape))
        for full, shard in zip(whole.inputs, part.inputs, strict=False)
        if full.shape != shard.shape
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


def failure_notes(reports: Iterable[Report]) -> Iterator[str]:
    """For each of several reports that is of a rank alone: why."""
    for report in reports:
        if failure := _failure(report, f" of {report.name}"):
            yield failure


def _failure(report: Report, whose: str = "") -> str:
    run = report.distributed
    if run is None or not run.failure:
        return ""
    return f"All figures{whose} are those of rank {run.rank}: {run.failure}."


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
