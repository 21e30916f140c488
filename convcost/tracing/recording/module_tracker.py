"""Track which submodule is running, with a stack of paths for each thread."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch
from weakref import ref

import torch
from torch.utils import checkpoint

from convcost.core.arithmetic import elements
from convcost.core.cost import Shape
from convcost.core.tensor_bytes import ElementType, TensorBytes
from convcost.tracing.recording.node_paths import (
    Edge,
    NodeMarks,
    common_path,
    graph_nodes,
    path_of_node,
    summing_edges,
)
from convcost.tracing.tensors import element_type, first_tensor, shape_of, tensor_bytes, tensors


@dataclass
class SubmoduleVisit:
    """The calls of a submodule.

    Attributes:
        input: The shape of the first input tensor of the first call.
        output: The shape of the first output tensor of the first call.
        calls: The number of calls in the forward.
        input_type: The element type of `input`.
        output_type: The element type of `output`.
        bytes: Bytes of all inputs and outputs of all calls.
    """

    input: Shape | None = None
    output: Shape | None = None
    calls: int = 0
    input_type: ElementType | None = None
    output_type: ElementType | None = None
    bytes: TensorBytes = field(default_factory=TensorBytes)


class RunningPaths(threading.local):
    """The paths of the submodules that are running in this thread, innermost last, and its marks of nodes.

    `threads` collects the marks of all threads.
    """

    def __init__(self, threads: list[NodeMarks]) -> None:
        self.running = [""]
        self.marks = NodeMarks()
        threads.append(self.marks)


@dataclass
class ModuleTracker:
    """The submodules that have run, by path, and those that are running.

    When checkpointing runs a module again in the backward, that is not a further visit. With `follows_nodes`,
    the backward of a submodule's operators is assigned to it. `owners` has the path of each parameter, by id.
    """

    owners: Mapping[int, str] = field(default_factory=dict)
    visits: dict[str, SubmoduleVisit] = field(default_factory=dict)
    is_backward: bool = False
    follows_nodes: bool = False
    shape_of: Callable[[Any], Shape] = shape_of
    uses: dict[Edge, list[str]] = field(default_factory=lambda: defaultdict(list))
    threads: list[NodeMarks] = field(default_factory=list)
    stack: RunningPaths = field(init=False)

    def __post_init__(self) -> None:
        self.stack = RunningPaths(self.threads)

    @property
    def current(self) -> str:
        """The path of the innermost submodule that is running; empty for the model itself.

        In the backward, the path of the submodule that made the running autograd node.
        """
        node = self._running_node
        return self.stack.running[-1] if node is None else self._path_of(node)

    def note_uses(self, ends: Iterable[Any]) -> None:
        """Note which submodules use each tensor, before the backward from the tensors `ends`."""
        for node in graph_nodes(ends) if self.follows_nodes else ():
            for edge in node.next_functions:
                if edge[0] is not None:
                    self.uses[edge].append(self._path_of(node))

    def path_of_sum(self, shape: Shape) -> str:
        """The path for a sum of tensors of this shape.

        In the backward it may be a sum of gradients by a tensor with several uses. It then counts with the
        innermost submodule that contains all of them.
        """
        node = self._running_node
        edges = summing_edges(node, shape) if node is not None else ()
        paths = {common_path(self.uses[edge]) for edge in edges if len(self.uses.get(edge, ())) > 1}
        path = paths.pop() if len(paths) == 1 else self.current
        while path and path not in self.visits:
            path = path.rpartition(".")[0]
        return path

    @property
    def _running_node(self) -> Any:
        """The autograd node that is running, unless a submodule runs inside it again; None without one."""
        is_followed = self.is_backward and self.follows_nodes and len(self.stack.running) == 1
        return torch._C._current_autograd_node() if is_followed else None

    def _path_of(self, node: Any) -> str:
        variable = getattr(node, "variable", None)
        if variable is not None:
            owner = self.owners.get(id(variable), "")
            return owner if owner in self.visits else ""
        marks = self.stack.marks
        return path_of_node(node, marks, (each for each in self.threads if each is not marks))

    def mark(self) -> None:
        """Note that another submodule is running from now on."""
        if self.follows_nodes:
            self.stack.marks.mark(self.current)

    @contextmanager
    def run_as(self, path: str) -> Iterator[None]:
        """Run the block as the submodule at `path`."""
        self.stack.running.append(path)
        self.mark()
        try:
            yield
        finally:
            self.stack.running.pop()
            self.mark()

    def first_shape(self, value: Any) -> tuple[Shape | None, ElementType | None]:
        """The shape of the first tensor in the nested `value`, and its element type.

        The recording modes don't see these reads.
        """
        with torch._C.DisableTorchFunction():
            found = first_tensor(value)
            return (None, None) if found is None else (self.shape_of(found), element_type(found))

    def bytes_of(self, value: Any) -> TensorBytes:
        """The bytes of all tensors in `value`. The recording modes don't see these reads."""
        with torch._C.DisableTorchFunction():
            return tensor_bytes(tensors(value), lambda tensor: elements(self.shape_of(tensor)))


