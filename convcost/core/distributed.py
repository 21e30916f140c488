"""A module on many devices: what one rank computes, holds and sends to the others. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Literal, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Shape, ratio_of
from convcost.core.errors import UsageError

if TYPE_CHECKING:
    from convcost.core.report import Report

CollectivePhase = Literal["forward", "backward"]


MOST_RANKS = 2**16
"""The most ranks of a requested mesh."""

MESH_HINT = "Write it as tp=8, or with several dimensions as dp=2,tp=4."


class MeshDimension(NamedTuple):
    """A dimension of a device mesh: its name, or its number if it has none, and its number of ranks."""

    name: str
    size: int


def parse_mesh(text: str, option: str = "--mesh") -> tuple[MeshDimension, ...]:
    """mesh: dimension ("," dimension)*, with dimension: NAME "=" RANKS"""
    by_name: dict[str, MeshDimension] = {}
    for part in text.split(","):
        name, equals, size = (piece.strip() for piece in part.partition("="))
        if not equals or not name.isidentifier() or not size.isdecimal() or not size.isascii():
            raise UsageError(f"{option} {text[:80]} is not a mesh", hint=MESH_HINT)
        if name in by_name:
            raise UsageError(f"{option} {text[:80]} has the dimension {name} twice", hint=MESH_HINT)
        if len(size) > len(str(MOST_RANKS)) or not 0 < int(size) <= MOST_RANKS:
            raise UsageError(
                f"{option} {name[:40]}={size[:40]}: it must be 1 to {MOST_RANKS:,} ranks", hint=MESH_HINT
            )
        by_name[name] = MeshDimension(name, int(size))
    dimensions = tuple(by_name.values())
    if count_ranks(dimensions) > MOST_RANKS:
        raise UsageError(f"a mesh has at most {MOST_RANKS:,} ranks, not {count_ranks(dimensions):,}")
    return dimensions


def count_ranks(dimensions: Iterable[MeshDimension]) -> int:
    """The number of ranks of a mesh with these dimensions."""
    return prod(dimension.size for dimension in dimensions)


class CollectiveCall(NamedTuple):
    """A rank's call of a collective on a tensor of `shape` and `dtype`, its payload.

    `group` names the mesh dimension, or the process group, of the participating `ranks`. The `kind` of an
    unknown operator of torch.distributed is the operator's name.
    """

    kind: str
    group: str
    ranks: int
    shape: Shape
    dtype: str
    itemsize: int

    @property
    def bytes(self) -> int:
        """The payload: the bytes of the tensor that this rank passes in, whatever the algorithm."""
        return arithmetic.elements(self.shape) * self.itemsize

    @property
    def ring_bytes(self) -> int | None:
        """The bytes that this rank sends with the ring algorithm; None for a kind without one.

        For a payload of P bytes on n ranks: all_gather (n − 1)·P; reduce_scatter and all_to_all (n − 1)·P/n;
        all_reduce (a reduce_scatter and an all_gather) 2·(n − 1)·P/n. P/n is rounded up to whole elements.
        Source: Thakur, Rabenseifner, Gropp, Optimization of Collective Communication Operations in
        MPICH, 2005.
        """
        part = -(-arithmetic.elements(self.shape) // self.ranks) * self.itemsize
        steps = {"all_gather": self.bytes, "reduce_scatter": part, "all_to_all": part, "all_reduce": 2 * part}
        return (self.ranks - 1) * steps[self.kind] if self.kind in steps else None


class Collective(NamedTuple):
    """The calls of a collective in the submodule at `path`, on tensors of one shape."""

    path: str
    phase: CollectivePhase
    call: CollectiveCall
    calls: int = 1

    @property
    def bytes(self) -> int:
        """The payload of all calls."""
        return self.calls * self.call.bytes

    @property
    def ring_bytes(self) -> int | None:
        """The bytes that this rank sends in all calls with the ring algorithm."""
        sent = self.call.ring_bytes
        return None if sent is None else self.calls * sent


class DistributedRun(NamedTuple):
    """A module on a mesh of ranks.

    Attributes:
        mesh: Its dimensions; empty if no tensor of the module has a mesh.
        ranks: The number of ranks.
        rank: The rank that `per_rank` describes.
        per_rank: The work of this rank, and the parameters that it holds between steps.
        collectives: Its collectives, in the order of first calls.
        data_parallel: The number of ranks that run on different inputs with the same weights.
        uneven: Parameters whose shards are not equally large on all ranks.
        unused: Mesh dimensions that no parameter uses.
        failure: Why the whole module could not be counted; the report is then that of this rank.
    """

    mesh: tuple[MeshDimension, ...]
    ranks: int
    rank: int
    per_rank: Report
    collectives: tuple[Collective, ...]
    data_parallel: int = 1
    uneven: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    failure: str = ""

    @property
    def bytes(self) -> int:
        """The payload of all collectives of this rank."""
        return sum(collective.bytes for collective in self.collectives)

    def replication(self, whole: int, of_rank: int, is_work: bool) -> Fraction | None:
        """The total of all ranks divided by that of the `whole` module; 1 if nothing is replicated.

        Work is compared with that of the whole module on all `data_parallel` inputs.
        """
        return ratio_of(of_rank * self.ranks, whole * (self.data_parallel if is_work else 1))
