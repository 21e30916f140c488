"""Group the nodes of a graph by the submodule call that ran them, with inputs and outputs of each call."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from convcost.tracing.sources.exported.schema import ExportedArgument, ExportedGraph, ExportedNode

STACK = "nn_module_stack"
"""The metadata key for a node's submodules, outermost first: key,path,class;key,path,class"""

PATH = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*", re.ASCII)

KIND = re.compile(r"[A-Za-z_]\w*", re.ASCII)

MOST_LEVELS = 64


class SubmoduleFrame(NamedTuple):
    """A submodule call that a node ran in: path and class of the submodule, and a key for the call."""

    path: str
    kind: str
    call: str


@dataclass(frozen=True)
class SubmoduleCall:
    """The steps of one call of a submodule: nodes, and calls of its own submodules.

    Attributes:
        path: The path of the submodule.
        steps: Nodes and calls, in order.
        reads: Values from outside that the steps use.
        writes: Values from the steps that are used outside.
        last_uses: For the index of a step, the values that no later step needs.
    """

    path: str
    steps: tuple[ExportedNode | SubmoduleCall, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    last_uses: Mapping[int, tuple[str, ...]]


class LocatedNode(NamedTuple):
    """A node, its index in the graph, and the submodule calls that it ran in."""

    place: int
    node: ExportedNode
    frames: tuple[SubmoduleFrame, ...]


def frames_of(node: ExportedNode) -> tuple[SubmoduleFrame, ...]:
    """The submodule calls that a node ran in, outermost first, without the model itself."""
    found: list[SubmoduleFrame] = []
    for text in node.metadata.get(STACK, "").split(";")[:MOST_LEVELS]:
        call, _, rest = text.partition(",")
        path, _, kind = rest.rpartition(",")
        path, name = path.partition("@")[0], kind.partition("[")[0].rpartition(".")[2]
        is_call = PATH.fullmatch(path) and KIND.fullmatch(name) and call != path
        if is_call and path.startswith(_prefix(found)):
            found.append(SubmoduleFrame(path, name, call))
    return tuple(found)


def _prefix(frames: list[SubmoduleFrame]) -> str:
    return f"{frames[-1].path}." if frames else ""


def span_of(graph: ExportedGraph) -> SubmoduleCall:
    """The whole graph as the span of the model itself."""
    nodes = [LocatedNode(place, node, frames_of(node)) for place, node in enumerate(graph.nodes)]
    last_use = {name: place for place, node, _ in nodes for name in names_read(node)}
    last_use |= {name: len(nodes) for output in graph.outputs for name in names_in(output)}
    inputs = tuple(name for argument in graph.inputs for name in names_in(argument))
    return _span("", nodes, 0, last_use, inputs)


def _span(
    path: str, nodes: list[LocatedNode], level: int, last_use: Mapping[str, int], given: tuple[str, ...] = ()
) -> SubmoduleCall:
    steps: list[ExportedNode | SubmoduleCall] = []
    ends: list[int] = []
    for frame, group in groupby(
        nodes, lambda located: located.frames[level] if len(located.frames) > level else None
    ):
        inside = list(group)
        if frame is None:
            steps += [located.node for located in inside]
            ends += [located.place for located in inside]
        else:
            steps.append(_span(frame.path, inside, level + 1, last_use))
            ends.append(inside[-1].place)
    made = {name for located in nodes for name in names_written(located.node)}
    read = dict.fromkeys(name for located in nodes for name in names_read(located.node) if name not in made)
    last = nodes[-1].place if nodes else -1
    written = tuple(name for name in made if last_use.get(name, -1) > last)
    reads = tuple(dict.fromkeys((*given, *read)))
    return SubmoduleCall(path, tuple(steps), reads, written, _last_uses(ends, {*made, *reads}, last_use))


def _last_uses(
    ends: list[int], names: Iterable[str], last_use: Mapping[str, int]
) -> dict[int, tuple[str, ...]]:
    """For each step, the names that no later step reads; `ends` has the index of each step's last node."""
    found: dict[int, list[str]] = {}
    for name in names:
        step = bisect_left(ends, last_use.get(name, -1))
        if step < len(ends):
            found.setdefault(step, []).append(name)
    return {step: tuple(listed) for step, listed in found.items()}


def names_read(node: ExportedNode) -> Iterator[str]:
    """The names of the values that a node reads."""
    for argument in node.inputs:
        yield from names_in(argument.arg)


def names_written(node: ExportedNode) -> Iterator[str]:
    """The names of the values that a node writes."""
    for output in node.outputs:
        yield from names_in(output)


def names_in(argument: ExportedArgument) -> Iterator[str]:
    """The names of values in an argument."""
    single = (argument.as_tensor, argument.as_optional_tensor and argument.as_optional_tensor.as_tensor)
    several = (
        *(argument.as_tensors or ()),
        *(tensor.as_tensor for tensor in argument.as_optional_tensors or ()),
        *(tensor for tensors in argument.as_nested_tensors or () for tensor in tensors),
    )
    yield from (tensor.name for tensor in (*single, *several) if tensor)
    numbers = (
        *(argument.as_sym_int, argument.as_sym_bool, argument.as_sym_float),
        *(argument.as_sym_ints or ()),
        *(argument.as_sym_bools or ()),
        *(argument.as_sym_floats or ()),
    )
    yield from (number.as_name for number in numbers if number and number.as_name is not None)