class TrackedCall:
    """Runs when a submodule is called, in place of its `_call_impl`: it is its `_compiled_call_impl`.

    torch does not copy that attribute to copies of a module.
    """

    def __init__(self, tracker: ModuleTracker, path: str, module: torch.nn.Module) -> None:
        self._tracker, self._path, self._module = tracker, path, ref(module)  # a weak one, against a cycle

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the submodule. An error gets a note that names the submodule."""
        path, module, tracker = self._path, cast("torch.nn.Module", self._module()), self._tracker
        call: Any = module._call_impl
        visit = tracker.visits.get(path)
        if visit is None:
            visit = tracker.visits[path] = SubmoduleVisit()
            visit.input, visit.input_type = tracker.first_shape(args)
        if not tracker.is_backward:
            visit.calls += 1
            visit.bytes = visit.bytes.plus(tracker.bytes_of((args, kwargs)))
        with tracker.run_as(path):
            try:
                output = call(*args, **kwargs)
            except Exception as error:
                if path and not hasattr(error, "__notes__"):
                    error.add_note(f"in submodule {path} ({type(module).__name__})")
                raise
        if visit.output is None:
            visit.output, visit.output_type = tracker.first_shape(output)
        if not tracker.is_backward:
            visit.bytes = visit.bytes.plus(tracker.bytes_of(output))
        return output


@contextmanager
def tracked_checkpoints(tracker: ModuleTracker) -> Iterator[None]:
    """In the block, what checkpointing computes again counts with the submodule that called `checkpoint`.

    This is for checkpoints without reentry; others run inside a node of that submodule.
    """
    make: Any = checkpoint._CheckpointFrame

    def make_frame(recompute: Callable[..., None], *args: Any, **kwargs: Any) -> Any:
        path = tracker.current

        def recompute_as_submodule(*inputs: Any, **named: Any) -> None:
            with tracker.run_as(path):
                recompute(*inputs, **named)

        return make(recompute_as_submodule, *args, **kwargs)

    with patch.object(checkpoint, "_CheckpointFrame", make_frame):
        yield


def track(
    submodules: Mapping[str, torch.nn.Module],
    follows_nodes: bool = False,
    shape_of: Callable[[Any], Shape] = shape_of,
) -> ModuleTracker:
    """Start to track calls of `submodules`, given by path."""
    owners = {
        id(parameter): path
        for path, submodule in reversed([*submodules.items()])
        for parameter in submodule._parameters.values()
    }
    tracker = ModuleTracker(owners, follows_nodes=follows_nodes, shape_of=shape_of)
    for path, submodule in submodules.items():
        vars(submodule)["_compiled_call_impl"] = TrackedCall(tracker, path, submodule)
    return tracker
