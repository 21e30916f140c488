"""A module on a mesh as records: the costs of one rank, and its collectives."""

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
    size: Annotated[int, describe("The number of ranks.")]


class CollectiveRecord(Record):
    """All calls of a collective by a submodule on tensors of one shape."""

    path: str
    phase: CollectivePhase
    kind: Annotated[
        str, describe("The collective, for example all_reduce; for an unknown one, the operator's own name.")
    ]
    group: Annotated[str, describe("The mesh dimension, or else the process group.")]
    ranks: Annotated[int, describe("The number of ranks that take part.")]
    shape: Annotated[list[int], describe("The shape of the tensor that this rank passes in.")]
    dtype: str
    calls: int
    bytes: Annotated[int, describe("The payload of all calls: the bytes that this rank passes in.")]
    ring_bytes: Annotated[int | None, describe("Bytes that this rank sends in all calls by a ring.")]


RankRecord = record_type(
    "RankRecord", "What one rank computes and holds.", fields(METRICS), training_fields()
)


class DistributedRecord(Record):
    """The costs of one rank of a mesh; all other fields of the report are about the whole module."""

    mesh: list[MeshDimensionRecord]
    ranks: int
    rank: Annotated[int, describe("The rank that per_rank is about.")]
    data_parallel: Annotated[
        int, describe("The number of ranks, or groups of ranks, that have inputs of their own.")
    ]
    failure: Annotated[
        str, describe("Why the whole module was not counted; all other fields are then about this rank.")
    ]
    per_rank: Annotated[Any, one_of("RankRecord")]
    bytes: Annotated[int, describe("The payload of this rank's collectives.")]
    collectives: list[CollectiveRecord]
    uneven: Annotated[list[str], describe("Parameters whose shards differ in size.")]
    unused: Annotated[list[str], describe("Mesh dimensions over which nothing is parallelised.")]


def distributed_record(report: Report) -> Any:
    """The costs of one rank; UNSET without a mesh."""
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
