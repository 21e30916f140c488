"""Track which submodule is running, with a stack of paths for each thread."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import ref

import torch

from convcost.core.arithmetic import elements
from convcost.core.cost import Shape
from convcost.core.tensor_bytes import ElementType, TensorBytes
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
    """The paths of the submodules that are running in this thread, innermost last.

    `starts` and `paths` map sequence numbers of autograd nodes to the submodule that made the node.
    """

    def __init__(self) -> None:
        self.running = [""]
        self.starts = [0]
        self.paths = [""]

    def mark(self) -> None:
        """Assign autograd nodes that are made from now on to the running submodule."""
        self.starts.append(torch._C._autograd._get_sequence_nr())
        self.paths.append(self.running[-1])

    @property
    def node_path(self) -> str:
        """The path of the submodule whose forward made the running autograd node; empty without one."""
        node = torch._C._current_autograd_node()
        return self.paths[bisect_right(self.starts, node._sequence_nr()) - 1] if node else ""


@dataclass
class ModuleTracker:
    """The submodules that have run, by path, and those that are running.

    When checkpointing runs a module again in the backward, that is not a further visit. With `follows_nodes`,
    the backward of a submodule's operators is assigned to it too.
    """

    visits: dict[str, SubmoduleVisit] = field(default_factory=dict)
    is_backward: bool = False
    follows_nodes: bool = False
    stack: RunningPaths = field(default_factory=RunningPaths)
    shape_of: Callable[[Any], Shape] = shape_of

    @property
    def current(self) -> str:
        """The path of the innermost submodule that is running; empty for the model itself."""
        path = self.stack.running[-1]
        return self.stack.node_path if not path and self.is_backward and self.follows_nodes else path

    def mark(self) -> None:
        """Note that another submodule is running from now on."""
        if self.follows_nodes and not self.is_backward:
            self.stack.mark()

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
        running = tracker.stack.running
        visit = tracker.visits.get(path)
        if visit is None:
            visit = tracker.visits[path] = SubmoduleVisit()
            visit.input, visit.input_type = tracker.first_shape(args)
        if not tracker.is_backward:
            visit.calls += 1
            visit.bytes = visit.bytes.plus(tracker.bytes_of((args, kwargs)))
        running.append(path)
        tracker.mark()
        try:
            output = call(*args, **kwargs)
        except Exception as error:
            if path and not hasattr(error, "__notes__"):
                error.add_note(f"in submodule {path} ({type(module).__name__})")
            raise
        finally:
            running.pop()
            tracker.mark()
        if visit.output is None:
            visit.output, visit.output_type = tracker.first_shape(output)
        if not tracker.is_backward:
            visit.bytes = visit.bytes.plus(tracker.bytes_of(output))
        return output


def track(
    submodules: Mapping[str, torch.nn.Module],
    follows_nodes: bool = False,
    shape_of: Callable[[Any], Shape] = shape_of,
) -> ModuleTracker:
    """Start to track calls of `submodules`, given by path."""
    tracker = ModuleTracker(follows_nodes=follows_nodes, shape_of=shape_of)
    for path, submodule in submodules.items():
        vars(submodule)["_compiled_call_impl"] = TrackedCall(tracker, path, submodule)
    return tracker
