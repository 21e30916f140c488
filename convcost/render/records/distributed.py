"""A module on a mesh as records: what one rank has, and the collectives that it calls."""

from typing import Annotated, Any

from msgspec import UNSET

from convcost.core.distributed import Collective, CollectivePhase
from convcost.core.metrics import METRICS
from convcost.core.record_fields import describe, one_of
from convcost.core.report import Report
from convcost.render.records.quantities import fields, training_fields
from convcost.render.records.record import Record, data, record_from, record_type, records_from


class MeshDimensionRecord(Record):
    """A dimension of the device mesh."""

    name: str
    size: Annotated[int, describe("How many ranks it has.")]


class CollectiveRecord(Record):
    """All calls of a collective by a submodule on tensors of one shape."""

    path: str
    phase: CollectivePhase
    kind: Annotated[
        str, describe("The collective, for example all_reduce; for an unknown one, the operator's own name.")
    ]
    group: Annotated[str, describe("The mesh dimension, or else the process group.")]
    ranks: Annotated[int, describe("How many take part.")]
    shape: Annotated[list[int], describe("That of the tensor that this rank passes in.")]
    dtype: str
    calls: int
    bytes: Annotated[int, describe("The payload of all calls: what this rank passes in.")]
    ring_bytes: Annotated[int | None, describe("What this rank sends in all calls by the ring algorithm.")]


RankRecord = record_type(
    "RankRecord", "What one rank computes and holds.", fields(METRICS), training_fields()
)


class DistributedRecord(Record):
    """A module on many devices: what one rank has, beside the whole module, which other fields are about."""

    mesh: list[MeshDimensionRecord]
    ranks: int
    rank: Annotated[int, describe("The one that per_rank is about.")]
    data_parallel: Annotated[int, describe("How many ranks run on inputs of their own.")]
    failure: Annotated[
        str, describe("Why the whole module is not known, where the other fields are those of this rank.")
    ]
    per_rank: Annotated[Any, one_of("RankRecord")]
    bytes: Annotated[int, describe("The payload of all collectives of this rank.")]
    collectives: list[CollectiveRecord]
    uneven: Annotated[list[str], describe("Parameters that the ranks hold unequal shards of.")]
    unused: Annotated[list[str], describe("Dimensions of the mesh that no parameter lies on.")]


def distributed_record(report: Report) -> Any:
    """What one rank has; UNSET without a mesh."""
    run, of_rank = report.distributed, report.per_rank
    if run is None or of_rank is None:
        return UNSET
    training = UNSET if of_rank.training_flops is None else data(of_rank.training_flops)
    return record_from(
        DistributedRecord,
        run,
        mesh=records_from(MeshDimensionRecord, run.mesh),
        per_rank=record_from(RankRecord, of_rank, training_flops=training),
        collectives=list(map(_collective, run.collectives)),
    )


def _collective(found: Collective) -> CollectiveRecord:
    call = found.call
    return CollectiveRecord(
        found.path,
        found.phase,
        call.kind,
        call.group,
        call.ranks,
        list(call.shape),
        call.dtype,
        found.calls,
        found.bytes,
        found.ring_bytes,
    )
